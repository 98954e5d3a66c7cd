// SPDX-License-Identifier: GPL-2.0-only
/*
 * Packing of calls to the SVSM, and judging of what comes back.
 */
#include <kunit/test.h>

#include "lib/protocol.c"

struct query_row {
	const char *name;
	u32 protocol;
	u32 version;
	u64 rcx;
};

static const struct query_row query_rows[] = {
	{ "core",		0, 1, 0x0000000000000001 },
	{ "reboot",		5, 1, 0x0000000500000001 },
	{ "moved",		0x1234, 1, 0x0000123400000001 },
	{ "all bits",		U32_MAX, U32_MAX, U64_MAX },
};

KUNIT_ARRAY_PARAM_DESC(query, query_rows, name);

static void test_pack_query(struct kunit *test)
{
	const struct query_row *row = test->param_value;
	struct svr_call call = svr_pack_query(row->protocol, row->version);

	KUNIT_EXPECT_EQ(test, call.rax, 6ULL);
	KUNIT_EXPECT_EQ(test, call.rcx, row->rcx);
}

struct execute_row {
	const char *name;
	u32 protocol;
	u64 rax;
};

static const struct execute_row execute_rows[] = {
	{ "as drafted",	5, 0x0000000500000000 },
	{ "moved",	9, 0x0000000900000000 },
	{ "highest",	U32_MAX, 0xffffffff00000000 },
};

KUNIT_ARRAY_PARAM_DESC(execute, execute_rows, name);

static void test_pack_execute(struct kunit *test)
{
	const struct execute_row *row = test->param_value;
	struct svr_call call = svr_pack_execute(row->protocol);

	KUNIT_EXPECT_EQ(test, call.rax, row->rax);
	/* All flags are reserved */
	KUNIT_EXPECT_EQ(test, call.rcx, 0ULL);
}

static void test_pack_delete(struct kunit *test)
{
	struct svr_call call = svr_pack_delete(0x123456789000);

	KUNIT_EXPECT_EQ(test, call.rax, 3ULL);
	KUNIT_EXPECT_EQ(test, call.rcx, 0x123456789000ULL);
}

struct result_row {
	const char *name;
	u64 rax;
	enum svr_verdict verdict;
	const char *text;
};

static const struct result_row result_rows[] = {
	{ "success", 0, SVR_VERDICT_SUCCESS, "SUCCESS" },
	{ "incomplete", 0x80000000, SVR_VERDICT_AGAIN, "INCOMPLETE" },
	{ "no protocol", 0x80000001, SVR_VERDICT_FAILED, "UNSUPPORTED_PROTOCOL" },
	{ "no call", 0x80000002, SVR_VERDICT_FAILED, "UNSUPPORTED_CALL" },
	{ "address", 0x80000003, SVR_VERDICT_FAILED, "INVALID_ADDRESS" },
	{ "format", 0x80000004, SVR_VERDICT_FAILED, "INVALID_FORMAT" },
	{ "parameter", 0x80000005, SVR_VERDICT_FAILED, "INVALID_PARAMETER" },
	{ "request", 0x80000006, SVR_VERDICT_FAILED, "INVALID_REQUEST" },
	{ "busy", 0x80000007, SVR_VERDICT_LATER, "BUSY" },
	{ "past the last", 0x80000008, SVR_VERDICT_FAILED, "not a result code" },
	{ "before specific", 0x80000fff, SVR_VERDICT_FAILED, "not a result code" },
	{ "specific", 0x80001000, SVR_VERDICT_FAILED, "protocol-specific" },
	{ "highest specific", 0xffffffff, SVR_VERDICT_FAILED, "protocol-specific" },
	{ "hostile: one", 1, SVR_VERDICT_FAILED, "not a result code" },
	{ "hostile: incomplete above bit 31", 0x180000000,
	  SVR_VERDICT_FAILED, "not a result code" },
	{ "hostile: busy above bit 31", 0x8000000080000007,
	  SVR_VERDICT_FAILED, "not a result code" },
	{ "hostile: success above bit 31", 0x100000000,
	  SVR_VERDICT_FAILED, "not a result code" },
	{ "hostile: sign-extended incomplete", 0xffffffff80000000,
	  SVR_VERDICT_FAILED, "not a result code" },
	{ "hostile: all bits", U64_MAX, SVR_VERDICT_FAILED, "not a result code" },
};

KUNIT_ARRAY_PARAM_DESC(result, result_rows, name);

static void test_parse_result(struct kunit *test)
{
	const struct result_row *row = test->param_value;

	KUNIT_EXPECT_EQ(test, svr_parse_result(row->rax), row->verdict);
	KUNIT_EXPECT_STREQ(test, svr_result_name(row->rax), row->text);
}

struct repeated_row {
	const char *name;
	u64 often;		/* the answer that comes first, so many times */
	unsigned int times;
	u64 then;		/* and the one after that */
	enum svr_verdict verdict;	/* of the last */
};

static const struct repeated_row repeated_rows[] = {
	{ "done at once", 0, 0, 0, SVR_VERDICT_SUCCESS },
	{ "first incomplete", 0, 0, 0x80000000, SVR_VERDICT_AGAIN },
	{ "last incomplete but one", 0x80000000, SVR_INCOMPLETE_TRIES - 2,
	  0x80000000, SVR_VERDICT_AGAIN },
	{ "last incomplete", 0x80000000, SVR_INCOMPLETE_TRIES - 1,
	  0x80000000, SVR_VERDICT_FAILED },
	{ "first busy", 0, 0, 0x80000007, SVR_VERDICT_LATER },
	{ "last busy but one", 0x80000007, SVR_BUSY_TRIES - 2,
	  0x80000007, SVR_VERDICT_LATER },
	{ "last busy", 0x80000007, SVR_BUSY_TRIES - 1,
	  0x80000007, SVR_VERDICT_FAILED },
	{ "each has its own count", 0x80000000, SVR_INCOMPLETE_TRIES - 1,
	  0x80000007, SVR_VERDICT_LATER },
	{ "success in the end", 0x80000007, SVR_BUSY_TRIES - 1, 0,
	  SVR_VERDICT_SUCCESS },
	{ "failure in the end", 0x80000000, 10, 0x80000006,
	  SVR_VERDICT_FAILED },
};

KUNIT_ARRAY_PARAM_DESC(repeated, repeated_rows, name);

static void test_parse_repeated(struct kunit *test)
{
	const struct repeated_row *row = test->param_value;
	struct svr_patience so_far = {};
	unsigned int i;

	for (i = 0; i < row->times; i++)
		KUNIT_ASSERT_NE(test, svr_parse_repeated(&so_far, row->often),
				SVR_VERDICT_FAILED);
	KUNIT_EXPECT_EQ(test, svr_parse_repeated(&so_far, row->then),
			row->verdict);
}

struct answer_row {
	const char *name;
	u64 rcx;
	u32 version;
	int err;
};

static const struct answer_row answer_rows[] = {
	{ "only version 1", 0x0000000100000001, 1, 0 },
	{ "lowest of a range", 0x0000000300000001, 1, 0 },
	{ "highest of a range", 0x0000000300000001, 3, 0 },
	{ "not there", 0, 1, -ENOENT },
	{ "too old", 0x0000000100000001, 2, -EPROTONOSUPPORT },
	{ "too new", 0x0000000300000002, 1, -EPROTONOSUPPORT },
	{ "hostile: reversed", 0x0000000100000002, 1, -EPROTO },
	{ "hostile: no lowest", 0x0000000100000000, 1, -EPROTO },
	{ "hostile: no highest", 0x0000000000000001, 1, -EPROTO },
	{ "hostile: all bits", U64_MAX, 1, -EPROTONOSUPPORT },
	{ "hostile: everything", 0xffffffff00000001, 1, 0 },
};

KUNIT_ARRAY_PARAM_DESC(answer, answer_rows, name);

static void test_parse_query(struct kunit *test)
{
	const struct answer_row *row = test->param_value;

	KUNIT_EXPECT_EQ(test, svr_parse_query(row->rcx, row->version), row->err);
}

struct manifest_row {
	const char *name;
	u8 bytes[8];
	u64 len;
	int err;
};

static const struct manifest_row manifest_rows[] = {
	{ "as drafted", {}, 8, 0 },
	{ "version 1", { 1 }, 8, -EPROTONOSUPPORT },
	{ "version, high byte", { 0, 0, 0, 1 }, 8, -EPROTONOSUPPORT },
	{ "flag 0", { 0, 0, 0, 0, 1 }, 8, -EOPNOTSUPP },
	{ "flag 31", { 0, 0, 0, 0, 0, 0, 0, 0x80 }, 8, -EOPNOTSUPP },
	{ "empty", {}, 0, -EMSGSIZE },
	{ "short", {}, 7, -EMSGSIZE },
	{ "long", {}, 9, -EMSGSIZE },
	{ "a page", {}, 4096, -EMSGSIZE },
	{ "hostile length", {}, U64_MAX, -EMSGSIZE },
	{ "hostile length, low bits right", {}, 0x100000008, -EMSGSIZE },
};

KUNIT_ARRAY_PARAM_DESC(manifest, manifest_rows, name);

static void test_parse_manifest(struct kunit *test)
{
	const struct manifest_row *row = test->param_value;

	KUNIT_EXPECT_EQ(test, svr_parse_manifest(row->bytes, row->len), row->err);
}

struct ghcb_row {
	const char *name;
	u64 msr;
	bool pending;
	int err;
};

static const struct ghcb_row ghcb_rows[] = {
	{ "consumed", 0x017, false, 0 },
	{ "reserved bits of the response", 0xfffff017, false, 0 },
	{ "not consumed", 0x017, true, -EAGAIN },
	{ "host refused", 0x0000000100000017, true, -EIO },
	{ "host refused, highest bit", 0x8000000000000017, true, -EIO },
	{ "foreign: request left alone", 0x016, true, -EAGAIN },
	{ "foreign: address of a GHCB page", 0x3fe1a000, true, -EAGAIN },
	{ "foreign: CPUID response", 0x005, true, -EAGAIN },
	{ "foreign: error bits set", 0x0000000100000015, true, -EAGAIN },
	{ "foreign: nothing", 0, true, -EAGAIN },
	/* What is in memory of the guest counts, not the word of the host */
	{ "consumed, then an NMI", 0x3fe1a000, false, 0 },
	{ "consumed, request left alone", 0x016, false, 0 },
	{ "consumed, CPUID response", 0x005, false, 0 },
	{ "consumed, foreign error bits", 0x0000000100000015, false, 0 },
	{ "consumed, nothing", 0, false, 0 },
	{ "consumed, and the host says that it refused", 0x0000000100000017,
	  false, 0 },
	{ "consumed, all bits", U64_MAX, false, 0 },
};

KUNIT_ARRAY_PARAM_DESC(ghcb, ghcb_rows, name);

static void test_parse_ghcb_msr(struct kunit *test)
{
	const struct ghcb_row *row = test->param_value;

	KUNIT_EXPECT_EQ(test, svr_parse_ghcb_msr(row->msr, row->pending),
			row->err);
}

struct caa_row {
	const char *name;
	u64 pa;
	bool plausible;
};

static const struct caa_row caa_rows[] = {
	{ "in memory", 0x3fe1a000, true },
	{ "first page but one", 0x1000, true },
	{ "highest", 0xffffffffff000, true },
	{ "none", 0, false },
	{ "unaligned", 0x3fe1a008, false },
	{ "in the first page", 0x8, false },
	{ "beyond all memory", 0x10000000000000, false },
	{ "all bits", U64_MAX, false },
	{ "a virtual address", 0xffff888000000000, false },
};

KUNIT_ARRAY_PARAM_DESC(caa, caa_rows, name);

static void test_caa_plausible(struct kunit *test)
{
	const struct caa_row *row = test->param_value;

	KUNIT_EXPECT_EQ(test, svr_caa_plausible(row->pa), row->plausible);
}

/* SEV, SEV-ES, SNP and other features as a guest of today has them, then bit 18 */
static void test_secure_avic(struct kunit *test)
{
	KUNIT_EXPECT_FALSE(test, svr_sev_has_secure_avic(0x7));
	KUNIT_EXPECT_FALSE(test, svr_sev_has_secure_avic(0xa7));
	KUNIT_EXPECT_FALSE(test, svr_sev_has_secure_avic(~BIT_ULL(18)));
	KUNIT_EXPECT_TRUE(test, svr_sev_has_secure_avic(0x40007));
}

static void test_service_guid(struct kunit *test)
{
	static const guid_t guid = SVSM_REBOOT_SERVICE_GUID;
	guid_t parsed;

	KUNIT_ASSERT_EQ(test, 0,
			guid_parse("0cc20f93-afaa-4013-9fb6-9d16fc42ceae",
				   &parsed));
	KUNIT_EXPECT_TRUE(test, guid_equal(&guid, &parsed));
}

static struct kunit_case protocol_cases[] = {
	KUNIT_CASE_PARAM(test_pack_query, query_gen_params),
	KUNIT_CASE_PARAM(test_pack_execute, execute_gen_params),
	KUNIT_CASE(test_pack_delete),
	KUNIT_CASE_PARAM(test_parse_result, result_gen_params),
	KUNIT_CASE_PARAM(test_parse_repeated, repeated_gen_params),
	KUNIT_CASE_PARAM(test_parse_query, answer_gen_params),
	KUNIT_CASE_PARAM(test_parse_manifest, manifest_gen_params),
	KUNIT_CASE_PARAM(test_parse_ghcb_msr, ghcb_gen_params),
	KUNIT_CASE_PARAM(test_caa_plausible, caa_gen_params),
	KUNIT_CASE(test_secure_avic),
	KUNIT_CASE(test_service_guid),
	{}
};

static struct kunit_suite protocol_suite = {
	.name = "svsm-reset-protocol",
	.test_cases = protocol_cases,
};

kunit_test_suite(protocol_suite);

MODULE_DESCRIPTION("KUnit tests of the SVSM reset driver");
MODULE_LICENSE("GPL");
