// SPDX-License-Identifier: GPL-2.0
/* RMPADJUST: its results. What the rights are good for shows at VMPL 2. */
#include "tests.h"

#define PAGE		(HEAP + 0x100000UL)
#define HUGE_PAGE	(HEAP + HUGE_SIZE)
#define UNMAPPED	0x700000000000UL

static void results(void)
{
	expect_eq("validate", pvalidate(PAGE, false, true, NULL), SNP_DONE);
	for (u32 vmpl = 1; vmpl < 4; vmpl++) {
		expect_eq("grant", rmpadjust(PAGE, false, vmpl, RIGHTS_ALL), SNP_DONE);
		expect_eq("revoke", rmpadjust(PAGE, false, vmpl, 0), SNP_DONE);
	}
	expect_eq("of itself", rmpadjust(PAGE, false, 0, RIGHTS_ALL), SNP_FAIL_PERMISSION);
	expect_eq("VMPL 4", rmpadjust(PAGE, false, 4, RIGHTS_ALL), SNP_FAIL_INPUT);
	expect_eq("2 MiB, not aligned", rmpadjust(PAGE + PAGE_SIZE, true, 2, 0), SNP_FAIL_INPUT);
}

static void large(void)
{
	expect_eq("validate", pvalidate(HUGE_PAGE, true, true, NULL), SNP_DONE);
	expect_eq("2 MiB", rmpadjust(HUGE_PAGE, true, 2, RIGHTS_ALL), SNP_DONE);
	expect_eq("rescind one", pvalidate(HUGE_PAGE + PAGE_SIZE, false, false, NULL), SNP_DONE);
	expect_eq("two states", rmpadjust(HUGE_PAGE, true, 2, RIGHTS_ALL), SNP_FAIL_SIZE);
	expect_eq("validate one", pvalidate(HUGE_PAGE + PAGE_SIZE, false, true, NULL), SNP_DONE);
}

static void unmapped(void)
{
	try_insn(".byte 0xf3, 0x0f, 0x01, 0xfe", "a"(UNMAPPED), "c"(0), "d"(2));
	expect_eq("exception", trap_taken(), TRAP_PF);
}

static const struct selftest tests[] = {
	{ .name = "rmpadjust.results", .run = results },
	{ .name = "rmpadjust.large", .run = large },
	{ .name = "rmpadjust.unmapped", .run = unmapped },
};

const struct selftest_table rmpadjust_tests = { tests, ARRAY_SIZE(tests) };
