// SPDX-License-Identifier: GPL-2.0
/* Lists of CPUs as sysfs has them: "0-3,7". Pure. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cpulist.h"

static bool sr_cpu_number(const char **text, unsigned long *cpu)
{
	char *rest;

	/* strtoul() would take a sign, or blanks, as well */
	if (**text < '0' || **text > '9')
		return false;
	*cpu = strtoul(*text, &rest, 10);
	*text = rest;
	return *cpu < SR_MAX_CPUS;
}

/**
 * sr_cpus_parse - a list's CPUs
 * @cpus: becomes the CPUs, none of them on error
 * @text: the list, which may be empty
 *
 * Return: true if it is a list.
 */
bool sr_cpus_parse(struct sr_cpus *cpus, const char *text)
{
	unsigned long first, last;

	memset(cpus, 0, sizeof(*cpus));
	while (*text) {
		if (!sr_cpu_number(&text, &first))
			goto bad;
		last = first;
		if (*text == '-') {
			text++;
			if (!sr_cpu_number(&text, &last) || last < first)
				goto bad;
		}
		for (; first <= last; first++)
			cpus->has[first] = true;
		if (*text == ',' && text[1])
			text++;
		else if (*text)
			goto bad;
	}
	return true;

bad:
	memset(cpus, 0, sizeof(*cpus));
	return false;
}

/**
 * sr_cpus_count - how many are there?
 * @cpus: the CPUs
 *
 * Return: their number.
 */
int sr_cpus_count(const struct sr_cpus *cpus)
{
	int cpu, count = 0;

	for (cpu = 0; cpu < SR_MAX_CPUS; cpu++)
		count += cpus->has[cpu];
	return count;
}

/**
 * sr_cpus_minus - take CPUs away
 * @cpus:   the CPUs
 * @others: those to take away
 */
void sr_cpus_minus(struct sr_cpus *cpus, const struct sr_cpus *others)
{
	int cpu;

	for (cpu = 0; cpu < SR_MAX_CPUS; cpu++)
		if (others->has[cpu])
			cpus->has[cpu] = false;
}

/**
 * sr_cpus_print - CPUs as a list
 * @cpus: the CPUs
 * @text: becomes the list
 * @size: size of @text; whole ranges that do not fit are left out, "..." says so
 */
void sr_cpus_print(const struct sr_cpus *cpus, char *text, size_t size)
{
	char range[32];
	size_t len = 0;
	int cpu, first;

	*text = '\0';
	for (cpu = 0; cpu < SR_MAX_CPUS; cpu++) {
		int need;

		if (!cpus->has[cpu])
			continue;
		first = cpu;
		while (cpu + 1 < SR_MAX_CPUS && cpus->has[cpu + 1])
			cpu++;
		if (cpu > first)
			need = snprintf(range, sizeof(range), "%s%d-%d",
					len ? "," : "", first, cpu);
		else
			need = snprintf(range, sizeof(range), "%s%d",
					len ? "," : "", cpu);
		if (len + (size_t)need + sizeof(",...") > size) {
			snprintf(text + len, size - len, ",...");
			return;
		}
		memcpy(text + len, range, (size_t)need + 1);
		len += (size_t)need;
	}
}
