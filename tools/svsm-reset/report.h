/* SPDX-License-Identifier: GPL-2.0 */
/* What status and explain have in common */
#ifndef _SR_REPORT_H
#define _SR_REPORT_H

#include <json-c/json.h>

#include "facts.h"
#include "tool.h"

/**
 * struct sr_report - what a command reports
 * @name: the command
 * @json: the whole, for programs
 * @more: what it prints behind guest and last reset; may be NULL
 */
struct sr_report {
	const char *name;
	struct json_object *(*json)(const struct sr_facts *facts);
	void (*more)(const struct sr_facts *facts);
};

int sr_report(const struct sr_report *report, const struct sr_options *options,
	      const struct sr_facts *facts);

#endif /* _SR_REPORT_H */
