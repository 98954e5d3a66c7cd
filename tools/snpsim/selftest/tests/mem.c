// SPDX-License-Identifier: GPL-2.0
/* SVSM_CORE_DEPOSIT_MEM, WITHDRAW_MEM, CONFIGURE_VTOM */
#include "tests.h"

#define MEM_AVAILABLE	1	/* byte of the calling area: pages can be withdrawn */

static u64 deposit(u64 entry)
{
	struct pvalidate_list *l = svsm_list();

	l->num = 1;
	l->entry[0] = entry;
	return svsm_call(PROTO_CORE, CORE_DEPOSIT_MEM, this_cpu()->ca + 8, 0, 0);
}

static u8 mem_available(void)
{
	return load((u8 *)private(this_cpu()->ca + MEM_AVAILABLE));
}

static void deposit_unaligned(void)
{
	expect_core("+1", CORE_DEPOSIT_MEM, this_cpu()->ca + 9, SVSM_INVALID_PARAMETER);
	expect_core("+4", CORE_DEPOSIT_MEM, this_cpu()->ca + 12, SVSM_INVALID_PARAMETER);
}

static void deposit_address(void)
{
	expect_core("beyond RAM", CORE_DEPOSIT_MEM, page_top(), SVSM_INVALID_ADDRESS);
	expect_core("SVSM memory", CORE_DEPOSIT_MEM, svsm_base(), SVSM_INVALID_ADDRESS);
	expect_core("unvalidated", CORE_DEPOSIT_MEM, page_far(), SVSM_INVALID_ADDRESS);
}

static void deposit_list(void)
{
	u64 list = this_cpu()->ca + 8;

	svsm_list()->num = 0;
	expect_core("num 0", CORE_DEPOSIT_MEM, list, SVSM_INVALID_PARAMETER);
	svsm_list()->num = 511;
	expect_core("511 entries", CORE_DEPOSIT_MEM, list, SVSM_INVALID_PARAMETER);
	svsm_list()->num = 1;
	((struct pvalidate_list *)private(list))->next = 1;
	expect_core("next = num", CORE_DEPOSIT_MEM, list, SVSM_INVALID_PARAMETER);
}

static void deposit_entry(void)
{
	u64 pa = page_far();

	expect_eq("unvalidated", deposit(pa), SVSM_INVALID_ADDRESS);
	page_accept(pa);
	expect_eq("reserved bit", deposit(pa | BIT(4)), SVSM_INVALID_PARAMETER);
	expect_eq("size 2", deposit(pa | 2), SVSM_INVALID_PARAMETER);
	expect_eq("beyond RAM", deposit(page_top()), SVSM_INVALID_ADDRESS);
	expect_eq("SVSM memory", deposit(svsm_base()), SVSM_INVALID_ADDRESS);
	expect_eq("the calling area", deposit(this_cpu()->ca), SVSM_INVALID_ADDRESS);
	expect_eq("mem_available", mem_available(), 0);
}

static void withdraw_unaligned(void)
{
	expect_core("+8", CORE_WITHDRAW_MEM, this_cpu()->ca + 8, SVSM_INVALID_PARAMETER);
	expect_core("+1", CORE_WITHDRAW_MEM, page_alloc() + 1, SVSM_INVALID_PARAMETER);
}

static void withdraw_address(void)
{
	expect_core("beyond RAM", CORE_WITHDRAW_MEM, page_top(), SVSM_INVALID_ADDRESS);
	expect_core("SVSM memory", CORE_WITHDRAW_MEM, svsm_base(), SVSM_INVALID_ADDRESS);
	expect_core("unvalidated", CORE_WITHDRAW_MEM, page_far(), SVSM_INVALID_ADDRESS);
}

static void withdraw_nothing(void)
{
	struct pvalidate_list *l = private(page_alloc());

	l->num = 7;
	expect_core("withdraw", CORE_WITHDRAW_MEM, (u64)l, SVSM_SUCCESS);
	expect_eq("entries", l->num, 0);
}

/* While the SVSM has a page the guest has no access; it comes back valid and empty. */
static void deposit_withdraw(void)
{
	struct pvalidate_list *l = private(page_alloc());
	u64 pa = page_far();

	page_accept(pa);
	*(u64 *)private(pa) = 0x1234;
	if (!expect_eq("deposit", deposit(pa), SVSM_SUCCESS))
		return;
	expect_eq("mem_available", mem_available(), 1);
	expect_eq("deposit again", deposit(pa), SVSM_INVALID_ADDRESS);
	expect_eq("rescind", svsm_pvalidate(pa, 0), SVSM_INVALID_ADDRESS);
	expect(ghcb_psc_msr(pa, PSC_SHARED), "the host took the SVSM's page");
	expect_core("withdraw", CORE_WITHDRAW_MEM, (u64)l, SVSM_SUCCESS);
	expect_eq("entries", l->num, 1);
	expect_eq("page", l->entry[0] & PAGE_MASK, pa);
	expect_eq("mem_available", mem_available(), 0);
	expect_eq("contents", *(u64 *)private(pa), 0);
	expect_eq("valid", svsm_pvalidate(pa, PV_VALIDATE), SVSM_PVALIDATE_NO_UPDATE);
}

/* Bit 0 of RCX asks for a virtual top of memory. There is none. */
static void vtom_query(void)
{
	struct svsm_args a = {
		.rax = SVSM_CALL(PROTO_CORE, CORE_CONFIGURE_VTOM), .rcx = 1,
	};

	svsm_exchange(&a, 0);
	expect_eq("result", a.rax, SVSM_SUCCESS);
	expect_eq("rcx", a.rcx, 0);
}

static void vtom_configure(void)
{
	expect_core("vTOM 1 GiB", CORE_CONFIGURE_VTOM, 0x40000000, SVSM_INVALID_REQUEST);
	expect_core("vTOM 0", CORE_CONFIGURE_VTOM, 0, SVSM_INVALID_REQUEST);
}

static const struct selftest tests[] = {
	{ .name = "mem.deposit-unaligned", .run = deposit_unaligned },
	{ .name = "mem.deposit-address", .run = deposit_address },
	{ .name = "mem.deposit-list", .run = deposit_list },
	{ .name = "mem.deposit-entry", .run = deposit_entry },
	{ .name = "mem.withdraw-unaligned", .run = withdraw_unaligned },
	{ .name = "mem.withdraw-address", .run = withdraw_address },
	{ .name = "mem.withdraw-nothing", .run = withdraw_nothing },
	{ .name = "mem.deposit-withdraw", .run = deposit_withdraw },
	{ .name = "mem.vtom-query", .run = vtom_query },
	{ .name = "mem.vtom-configure", .run = vtom_configure },
};

const struct selftest_table mem_tests = { tests, ARRAY_SIZE(tests) };
