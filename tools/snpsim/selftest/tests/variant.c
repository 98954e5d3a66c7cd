// SPDX-License-Identifier: GPL-2.0
/*
 * SVSMs other than the draft's. The runner starts the simulator with the variant that the
 * test is named after.
 */
#include "attest.h"
#include "tests.h"

static u64 guid_result(void)
{
	attest_op();
	return attest_call(ATTEST_SINGLE).result;
}

/* The SVSM must refuse EXECUTE: a second boot is a failure, and ends the test. */
static bool must_not_reset(void)
{
	return expect(boot == 1, "EXECUTE was accepted");
}

static void noreboot(void)
{
	expect_eq("query", svsm_query(PROTO_REBOOT, 1), 0);
	expect_eq("GUID", guid_result(), SVSM_UNSUPPORTED_PROTOCOL);
	expect_eq("EXECUTE", svsm_reboot(), SVSM_UNSUPPORTED_PROTOCOL);
}

/* Call 0 of that protocol lists objects. RCX: name or 0, RDX: buffer, R8: bytes, 128 an entry. */
static void ocp_list(void)
{
	u64 buffer = page_alloc(), name = page_alloc();
	struct svsm_args a = {
		.rax = SVSM_CALL(PROTO_REBOOT, 0), .rdx = buffer, .r8 = 256, .r9 = 1,
	};

	svsm_exchange(&a, 0);
	expect_eq("list", a.rax, SVSM_SUCCESS);
	expect_eq("bytes", a.r8 | a.r9, 0);
	expect_call("no bytes", PROTO_REBOOT, 0, 0, buffer, 0, SVSM_INVALID_PARAMETER);
	expect_call("half an entry", PROTO_REBOOT, 0, 0, buffer, 64, SVSM_INVALID_PARAMETER);
	expect_call("too much", PROTO_REBOOT, 0, 0, buffer, 4096 + 128, SVSM_INVALID_PARAMETER);
	expect_call("unaligned", PROTO_REBOOT, 0, 0, buffer + 4, 128, SVSM_INVALID_ADDRESS);
	expect_call("no buffer", PROTO_REBOOT, 0, 0, page_top(), 128, SVSM_INVALID_ADDRESS);
	memcpy(private(name), "no-such-object", 15);
	expect_call("a name", PROTO_REBOOT, 0, name, buffer, 128, SVSM_INVALID_PARAMETER);
	expect_call("no name", PROTO_REBOOT, 0, page_top(), buffer, 128, SVSM_INVALID_ADDRESS);
	expect_call("read", PROTO_REBOOT, 1, name, buffer, 8, SVSM_INVALID_PARAMETER);
	expect_call("write", PROTO_REBOOT, 2, name, buffer, 8, SVSM_INVALID_PARAMETER);
	expect_call("no call 3", PROTO_REBOOT, 3, 0, 0, 0, SVSM_UNSUPPORTED_CALL);
}

static void ocp(void)
{
	expect_eq("query", svsm_query(PROTO_REBOOT, 1), SVSM_VERSION_1);
	expect_eq("GUID", guid_result(), SVSM_UNSUPPORTED_PROTOCOL);
	expect_eq("EXECUTE", svsm_reboot(), SVSM_INVALID_PARAMETER);
	ocp_list();
}

static void noattest(void)
{
	expect_eq("query", svsm_query(PROTO_ATTEST, 1), 0);
	expect_eq("GUID", guid_result(), SVSM_UNSUPPORTED_PROTOCOL);
	expect_eq("reboot is there", svsm_query(PROTO_REBOOT, 1), SVSM_VERSION_1);
}

static void proto(void)
{
	u32 n = option("proto", 0);

	if (boot > 1)
		return;
	expect_eq("query of 5", svsm_query(PROTO_REBOOT, 1), 0);
	expect_eq("query", svsm_query(n, 1), SVSM_VERSION_1);
	expect_eq("EXECUTE of 5", svsm_reboot(), SVSM_UNSUPPORTED_PROTOCOL);
	say("EXECUTE");
	expect_eq("EXECUTE came back", svsm_call(n, 0, 0, 0, 0), ~0UL);
}

static void other_manifest(void)
{
	u64 size = option("manifest-size", 8);
	struct attest_answer a;

	attest_op();
	a = attest_call(ATTEST_SINGLE);
	expect_eq("result", a.result, SVSM_SUCCESS);
	expect_eq("size", a.manifest_size, size);
	if (size >= 4)
		expect_eq("version", *(u32 *)attest_manifest(), option("manifest-version", 0));
	if (size >= 8)
		expect_eq("flags", *(u32 *)(attest_manifest() + 4), option("manifest-flags", 0));
	expect_eq("beyond", attest_manifest()[size], 0xee);
}

static void repeated(const char *name, u64 code)
{
	u64 n = option(name, 0);

	if (boot > 1)
		return;
	expect(n, "no count was given");
	for (u64 i = 0; i < n; i++)
		expect_eq("EXECUTE", svsm_reboot(), code);
	execute();
}

static void busy(void)
{
	repeated("busy", SVSM_BUSY);
}

static void incomplete(void)
{
	repeated("incomplete", SVSM_INCOMPLETE);
}

/* The SVSM refuses DELETE_VCPU of a halted vCPU so many times, then does it. */
static void in_use(void)
{
	struct cpu *c = cpu_nr(1);
	u64 n = option("in-use", 0);

	expect(n, "no count was given");
	if (!ap_start(1, ap_halt))
		return;
	delay_ms(20);
	for (u64 i = 0; i < n; i++)
		expect_core("DELETE_VCPU", CORE_DELETE_VCPU, c->vmsa, SVSM_VCPU_IN_USE);
	expect_core("DELETE_VCPU at last", CORE_DELETE_VCPU, c->vmsa, SVSM_SUCCESS);
}

static void result(void)
{
	u64 want = option("result", 0);

	for (unsigned int i = 0; i < 3; i++)
		expect_eq("EXECUTE", svsm_reboot(), want);
	expect_eq("boot", boot, 1);
}

/* EXECUTE from an AP is refused, and the boot CPU can still do it. */
static void execute_on_ap(void)
{
	struct cpu *c = this_cpu();

	c->arg = svsm_reboot();
	store(&c->go, 1);
}

static void ap_refuse(void)
{
	if (boot > 1 || !ap_start(1, execute_on_ap))
		return;
	if (!expect(wait_for(&cpu_nr(1)->go, 1), "the AP has no answer"))
		return;
	expect_eq("EXECUTE by the AP", load(&cpu_nr(1)->arg), SVSM_INVALID_REQUEST);
	delay_ms(10);
	execute();
}

/* The SVSM returns without having looked at the call. */
static void pending(void)
{
	struct svsm_args a = { .rax = SVSM_CALL(PROTO_REBOOT, 0) };

	svsm_exchange(&a, 0);
	expect_eq("response", a.response, GHCB_MSR_RUN_VMPL_RESP);
	expect_eq("pending", a.pending, 1);
	expect_eq("query works", svsm_query(PROTO_CORE, 1), SVSM_VERSION_1);
	expect_eq("boot", boot, 1);
}

/* The response belongs to another request, as if an NMI had used the GHCB MSR. */
static void foreign_answer(void)
{
	u64 n = option("foreign", 0);

	if (boot > 1)
		return;
	expect(n, "no count was given");
	for (u64 i = 0; i < n; i++) {
		struct svsm_args a = { .rax = SVSM_CALL(PROTO_REBOOT, 0) };

		svsm_exchange(&a, 0);
		expect((a.response & 0xfff) != GHCB_MSR_RUN_VMPL_RESP,
		       "response %lx is not foreign", a.response);
		expect_eq("pending", a.pending, 1);
	}
	execute();
}

static const struct selftest tests[] = {
	{ .name = "variant.noreboot", .prepare = must_not_reset,
	  .run = noreboot, .alone = true },
	{ .name = "variant.ocp", .prepare = must_not_reset,
	  .run = ocp, .alone = true },
	{ .name = "variant.noattest", .prepare = must_not_reset,
	  .run = noattest, .alone = true },
	{ .name = "variant.proto", .run = proto, .alone = true },
	{ .name = "variant.manifest", .prepare = must_not_reset,
	  .run = other_manifest, .alone = true },
	{ .name = "variant.busy", .run = busy, .alone = true },
	{ .name = "variant.incomplete", .run = incomplete, .alone = true },
	{ .name = "variant.in-use", .run = in_use, .alone = true },
	{ .name = "variant.result", .prepare = must_not_reset,
	  .run = result, .alone = true },
	{ .name = "variant.ap-refuse", .run = ap_refuse, .alone = true },
	{ .name = "variant.pending", .prepare = must_not_reset,
	  .run = pending, .alone = true },
	{ .name = "variant.foreign", .run = foreign_answer, .alone = true },
};

const struct selftest_table variant_tests = { tests, ARRAY_SIZE(tests) };
