// SPDX-License-Identifier: GPL-2.0
/* How long the operations take that an SVSM does most. A line for each: name, how many, us */
#include "tests.h"

#define ACPI_TIMER	0x608
#define ACPI_TIMER_MASK	0xffffffU	/* 24 bits, which are enough for 4 s */
#define ACPI_TIMER_HZ	3579545UL
#define PAGES		512		/* one unit of 2 MiB */
#define UNITS		2
#define SWITCHES	200
#define FROM		(HEAP + HUGE_SIZE)

static u32 begin;

static void start_clock(void)
{
	begin = inl(ACPI_TIMER);
}

static void took(const char *what, u64 n)
{
	u64 ticks = (inl(ACPI_TIMER) - begin) & ACPI_TIMER_MASK;

	say("RATE %s %lu %lu", what, n, ticks * 1000000 / ACPI_TIMER_HZ);
}

static void pvalidate_all(bool large, bool validate)
{
	u64 size = large ? HUGE_SIZE : PAGE_SIZE;

	for (u64 i = 0; i < UNITS * HUGE_SIZE; i += size)
		if (pvalidate(FROM + i, large, validate, NULL))
			expect(false, "PVALIDATE of %lx", FROM + i);
}

static void small(void)
{
	start_clock();
	pvalidate_all(false, true);
	pvalidate_all(false, false);
	took("PVALIDATE-4K", UNITS * PAGES * 2);
}

static void large(void)
{
	start_clock();
	pvalidate_all(true, true);
	pvalidate_all(true, false);
	took("PVALIDATE-2M", UNITS * 2);
}

static void rights(void)
{
	pvalidate_all(true, true);
	start_clock();
	for (u64 i = 0; i < UNITS * HUGE_SIZE; i += PAGE_SIZE)
		if (rmpadjust(FROM + i, false, GUEST_VMPL, RIGHTS_ALL))
			expect(false, "RMPADJUST of %lx", FROM + i);
	took("RMPADJUST-4K", UNITS * PAGES);
	pvalidate_all(true, false);
}

/* There and back */
static void gives_way(void)
{
	for (;;)
		run_vmpl(0);
}

static void switches(void)
{
	if (!guest_prepare(gives_way))
		return;
	start_clock();
	for (u32 i = 0; i < SWITCHES; i++)
		if (run_vmpl(GUEST_VMPL))
			expect(false, "RUN_VMPL is refused");
	took("RUN_VMPL", SWITCHES);
}

static const struct selftest tests[] = {
	{ .name = "rate.small", .run = small },
	{ .name = "rate.large", .run = large },
	{ .name = "rate.rights", .run = rights },
	{ .name = "rate.switches", .run = switches },
};

const struct selftest_table rate_tests = { tests, ARRAY_SIZE(tests) };
