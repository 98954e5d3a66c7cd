// SPDX-License-Identifier: GPL-2.0
/* What ends a run: violations at VMPL 0, and the program's own wish. */
#include "tests.h"

#define SHARED_PAGE	0x4000000UL
#define CMOS_SCRATCH	0x40
#define CMOS_MARK	0x5a
#define RESET_PORT	0xcf9
#define RESET_CPU	6

static void say_page(u64 pa)
{
	say("PAGE %lx", pa);
	planted();
}

static void unvalidated(void)
{
	say_page(HEAP + 0x200000);
	load((u64 *)(HEAP + 0x200000));
	expect(false, "the read came back");
}

static void shared_as_private(void)
{
	say_page(SHARED_PAGE);
	load((u64 *)private(SHARED_PAGE));
	expect(false, "the read came back");
}

/* KVM would convert the page; nobody who counts on that is right everywhere. */
static void pvalidate_shared(void)
{
	say_page(SHARED_PAGE);
	pvalidate(SHARED_PAGE, false, true, NULL);
	expect(false, "PVALIDATE came back");
}

static void rmpadjust_shared(void)
{
	say_page(SHARED_PAGE);
	rmpadjust(SHARED_PAGE, false, 2, RIGHTS_ALL);
	expect(false, "RMPADJUST came back");
}

static void terminate(void)
{
	planted();
	ghcb_terminate(1, 7);
}

static void counts(void)
{
	u64 pa = guest_prepare(payload_spins);

	if (pa)
		run_vmpl(GUEST_VMPL);
}

/* By the reset port, with another CPU at VMPL 2. What is written in CMOS survives. */
static void reset(void)
{
	if (cmos_get(CMOS_SCRATCH) == CMOS_MARK) {
		cmos_set(CMOS_SCRATCH, 0);
		expect(pvalidate(HEAP, false, true, NULL) == SNP_DONE, "required memory");
		expect_eq("the other CPU's", load(&payload_count), 0);
		expect(cpu_start(1, halt_forever), "the other CPU");
		return;
	}
	cmos_set(CMOS_SCRATCH, CMOS_MARK);
	if (!cpu_start(1, counts))
		return;
	while (!load(&payload_count))
		cpu_relax();
	outb(RESET_PORT, RESET_CPU);
	halt_forever();
}

static const struct selftest tests[] = {
	{ .name = "ends.unvalidated", .run = unvalidated, .alone = true },
	{ .name = "ends.shared-as-private", .run = shared_as_private, .alone = true },
	{ .name = "ends.pvalidate-shared", .run = pvalidate_shared, .alone = true },
	{ .name = "ends.rmpadjust-shared", .run = rmpadjust_shared, .alone = true },
	{ .name = "ends.reset", .run = reset, .alone = true },
	{ .name = "ends.terminate", .run = terminate, .alone = true },
};

const struct selftest_table ends_tests = { tests, ARRAY_SIZE(tests) };
