// SPDX-License-Identifier: GPL-2.0
/*
 * Planted violations: accesses that real hardware answers with a fault that no guest
 * survives. Each ends the run. A guest that lives on has found a hole.
 */
#include "tests.h"

static u64 page;

static void survived(void)
{
	expect(false, "survived");
}

static bool private_page(void)
{
	page = page_far();
	return page_accept(page);
}

static bool shared_page(void)
{
	return private_page() && page_share(page);
}

static bool unvalidated_page(void)
{
	page = page_far();
	return true;
}

static bool vmsa_page(void)
{
	if (!ap_create(1, ap_halt))
		return false;
	page = cpu_nr(1)->vmsa;
	return true;
}

static void report_page(void)
{
	say("PAGE %lx", page);
	planted();
}

static void private_as_shared_read(void)
{
	report_page();
	load((u64 *)shared(page));
	survived();
}

static void private_as_shared_write(void)
{
	report_page();
	store((u64 *)shared(page), 1);
	survived();
}

static void shared_as_private_write(void)
{
	report_page();
	store((u64 *)private(page), 1);
	survived();
}

static void shared_as_private_read(void)
{
	report_page();
	load((u64 *)private(page));
	survived();
}

static void unvalidated_read(void)
{
	report_page();
	load((u64 *)private(page));
	survived();
}

static void unvalidated_write(void)
{
	report_page();
	store((u64 *)private(page), 1);
	survived();
}

static void unvalidated_fetch(void)
{
	report_page();
	((void (*)(void))private(page))();
	survived();
}

/* A write of the GHCB MSR ends a page; VMGEXIT begins the next one, which is not validated. */
static bool split_code(void)
{
	static const u8 code[] = { 0x0f, 0x30, 0xf3, 0x0f, 0x01, 0xd9 };
	u64 first = page_far();

	page = page_far();
	if (!expect_eq("the next page", page, first + PAGE_SIZE) || !page_accept(first) ||
	    !page_accept(page))
		return false;
	memcpy(private(page - 2), code, sizeof(code));
	return expect_eq("rescind", svsm_pvalidate(page, 0), SVSM_SUCCESS);
}

static void unvalidated_vmgexit(void)
{
	report_page();
	asm volatile("jmp *%0"
		     : : "r"(private(page - 2)), "c"(MSR_GHCB), "a"(GHCB_MSR_TERMINATE), "d"(0));
	survived();
}

/* Code is private, whatever the C-bit of its mapping. */
static void shared_fetch(void)
{
	report_page();
	((void (*)(void))shared(page))();
	survived();
}

/* There is no memory between the guest's and the SVSM's. */
static bool page_outside(void)
{
	page = svsm_base() - PAGE_SIZE;
	return true;
}

static void outside_memory(void)
{
	report_page();
	store((u64 *)shared(page), 1);
	survived();
}

/* The guest rescinds a page that it uses, as a confused kernel would. */
static void rescinded_read(void)
{
	expect_eq("rescind", svsm_pvalidate(page, 0), SVSM_SUCCESS);
	report_page();
	load((u64 *)private(page));
	survived();
}

static void vmsa_write(void)
{
	report_page();
	store((u64 *)private(page), 1);
	survived();
}

/* The VMSA of an AP that is in the guest, or halted there: in use, with no access for others. */
static bool vmsa_of(void (*work)(void))
{
	if (!ap_start(1, work))
		return false;
	delay_ms(10);
	page = cpu_nr(1)->vmsa;
	return true;
}

static bool vmsa_of_running(void)
{
	return vmsa_of(ap_busy);
}

static bool vmsa_of_halted(void)
{
	return vmsa_of(ap_halt);
}

static void vmsa_read(void)
{
	report_page();
	load((u64 *)private(page));
	survived();
}

static void hypervisor_private(void)
{
	page = svsm_base();
	report_page();
	load((u64 *)private(page));
	survived();
}

static void hypervisor_shared(void)
{
	page = svsm_base();
	report_page();
	store((u64 *)shared(page), 1);
	survived();
}

static void deposited(void)
{
	struct pvalidate_list *l = svsm_list();

	l->num = 1;
	l->entry[0] = page;
	expect_core("deposit", CORE_DEPOSIT_MEM, this_cpu()->ca + 8, SVSM_SUCCESS);
	report_page();
	load((u64 *)private(page));
	survived();
}

/* Device memory is shared memory. */
static void mmio_private(void)
{
	page = 0xb8000000;
	report_page();
	load((u64 *)private(page));
	survived();
}

static void share_validated(void)
{
	report_page();
	ghcb_psc_msr(page, PSC_SHARED);
	survived();
}

static void ghcb_not_shared(void)
{
	u64 ghcb = this_cpu()->ghcb;

	/* The CPU takes back the page that it has registered as GHCB. */
	page = ghcb;
	report_page();
	expect_eq("PSC to private", ghcb_psc_msr(ghcb, PSC_PRIVATE), 0);
	page_accept(ghcb);
	wrmsr(MSR_GHCB, ghcb);
	vmgexit();
	survived();
}

static void ghcb_not_registered(void)
{
	struct ghcb_call c = { .code = GHCB_RUN_VMPL };

	page = ghcb_page_alloc();
	report_page();
	ghcb_event_raw(page, &c);
	survived();
}

/* The CPU uses its first GHCB after it has registered another. */
static void ghcb_replaced(void)
{
	struct ghcb_call c = { .code = GHCB_RUN_VMPL };

	page = this_cpu()->ghcb;
	report_page();
	expect(ghcb_register(ghcb_page_alloc()), "the second page is refused");
	ghcb_event_raw(page, &c);
	survived();
}

static const struct selftest tests[] = {
	{ .name = "violation.private-as-shared-read", .prepare = private_page,
	  .run = private_as_shared_read, .alone = true },
	{ .name = "violation.private-as-shared-write", .prepare = private_page,
	  .run = private_as_shared_write, .alone = true },
	{ .name = "violation.shared-as-private-read", .prepare = shared_page,
	  .run = shared_as_private_read, .alone = true },
	{ .name = "violation.shared-as-private-write", .prepare = shared_page,
	  .run = shared_as_private_write, .alone = true },
	{ .name = "violation.unvalidated-read", .prepare = unvalidated_page,
	  .run = unvalidated_read, .alone = true },
	{ .name = "violation.unvalidated-write", .prepare = unvalidated_page,
	  .run = unvalidated_write, .alone = true },
	{ .name = "violation.unvalidated-fetch", .prepare = unvalidated_page,
	  .run = unvalidated_fetch, .alone = true },
	{ .name = "violation.unvalidated-vmgexit", .prepare = split_code,
	  .run = unvalidated_vmgexit, .alone = true },
	{ .name = "violation.shared-fetch", .prepare = shared_page,
	  .run = shared_fetch, .alone = true },
	{ .name = "violation.outside-memory", .prepare = page_outside,
	  .run = outside_memory, .alone = true },
	{ .name = "violation.rescinded-read", .prepare = private_page,
	  .run = rescinded_read, .alone = true },
	{ .name = "violation.vmsa-write", .prepare = vmsa_page,
	  .run = vmsa_write, .alone = true },
	{ .name = "violation.vmsa-of-running", .prepare = vmsa_of_running,
	  .run = vmsa_read, .alone = true },
	{ .name = "violation.vmsa-of-halted", .prepare = vmsa_of_halted,
	  .run = vmsa_read, .alone = true },
	{ .name = "violation.hypervisor-private", .run = hypervisor_private, .alone = true },
	{ .name = "violation.hypervisor-shared", .run = hypervisor_shared, .alone = true },
	{ .name = "violation.deposited", .prepare = private_page,
	  .run = deposited, .alone = true },
	{ .name = "violation.mmio-private", .run = mmio_private, .alone = true },
	{ .name = "violation.share-validated", .prepare = private_page,
	  .run = share_validated, .alone = true },
	{ .name = "violation.ghcb-not-shared", .run = ghcb_not_shared, .alone = true },
	{ .name = "violation.ghcb-not-registered", .run = ghcb_not_registered, .alone = true },
	{ .name = "violation.ghcb-replaced", .run = ghcb_replaced, .alone = true },
};

const struct selftest_table violation_tests = { tests, ARRAY_SIZE(tests) };
