/* SPDX-License-Identifier: GPL-2.0 */
/* Lists of CPUs as sysfs has them: "0-3,7" */
#ifndef _SR_CPULIST_H
#define _SR_CPULIST_H

#include <stdbool.h>
#include <stddef.h>

/* More than any x86 kernel can be built for (NR_CPUS up to 8192) */
#define SR_MAX_CPUS	8192

struct sr_cpus {
	bool has[SR_MAX_CPUS];
};

bool sr_cpus_parse(struct sr_cpus *cpus, const char *text);
int sr_cpus_count(const struct sr_cpus *cpus);
void sr_cpus_minus(struct sr_cpus *cpus, const struct sr_cpus *others);
void sr_cpus_print(const struct sr_cpus *cpus, char *text, size_t size);

#endif /* _SR_CPULIST_H */
