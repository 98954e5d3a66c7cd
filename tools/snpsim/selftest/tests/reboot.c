// SPDX-License-Identifier: GPL-2.0
/* Reboot protocol: calls that the SVSM refuses */
#include "tests.h"

static void reserved_flags(void)
{
	if (!expect(boot == 1, "EXECUTE was accepted"))
		return;
	for (unsigned int bit = 0; bit < 64; bit += 7)
		expect_call("EXECUTE with a flag", PROTO_REBOOT, 0, BIT(bit), 0, 0,
			    SVSM_INVALID_PARAMETER);
	expect_call("all flags", PROTO_REBOOT, 0, ~0UL, 0, 0, SVSM_INVALID_PARAMETER);
	expect_eq("boot", option("snpsim.boot", 0), 1);
}

static void unknown_call(void)
{
	expect_call("call 1", PROTO_REBOOT, 1, 0, 0, 0, SVSM_UNSUPPORTED_CALL);
	expect_call("call 2", PROTO_REBOOT, 2, 0, 0, 0, SVSM_UNSUPPORTED_CALL);
}

static const struct selftest tests[] = {
	{ .name = "reboot.reserved-flags", .run = reserved_flags },
	{ .name = "reboot.unknown-call", .run = unknown_call },
};

const struct selftest_table reboot_tests = { tests, ARRAY_SIZE(tests) };
