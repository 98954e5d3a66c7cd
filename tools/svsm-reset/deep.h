/* SPDX-License-Identifier: GPL-2.0 */
/* What only a second look at the system can tell */
#ifndef _SR_DEEP_H
#define _SR_DEEP_H

#include <json-c/json.h>

#include "facts.h"
#include "health.h"

#define SR_MAX_LOOKS	16

/**
 * struct sr_look - one look
 * @name:   at what
 * @health: how that is; SR_HEALTH_UNKNOWN when it cannot be told
 * @text:   what has been seen
 * @mend:   a command that mends it, or ""
 */
struct sr_look {
	const char *name;
	enum sr_health health;
	char text[512];
	char mend[256];
};

/**
 * struct sr_deep - all of them
 * @root:  what to put before /sys, /proc, /boot and so on
 * @facts: what is known without them
 * @release: of the running kernel, "" when not known
 * @nr:    how many
 * @looks: one by one
 */
struct sr_deep {
	const char *root;
	const struct sr_facts *facts;
	char release[128];
	unsigned int nr;
	struct sr_look looks[SR_MAX_LOOKS];
};

void sr_deep_look(const char *root, const struct sr_facts *facts,
		  struct sr_deep *deep);
enum sr_health sr_deep_health(const struct sr_deep *deep);
struct json_object *sr_json_deep(const struct sr_deep *deep);
void sr_deep_print(const struct sr_deep *deep);

#endif /* _SR_DEEP_H */
