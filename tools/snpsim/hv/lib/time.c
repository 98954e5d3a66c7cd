// SPDX-License-Identifier: GPL-2.0
/* Time: the TSC, calibrated once against the ACPI PM timer. */
#include "lib/layout.h"
#include "lib/lib.h"
#include "lib/tsc.h"
#include "lib/x86.h"

#define PM_TIMER	(PM_BASE + 8)

static u64 tsc_start, tsc_khz;

/* platform_init() must have programmed the PM base. */
void time_init(void)
{
	tsc_khz = tsc_measure(PM_TIMER, &tsc_start);
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
