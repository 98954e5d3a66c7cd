// SPDX-License-Identifier: GPL-2.0
/* Time: the TSC, calibrated once against the ACPI PM timer. */
#include "lib/layout.h"
#include "lib/lib.h"
#include "lib/x86.h"

#define PM_TIMER_HZ		3579545UL
#define PM_TIMER_MASK		0xffffffU
#define CALIBRATE_TICKS		(PM_TIMER_HZ / 50)	/* 20 ms */
#define READINGS		8

static u64 tsc_start, tsc_khz;

static u32 pm_timer(void)
{
	return in32(PM_BASE + 8) & PM_TIMER_MASK;
}

/*
 * Read both clocks at one time. The host may take this CPU away between the two reads, so
 * keep the closest of several pairs.
 */
static u64 both_clocks(u32 *pm)
{
	u64 tsc = 0, closest = ~0UL;

	for (int i = 0; i < READINGS; i++) {
		u64 before = rdtsc(), width;
		u32 now = pm_timer();

		width = rdtsc() - before;
		if (width < closest) {
			closest = width;
			tsc = before;
			*pm = now;
		}
	}
	return tsc;
}

/* platform_init() must have programmed the PM base. */
void time_init(void)
{
	u32 t0 = 0, t1 = 0;
	u64 tsc;

	tsc_start = both_clocks(&t0);
	do {
		tsc = both_clocks(&t1);
	} while (((t1 - t0) & PM_TIMER_MASK) < CALIBRATE_TICKS);
	tsc_khz = (tsc - tsc_start) * PM_TIMER_HZ / ((t1 - t0) & PM_TIMER_MASK) / 1000;
}

/* Nanoseconds since time_init(). Goes back only if the TSC does. */
u64 now_ns(void)
{
	u64 d = rdtsc() - tsc_start;

	if (!tsc_khz)
		return 0;
	return d / tsc_khz * 1000000 + d % tsc_khz * 1000000 / tsc_khz;
}

u64 tsc_hz(void)
{
	return tsc_khz * 1000;
}

void udelay(u64 us)
{
	u64 end = now_ns() + us * 1000;

	while (now_ns() < end)
		cpu_relax();
}
