// SPDX-License-Identifier: GPL-2.0
/* PVALIDATE: its results, the carry flag, sizes and faults. */
#include "tests.h"

#define UNMAPPED	0x700000000000UL
#define HUGE_PAGE	(HEAP + 2 * HUGE_SIZE)

static void expect_change(const char *what, u64 va, bool large, bool validate, bool wanted)
{
	bool changed;

	if (expect_eq(what, pvalidate(va, large, validate, &changed), SNP_DONE))
		expect_eq("has it changed", changed, wanted);
}

static void changes(void)
{
	u64 va = HEAP + PAGE_SIZE;

	expect_change("validate", va, false, true, true);
	expect_change("validate again", va, false, true, false);
	*(u64 *)va = 1;
	expect_change("rescind", va, false, false, true);
	expect_change("rescind again", va, false, false, false);
}

static void keeps_contents(void)
{
	u64 va = HEAP + 2 * PAGE_SIZE;

	expect_change("validate", va, false, true, true);
	*(u64 *)va = 0x1234;
	expect_change("rescind", va, false, false, true);
	expect_change("validate", va, false, true, true);
	expect_eq("contents", *(u64 *)va, 0x1234);
}

static void input(void)
{
	u64 rc;

	expect_eq("2 MiB, not aligned", pvalidate(HEAP + PAGE_SIZE, true, true, NULL),
		  SNP_FAIL_INPUT);
	asm volatile(".byte 0xf2, 0x0f, 0x01, 0xff"
		     : "=a"(rc) : "a"(HEAP), "c"(2), "d"(1) : "memory", "cc");
	expect_eq("size 2", rc, SNP_FAIL_INPUT);
}

/* Bits 11:0 of the address do not count. */
static void offset(void)
{
	u64 va = HEAP + 3 * PAGE_SIZE;

	expect_change("validate", va + 0x123, false, true, true);
	expect_change("again", va, false, true, false);
}

static void large(void)
{
	bool changed;

	expect_change("validate 2 MiB", HUGE_PAGE, true, true, true);
	expect_change("again", HUGE_PAGE, true, true, false);
	expect_change("the last page", HUGE_PAGE + HUGE_SIZE - PAGE_SIZE, false, true, false);
	expect_change("rescind one", HUGE_PAGE + PAGE_SIZE, false, false, true);
	expect_eq("2 MiB in two states", pvalidate(HUGE_PAGE, true, true, &changed),
		  SNP_FAIL_SIZE);
	expect_change("validate one", HUGE_PAGE + PAGE_SIZE, false, true, true);
	expect_change("rescind 2 MiB", HUGE_PAGE, true, false, true);
}

static void unmapped(void)
{
	u64 cr2;

	try_insn(".byte 0xf2, 0x0f, 0x01, 0xff", "a"(UNMAPPED + 0x10), "c"(0), "d"(1));
	expect_eq("exception", trap_taken(), TRAP_PF);
	expect_eq("error code", this_cpu()->trap_error, 0);
	asm volatile("mov %%cr2, %0" : "=r"(cr2));
	expect_eq("the page of CR2", cr2 & PAGE_MASK, UNMAPPED);
}

/* The page is found by the address alone, whatever the C-bit of its mapping. */
static void without_cbit(void)
{
	u64 pa = HEAP + 4 * PAGE_SIZE;

	expect_change("validate", (u64)shared(pa), false, true, true);
	expect_change("again", pa, false, true, false);
}

/* PSC takes a page away and gives it back: it is not valid then. */
static void conversion(void)
{
	u64 pa = HEAP + 5 * PAGE_SIZE;

	expect_eq("to shared", ghcb_psc_msr(pa, PSC_SHARED), 0);
	*(u64 *)shared(pa) = 1;
	expect_eq("to private", ghcb_psc_msr(pa, PSC_PRIVATE), 0);
	expect_change("validate", pa, false, true, true);
}

/*
 * A translation that nobody has any use for. The processor takes 7 more pages than one,
 * whatever a CPUID page says: KVM has 0 there.
 */
static void invlpgb(void)
{
	try_insn(".byte 0x0f, 0x01, 0xfe", "a"(0), "c"(0), "d"(0));
	expect_eq("INVLPGB", trap_taken(), NO_TRAP);
	try_insn(".byte 0x0f, 0x01, 0xff", "a"(0), "c"(0), "d"(0));
	expect_eq("TLBSYNC", trap_taken(), NO_TRAP);
	try_insn(".byte 0x0f, 0x01, 0xfe", "a"(0), "c"(7), "d"(0));
	expect_eq("INVLPGB of 8 pages", trap_taken(), NO_TRAP);
	try_insn(".byte 0x0f, 0x01, 0xfe", "a"(0), "c"(8), "d"(0));
	expect_eq("INVLPGB of 9 pages", trap_taken(), TRAP_GP);
}

static const struct selftest tests[] = {
	{ .name = "pvalidate.changes", .run = changes },
	{ .name = "pvalidate.keeps-contents", .run = keeps_contents },
	{ .name = "pvalidate.input", .run = input },
	{ .name = "pvalidate.offset", .run = offset },
	{ .name = "pvalidate.large", .run = large },
	{ .name = "pvalidate.unmapped", .run = unmapped },
	{ .name = "pvalidate.without-cbit", .run = without_cbit },
	{ .name = "pvalidate.conversion", .run = conversion },
	{ .name = "pvalidate.invlpgb", .run = invlpgb },
};

const struct selftest_table pvalidate_tests = { tests, ARRAY_SIZE(tests) };
