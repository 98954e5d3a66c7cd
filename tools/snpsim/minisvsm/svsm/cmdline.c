// SPDX-License-Identifier: GPL-2.0
/*
 * What is added to the kernel's command line: which boot this is, and the frequency of the TSC.
 * A host that runs KVM tells the guest by kvmclock; Linux measures it against the PIT otherwise,
 * and takes whatever comes out when the host does something else for a moment.
 */
#include "svsm.h"

#define ACPI_TIMER	0x608
#define ACPI_TIMER_MASK	0xffffffU
#define ACPI_TIMER_HZ	3579545UL
#define TICKS		(ACPI_TIMER_HZ / 50)	/* 20 ms */
#define READINGS	8

static u64 read_tsc(void)
{
	u32 low, high;

	asm volatile("rdtsc" : "=a"(low), "=d"(high));
	return (u64)high << 32 | low;
}

/* Both clocks at one time: the closest of several pairs. */
static u64 both_clocks(u32 *ticks)
{
	u64 tsc = 0, closest = ~0UL;

	for (unsigned int i = 0; i < READINGS; i++) {
		u64 before = read_tsc(), width;
		u32 now = inl(ACPI_TIMER) & ACPI_TIMER_MASK;

		width = read_tsc() - before;
		if (width < closest) {
			closest = width;
			tsc = before;
			*ticks = now;
		}
	}
	return tsc;
}

static u64 tsc_khz(void)
{
	static u64 khz;
	u32 first = 0, last = 0;
	u64 begin, end;

	if (khz)
		return khz;
	begin = both_clocks(&first);
	do {
		end = both_clocks(&last);
	} while (((last - first) & ACPI_TIMER_MASK) < TICKS);
	khz = (end - begin) * ACPI_TIMER_HZ / ((last - first) & ACPI_TIMER_MASK) / 1000;
	return khz;
}

static char *add(char *to, const char *name, u64 value)
{
	size_t n = strlen(name);
	u64 unit = 1;

	memcpy(to, name, n);
	to += n;
	while (value / unit >= 10)
		unit *= 10;
	for (; unit; unit /= 10)
		*to++ = '0' + value / unit % 10;
	return to;
}

void cmdline_place(u32 boot)
{
	char *c = private(GUEST_CMDLINE);
	size_t n = strlen(image.cmdline);

	memcpy(c, image.cmdline, n);
	c = add(c + n, " snpsim.boot=", boot);
	c = add(c, " tsc_early_khz=", tsc_khz());
	*c = 0;
}
