// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the host may answer to requests about a GHCB, and what it means.
 */
#include <kunit/test.h>
#include <linux/array_size.h>
#include <linux/limits.h>

#include "lib/ghcb-parse.c"

struct registered_row {
	const char *name;
	u64 msr;
	u64 pa;
};

static const struct registered_row registered_rows[] = {
	{ "page", 0x12345000, 0x12345000 },
	{ "never used yet", 0x12345013, 0x12345000 },
	{ "highest page", 0xffffffffff000, 0xffffffffff000 },
	{ "none", 0, 0 },
	{ "registration refused", ~0xfffULL | 0x013, 0 },
	{ "too high", 0x10000000000000, 0 },
	{ "registration under way", 0x12345012, 0 },
	{ "SEV information", 0x0002000100330001, 0 },
	{ "run VMPL", 0x017, 0 },
	{ "not aligned", 0x12345800, 0 },
	{ "all ones", U64_MAX, 0 },
};

KUNIT_ARRAY_PARAM_DESC(registered, registered_rows, name);

static void test_registered(struct kunit *test)
{
	const struct registered_row *row = test->param_value;

	KUNIT_EXPECT_EQ(test, svr_ghcb_registered(row->msr), row->pa);
}

struct msr_row {
	const char *name;
	u64 msr;
	int err;
};

#define OURS	0x7654000ULL

static const struct msr_row register_rows[] = {
	{ "registered", OURS | 0x013, 0 },
	{ "refused", ~0xfffULL | 0x013, -EIO },
	{ "another page", 0x12345013, -EIO },
	{ "one bit more", OURS | 1ULL << 63 | 0x013, -EIO },
	{ "request still there", OURS | 0x012, -EAGAIN },
	{ "NMI came between", 0x12345000, -EAGAIN },
	{ "another answer", OURS | 0x017, -EAGAIN },
	{ "zero", 0, -EAGAIN },
};

KUNIT_ARRAY_PARAM_DESC(register, register_rows, name);

static void test_register(struct kunit *test)
{
	const struct msr_row *row = test->param_value;

	KUNIT_EXPECT_EQ(test, svr_ghcb_parse_register(row->msr, OURS),
			row->err);
}

static void test_features(struct kunit *test)
{
	u64 features = 5;

	KUNIT_EXPECT_EQ(test, svr_ghcb_parse_features(0x080, &features),
			-EAGAIN);
	KUNIT_EXPECT_EQ(test, svr_ghcb_parse_features(0x3000, &features),
			-EAGAIN);
	KUNIT_EXPECT_EQ(test, features, 5ULL);
	KUNIT_EXPECT_EQ(test, svr_ghcb_parse_features(0x23081, &features), 0);
	KUNIT_EXPECT_EQ(test, features, 0x23ULL);
	KUNIT_EXPECT_EQ(test, svr_ghcb_parse_features(0x081, &features), 0);
	KUNIT_EXPECT_EQ(test, features, 0ULL);
}

static void test_pack_destroy(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, svr_ghcb_pack_destroy(0, 0), 2ULL);
	KUNIT_EXPECT_EQ(test, svr_ghcb_pack_destroy(3, 2), 0x300020002ULL);
	KUNIT_EXPECT_EQ(test, svr_ghcb_pack_destroy(U32_MAX, 3),
			0xffffffff00030002ULL);
	/* What is no VMPL does not spill into the APIC id */
	KUNIT_EXPECT_EQ(test, svr_ghcb_pack_destroy(1, 0xffff0001),
			0x100010002ULL);
}

struct destroy_row {
	const char *name;
	bool valid;
	u64 info1;
	int err;
};

static const struct destroy_row destroy_rows[] = {
	{ "done", true, 0, 0 },
	{ "done, upper half ignored", true, 0x500000000, 0 },
	{ "exception", true, 1, -EIO },
	{ "refused", true, 2, -EIO },
	{ "refused, upper half ignored", true, 0x500000002, -EIO },
	{ "request still there", true, 0x300020002, -EPROTO },
	{ "unknown", true, 3, -EPROTO },
	{ "all ones", true, U64_MAX, -EPROTO },
	{ "zero, but not valid", false, 0, -EPROTO },
	{ "refused, but not valid", false, 2, -EPROTO },
};

KUNIT_ARRAY_PARAM_DESC(destroy, destroy_rows, name);

static void test_destroy(struct kunit *test)
{
	const struct destroy_row *row = test->param_value;

	KUNIT_EXPECT_EQ(test, svr_ghcb_parse_destroy(row->valid, row->info1),
			row->err);
}

static struct kunit_case ghcb_cases[] = {
	KUNIT_CASE_PARAM(test_registered, registered_gen_params),
	KUNIT_CASE_PARAM(test_register, register_gen_params),
	KUNIT_CASE(test_features),
	KUNIT_CASE(test_pack_destroy),
	KUNIT_CASE_PARAM(test_destroy, destroy_gen_params),
	{}
};

static struct kunit_suite ghcb_suite = {
	.name = "svsm-reset-ghcb-parse",
	.test_cases = ghcb_cases,
};

kunit_test_suite(ghcb_suite);
