// SPDX-License-Identifier: GPL-2.0
/* SVSM_CORE_DEPOSIT_MEM, WITHDRAW_MEM, CONFIGURE_VTOM */
#include "tests.h"

static void deposit_unaligned(void)
{
	expect_core("+1", CORE_DEPOSIT_MEM, this_cpu()->ca + 9, SVSM_INVALID_PARAMETER);
}

static void deposit_address(void)
{
	expect_core("beyond RAM", CORE_DEPOSIT_MEM, page_top(), SVSM_INVALID_ADDRESS);
	expect_core("SVSM memory", CORE_DEPOSIT_MEM, svsm_base(), SVSM_INVALID_ADDRESS);
}

static void withdraw_unaligned(void)
{
	expect_core("+1", CORE_WITHDRAW_MEM, this_cpu()->ca + 9, SVSM_INVALID_PARAMETER);
}

static void withdraw_address(void)
{
	expect_core("beyond RAM", CORE_WITHDRAW_MEM, page_top(), SVSM_INVALID_ADDRESS);
	expect_core("SVSM memory", CORE_WITHDRAW_MEM, svsm_base(), SVSM_INVALID_ADDRESS);
}

/* Bit 0 of RCX asks whether there is a virtual top of memory: there is none. */
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
	{ .name = "mem.withdraw-unaligned", .run = withdraw_unaligned },
	{ .name = "mem.withdraw-address", .run = withdraw_address },
	{ .name = "mem.vtom-query", .run = vtom_query },
	{ .name = "mem.vtom-configure", .run = vtom_configure },
};

const struct selftest_table mem_tests = { tests, ARRAY_SIZE(tests) };
