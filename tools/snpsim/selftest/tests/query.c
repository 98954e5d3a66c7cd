// SPDX-License-Identifier: GPL-2.0
/* SVSM_CORE_QUERY_PROTOCOL: RCX out is max << 32 | min, or 0. */
#include "tests.h"

static void known(void)
{
	expect_eq("core", svsm_query(PROTO_CORE, 1), SVSM_VERSION_1);
	expect_eq("attestation", svsm_query(PROTO_ATTEST, 1), SVSM_VERSION_1);
	expect_eq("reboot", svsm_query(PROTO_REBOOT, 1), SVSM_VERSION_1);
}

static void version_0(void)
{
	expect_eq("core", svsm_query(PROTO_CORE, 0), 0);
	expect_eq("attestation", svsm_query(PROTO_ATTEST, 0), 0);
	expect_eq("reboot", svsm_query(PROTO_REBOOT, 0), 0);
}

static void version_2(void)
{
	expect_eq("core", svsm_query(PROTO_CORE, 2), 0);
	expect_eq("attestation", svsm_query(PROTO_ATTEST, 2), 0);
	expect_eq("reboot", svsm_query(PROTO_REBOOT, 2), 0);
}

static void unknown(void)
{
	expect_eq("protocol 2 (vTPM)", svsm_query(2, 1), 0);
	expect_eq("protocol 0x42", svsm_query(0x42, 1), 0);
	expect_eq("protocol 0xffffffff", svsm_query(~0U, 1), 0);
}

static const struct selftest tests[] = {
	{ .name = "query.known", .run = known },
	{ .name = "query.version-0", .run = version_0 },
	{ .name = "query.version-2", .run = version_2 },
	{ .name = "query.unknown", .run = unknown },
};

const struct selftest_table query_tests = { tests, ARRAY_SIZE(tests) };
