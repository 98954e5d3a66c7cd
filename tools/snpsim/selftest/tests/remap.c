// SPDX-License-Identifier: GPL-2.0
/* SVSM_CORE_REMAP_CA */
#include "tests.h"

static void unaligned(void)
{
	u64 pa = page_alloc();

	expect_core("+8", CORE_REMAP_CA, pa + 8, SVSM_INVALID_PARAMETER);
	expect_core("+1", CORE_REMAP_CA, pa + 1, SVSM_INVALID_PARAMETER);
	/* aligned for the area's header, which is not enough */
	for (u64 off = 16; off < PAGE_SIZE; off *= 2)
		expect_core("in a page", CORE_REMAP_CA, pa + off, SVSM_INVALID_PARAMETER);
	/* the area would cross into the next page */
	expect_core("+4088", CORE_REMAP_CA, pa + 4088, SVSM_INVALID_PARAMETER);
}

static void shared_page(void)
{
	u64 pa = page_far();

	page_accept(pa);
	page_share(pa);
	expect_core("shared page", CORE_REMAP_CA, pa, SVSM_INVALID_ADDRESS);
}

static void invalid(void)
{
	expect_core("unvalidated page", CORE_REMAP_CA, page_far(), SVSM_INVALID_ADDRESS);
}

static void out_of_range(void)
{
	expect_core("beyond RAM", CORE_REMAP_CA, page_top(), SVSM_INVALID_ADDRESS);
	expect_core("device memory", CORE_REMAP_CA, 0xfee00000, SVSM_INVALID_ADDRESS);
	expect_core("2^51", CORE_REMAP_CA, BIT(51), SVSM_INVALID_ADDRESS);
	expect_core("top", CORE_REMAP_CA, PAGE_MASK, SVSM_INVALID_ADDRESS);
}

static void svsm_memory(void)
{
	expect_core("SVSM memory", CORE_REMAP_CA, svsm_base(), SVSM_INVALID_ADDRESS);
}

static void vmsa_page(void)
{
	if (!ap_create(1, ap_halt))
		return;
	expect_core("VMSA page", CORE_REMAP_CA, cpu_nr(1)->vmsa, SVSM_INVALID_ADDRESS);
	expect_core("DELETE_VCPU", CORE_DELETE_VCPU, cpu_nr(1)->vmsa, SVSM_SUCCESS);
}

static void same_area(void)
{
	expect_core("same area", CORE_REMAP_CA, this_cpu()->ca, SVSM_SUCCESS);
	expect_eq("query", svsm_query(PROTO_CORE, 1), SVSM_VERSION_1);
}

/* The SVSM looks at the new area and no longer at the old one. */
static void moves(void)
{
	u64 old = this_cpu()->ca, new = page_alloc();
	struct svsm_args a = { .rax = SVSM_CALL(PROTO_CORE, CORE_QUERY_PROTOCOL), .rcx = 1 };

	memset(private(new), 0xff, 16);
	if (!expect_core("REMAP_CA", CORE_REMAP_CA, new, SVSM_SUCCESS))
		return;
	expect_eq("header of the new area", *(u64 *)private(new), 0);
	svsm_exchange(&a, 0);
	expect_eq("pending in the old area", a.pending, 1);
	expect_eq("rax by the old area", a.rax, CORE_QUERY_PROTOCOL);
	this_cpu()->ca = new;
	expect_eq("query by the new area", svsm_query(PROTO_CORE, 1), SVSM_VERSION_1);
	expect_core("back", CORE_REMAP_CA, old, SVSM_SUCCESS);
	this_cpu()->ca = old;
	expect_eq("query by the first area", svsm_query(PROTO_CORE, 1), SVSM_VERSION_1);
}

/* A refused REMAP_CA leaves the old area in use. */
static void refused_keeps(void)
{
	expect_core("unaligned", CORE_REMAP_CA, page_alloc() + 8, SVSM_INVALID_PARAMETER);
	expect_eq("query", svsm_query(PROTO_CORE, 1), SVSM_VERSION_1);
}

static const struct selftest tests[] = {
	{ .name = "remap.unaligned", .run = unaligned },
	{ .name = "remap.shared-page", .run = shared_page },
	{ .name = "remap.unvalidated", .run = invalid },
	{ .name = "remap.out-of-range", .run = out_of_range },
	{ .name = "remap.svsm-memory", .run = svsm_memory },
	{ .name = "remap.vmsa-page", .run = vmsa_page },
	{ .name = "remap.same", .run = same_area },
	{ .name = "remap.moves", .run = moves },
	{ .name = "remap.refused-keeps", .run = refused_keeps },
};

const struct selftest_table remap_tests = { tests, ARRAY_SIZE(tests) };
