// SPDX-License-Identifier: GPL-2.0
/* What ends a run: violations at VMPL 0, and the program's own wish. */
#include "tests.h"

#define SHARED_PAGE	0x4000000UL

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

static const struct selftest tests[] = {
	{ .name = "ends.unvalidated", .run = unvalidated, .alone = true },
	{ .name = "ends.shared-as-private", .run = shared_as_private, .alone = true },
	{ .name = "ends.pvalidate-shared", .run = pvalidate_shared, .alone = true },
	{ .name = "ends.rmpadjust-shared", .run = rmpadjust_shared, .alone = true },
	{ .name = "ends.terminate", .run = terminate, .alone = true },
};

const struct selftest_table ends_tests = { tests, ARRAY_SIZE(tests) };
