// SPDX-License-Identifier: GPL-2.0
/* SVSM_CORE_PVALIDATE: the list, its entries, partial progress, scrubbing. */
#include "tests.h"

#define PATTERN		0x5a5aa5a51234abcdUL

static void list_unaligned(void)
{
	u64 ca = this_cpu()->ca;

	svsm_list()->num = 1;
	for (unsigned int off = 1; off < 8; off++)
		expect_core("list address", CORE_PVALIDATE, ca + 8 + off, SVSM_INVALID_PARAMETER);
}

static void list_address(void)
{
	u64 pa;

	expect_core("beyond RAM", CORE_PVALIDATE, page_top(), SVSM_INVALID_ADDRESS);
	expect_core("SVSM memory", CORE_PVALIDATE, svsm_base(), SVSM_INVALID_ADDRESS);
	expect_core("unvalidated", CORE_PVALIDATE, page_far(), SVSM_INVALID_ADDRESS);
	pa = page_far();
	page_accept(pa);
	page_share(pa);
	expect_core("shared", CORE_PVALIDATE, pa, SVSM_INVALID_ADDRESS);
}

/* A list may be anywhere in memory, but must not cross a page. */
static void list_crosses(void)
{
	u64 pa = page_far(), list = page_alloc() + PAGE_SIZE - 16;
	struct pvalidate_list *l = private(list);

	l->num = 1;
	l->next = 0;
	l->entry[0] = pa | PV_VALIDATE;
	expect_core("one entry up to the end", CORE_PVALIDATE, list, SVSM_SUCCESS);
	expect_eq("next", l->next, 1);
	l->num = 2;
	l->next = 0;
	l->entry[0] = pa;
	expect_core("two entries", CORE_PVALIDATE, list, SVSM_INVALID_PARAMETER);
	expect_eq("next", l->next, 0);
	/* 511 entries would fill a page; the header leaves room for one fewer. */
	l = svsm_list();
	l->num = 511;
	expect_eq("511 entries", svsm_list_call(), SVSM_INVALID_PARAMETER);
	l->num = 0xffff;
	expect_eq("65535 entries", svsm_list_call(), SVSM_INVALID_PARAMETER);
	expect_eq("the page was not touched", svsm_pvalidate(pa, 0), SVSM_SUCCESS);
}

static void num_zero(void)
{
	svsm_list()->num = 0;
	expect_eq("num 0", svsm_list_call(), SVSM_INVALID_PARAMETER);
}

static void next_beyond(void)
{
	struct pvalidate_list *l = svsm_list();

	l->num = 2;
	l->next = 2;
	expect_eq("next = num", svsm_list_call(), SVSM_INVALID_PARAMETER);
	l->next = 3;
	expect_eq("next > num", svsm_list_call(), SVSM_INVALID_PARAMETER);
}

static void reserved_bits(void)
{
	u64 pa = page_far();

	for (unsigned int bit = 4; bit < 12; bit++)
		expect(svsm_pvalidate(pa, PV_VALIDATE | BIT(bit)) == SVSM_INVALID_PARAMETER,
		       "bit %u is taken", bit);
	page_accept(pa);
}

static void page_size(void)
{
	u64 pa = page_far_huge();

	expect_eq("size 2", svsm_pvalidate(pa, PV_VALIDATE | 2), SVSM_INVALID_PARAMETER);
	expect_eq("size 3", svsm_pvalidate(pa, PV_VALIDATE | 3), SVSM_INVALID_PARAMETER);
	expect_eq("2 MiB at 4 KiB", svsm_pvalidate(pa + PAGE_SIZE, PV_VALIDATE | PV_HUGE),
		  SVSM_INVALID_PARAMETER);
	page_accept(pa);
}

static void huge(void)
{
	u64 pa = page_far_huge(), last = pa + HUGE_SIZE - PAGE_SIZE;

	if (!expect_eq("validate", svsm_pvalidate(pa, PV_VALIDATE | PV_HUGE), SVSM_SUCCESS))
		return;
	*(u64 *)private(pa) = PATTERN;
	*(u64 *)private(last) = PATTERN;
	expect_eq("again", svsm_pvalidate(pa, PV_VALIDATE | PV_HUGE), SVSM_PVALIDATE_NO_UPDATE);
	expect_eq("kept", *(u64 *)private(last), PATTERN);
	expect_eq("rescind", svsm_pvalidate(pa, PV_HUGE), SVSM_SUCCESS);
	expect_eq("all of it", svsm_pvalidate(last, 0), SVSM_PVALIDATE_NO_UPDATE);
	expect_eq("validate", svsm_pvalidate(pa, PV_VALIDATE | PV_HUGE), SVSM_SUCCESS);
	expect_eq("scrubbed, first", *(u64 *)private(pa), 0);
	expect_eq("scrubbed, last", *(u64 *)private(last), 0);
}

static void no_update(void)
{
	u64 pa = page_far();

	expect_eq("rescind the unvalidated", svsm_pvalidate(pa, 0), SVSM_PVALIDATE_NO_UPDATE);
	page_accept(pa);
	*(u64 *)private(pa) = PATTERN;
	expect_eq("validate the validated", svsm_pvalidate(pa, PV_VALIDATE),
		  SVSM_PVALIDATE_NO_UPDATE);
	expect_eq("contents", *(u64 *)private(pa), PATTERN);
}

static void ignore_cf(void)
{
	u64 pa = page_far();

	expect_eq("rescind the unvalidated", svsm_pvalidate(pa, PV_IGNORE_CF), SVSM_SUCCESS);
	page_accept(pa);
	*(u64 *)private(pa) = PATTERN;
	expect_eq("validate the validated", svsm_pvalidate(pa, PV_VALIDATE | PV_IGNORE_CF),
		  SVSM_SUCCESS);
	/* The SVSM scrubs every page that it is asked to validate. */
	expect_eq("contents", *(u64 *)private(pa), 0);
	expect_eq("rescind", svsm_pvalidate(pa, PV_IGNORE_CF), SVSM_SUCCESS);
	expect_eq("it was", svsm_pvalidate(pa, 0), SVSM_PVALIDATE_NO_UPDATE);
}

static void bad_gpa(void)
{
	expect_eq("beyond RAM", svsm_pvalidate(page_top(), PV_VALIDATE), SVSM_INVALID_ADDRESS);
	expect_eq("2^51", svsm_pvalidate(BIT(51), PV_VALIDATE), SVSM_INVALID_ADDRESS);
	expect_eq("top", svsm_pvalidate(PAGE_MASK, PV_VALIDATE), SVSM_INVALID_ADDRESS);
	expect_eq("2 MiB at the top", svsm_pvalidate(~(HUGE_SIZE - 1), PV_VALIDATE | PV_HUGE),
		  SVSM_INVALID_ADDRESS);
	expect_eq("SVSM memory", svsm_pvalidate(svsm_base(), PV_VALIDATE | PV_IGNORE_CF),
		  SVSM_INVALID_ADDRESS);
	expect_eq("rescind SVSM memory", svsm_pvalidate(svsm_base(), PV_IGNORE_CF),
		  SVSM_INVALID_ADDRESS);
}

static void vmsa_page(void)
{
	if (!ap_create(1, ap_halt))
		return;
	expect_eq("rescind", svsm_pvalidate(cpu_nr(1)->vmsa, 0), SVSM_INVALID_ADDRESS);
	expect_core("DELETE_VCPU", CORE_DELETE_VCPU, cpu_nr(1)->vmsa, SVSM_SUCCESS);
	expect_eq("rescind", svsm_pvalidate(cpu_nr(1)->vmsa, 0), SVSM_SUCCESS);
	expect_eq("validate", svsm_pvalidate(cpu_nr(1)->vmsa, PV_VALIDATE), SVSM_SUCCESS);
}

static void shared_page(void)
{
	u64 pa = page_far();

	page_accept(pa);
	page_share(pa);
	expect(svsm_pvalidate(pa, PV_VALIDATE) != SVSM_SUCCESS, "a shared page was validated");
}

/* An error stops the SVSM at that entry. The next call goes on from there. */
static void partial(void)
{
	struct pvalidate_list *l = svsm_list();
	u64 first, third;

	first = page_far();
	third = page_far();
	l = svsm_list();
	l->num = 3;
	l->entry[0] = first | PV_VALIDATE;
	l->entry[1] = page_top() | PV_VALIDATE;
	l->entry[2] = third | PV_VALIDATE;
	expect_eq("list", svsm_list_call(), SVSM_INVALID_ADDRESS);
	expect_eq("next", l->next, 1);
	expect_eq("num", l->num, 3);
	l->entry[1] = first | PV_VALIDATE;
	expect_eq("first was done", svsm_list_call(), SVSM_PVALIDATE_NO_UPDATE);
	expect_eq("next", l->next, 1);
	l->entry[1] |= PV_IGNORE_CF;
	expect_eq("goes on", svsm_list_call(), SVSM_SUCCESS);
	expect_eq("next", l->next, 3);
	expect_eq("third was done", svsm_pvalidate(third, PV_VALIDATE), SVSM_PVALIDATE_NO_UPDATE);
}

static void scrub(void)
{
	u64 pa = page_far(), *p = private(pa);

	page_accept(pa);
	for (unsigned int i = 0; i < PAGE_SIZE / 8; i++)
		p[i] = PATTERN;
	expect_eq("rescind", svsm_pvalidate(pa, 0), SVSM_SUCCESS);
	page_accept(pa);
	for (unsigned int i = 0; i < PAGE_SIZE / 8; i++)
		if (!expect_eq("contents", p[i], 0))
			return;
}

/* Contents do not survive a conversion to shared and back (at fidelity fast they do). */
static void conversion(void)
{
	u64 pa = page_far();

	page_accept(pa);
	*(u64 *)private(pa) = PATTERN;
	page_share(pa);
	if (!option_given("contents-survive"))
		expect(*(u64 *)shared(pa) != PATTERN, "private contents are in the shared page");
	*(u64 *)shared(pa) = PATTERN;
	expect_eq("PSC to private", ghcb_psc_msr(pa, PSC_PRIVATE), 0);
	page_accept(pa);
	expect_eq("contents", *(u64 *)private(pa), 0);
}

static void psc_bad(void)
{
	expect(ghcb_psc_msr(page_top(), PSC_SHARED), "beyond RAM: made shared");
	expect(ghcb_psc_msr(svsm_base(), PSC_SHARED), "SVSM memory: made shared");
	expect(ghcb_psc_msr(page_far(), 3), "operation 3 was done");
}

static const struct selftest tests[] = {
	{ .name = "pvalidate.list-unaligned", .run = list_unaligned },
	{ .name = "pvalidate.list-address", .run = list_address },
	{ .name = "pvalidate.list-crosses", .run = list_crosses },
	{ .name = "pvalidate.num-zero", .run = num_zero },
	{ .name = "pvalidate.next-beyond", .run = next_beyond },
	{ .name = "pvalidate.reserved-bits", .run = reserved_bits },
	{ .name = "pvalidate.page-size", .run = page_size },
	{ .name = "pvalidate.huge", .run = huge },
	{ .name = "pvalidate.no-update", .run = no_update },
	{ .name = "pvalidate.ignore-cf", .run = ignore_cf },
	{ .name = "pvalidate.bad-gpa", .run = bad_gpa },
	{ .name = "pvalidate.vmsa-page", .run = vmsa_page },
	{ .name = "pvalidate.shared-page", .run = shared_page },
	{ .name = "pvalidate.partial", .run = partial },
	{ .name = "pvalidate.scrub", .run = scrub },
	{ .name = "pvalidate.conversion", .run = conversion },
	{ .name = "pvalidate.psc-bad", .run = psc_bad },
};

const struct selftest_table pvalidate_tests = { tests, ARRAY_SIZE(tests) };
