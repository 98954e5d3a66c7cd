// SPDX-License-Identifier: GPL-2.0
/* The frequency of the TSC, measured against the ACPI PM timer. */
#include "lib/tsc.h"
#include "lib/x86.h"

#define PM_TIMER_HZ	3579545UL
#define PM_TIMER_MASK	0xffffffU
#define TICKS		(PM_TIMER_HZ / 50)	/* 20 ms */
#define READINGS	8

/*
 * Read both clocks at one time. The host may take this CPU away between the two reads, so
 * keep the closest of several pairs.
 */
static u64 both_clocks(u16 port, u32 *pm)
{
	u64 tsc = 0, closest = ~0UL;

	for (int i = 0; i < READINGS; i++) {
		u64 before = rdtsc(), width;
		u32 now = in32(port) & PM_TIMER_MASK;

		width = rdtsc() - before;
		if (width < closest) {
			closest = width;
			tsc = before;
			*pm = now;
		}
	}
	return tsc;
}

/* In kHz, and what the TSC was before. The PM timer is at @port. Takes 20 ms. */
u64 tsc_measure(u16 port, u64 *begin)
{
	u32 first = 0, last = 0;
	u64 end;

	*begin = both_clocks(port, &first);
	do {
		end = both_clocks(port, &last);
	} while (((last - first) & PM_TIMER_MASK) < TICKS);
	return (end - *begin) * PM_TIMER_HZ / ((last - first) & PM_TIMER_MASK) / 1000;
}
