// SPDX-License-Identifier: GPL-2.0
/* Time: the TSC, measured against the ACPI PM timer once. */
#include "layout.h"
#include "lib.h"
#include "x86.h"

#define PM_TIMER_HZ		3579545UL
#define PM_TIMER_MASK		0xffffffU
#define CALIBRATE_TICKS		(PM_TIMER_HZ / 50)	/* 20 ms */

static u64 tsc_start, tsc_khz;

static u32 pm_timer(void)
{
	return in32(PM_BASE + 8) & PM_TIMER_MASK;
}

/* Needs the PM base to be programmed (platform_init). */
void time_init(void)
{
	u32 t0 = pm_timer(), dt;
	u64 tsc = rdtsc();

	do {
		dt = (pm_timer() - t0) & PM_TIMER_MASK;
	} while (dt < CALIBRATE_TICKS);
	tsc_start = tsc;
	tsc_khz = (rdtsc() - tsc) * PM_TIMER_HZ / dt / 1000;
}

/* Nanoseconds since time_init(); never goes back by more than the TSC does. */
u64 now_ns(void)
{
	u64 d = rdtsc() - tsc_start;

	if (!tsc_khz)
		return 0;
	return d / tsc_khz * 1000000 + d % tsc_khz * 1000000 / tsc_khz;
}

void udelay(u64 us)
{
	u64 end = now_ns() + us * 1000;

	while (now_ns() < end)
		cpu_relax();
}
