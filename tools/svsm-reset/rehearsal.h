/* SPDX-License-Identifier: GPL-2.0 */
/* The last rehearsal, as the driver tells it. Pure. */
#ifndef _SR_REHEARSAL_H
#define _SR_REHEARSAL_H

#include "health.h"
#include "words.h"

struct json_object;
struct sr_facts;

/**
 * struct sr_rehearsal - a rehearsal, and what came of it
 * @done:    1: there has been one, 0: none, SR_UNKNOWN: cannot be told
 * @result:  an &enum svr_check, or SR_UNKNOWN
 * @steps:   the same for each step
 * @time:    wall-clock time, "" when not known
 * @uptime:  in seconds, or SR_NO_NUMBER
 * @took_us: microseconds it took, or SR_NO_NUMBER
 * @stores:  a word for each store
 * @cpus:    list of the CPUs that were to answer an NMI
 * @silent:  list of those that did not
 */
struct sr_rehearsal {
	int done;
	int result;
	int steps[SVR_NR_STEPS];
	char time[64];
	long long uptime;
	long long took_us;
	char stores[256];
	char cpus[1024];
	char silent[1024];
};

void sr_rehearsal_parse(const char *line, struct sr_rehearsal *rehearsal);
long long sr_rehearsal_age(const struct sr_facts *facts);
enum sr_health sr_rehearsal_health(const struct sr_rehearsal *rehearsal);
void sr_rehearsal_text(const struct sr_facts *facts, char *text, size_t size);
const char *sr_rehearsal_mend(const struct sr_rehearsal *rehearsal);
struct json_object *sr_json_rehearsal(const struct sr_facts *facts);

#endif /* _SR_REHEARSAL_H */
