// SPDX-License-Identifier: GPL-2.0
/* How calls are made, independent of the call. */
#include "tests.h"

static void unknown_call(void)
{
	expect_core("core call 8", 8, 0, SVSM_UNSUPPORTED_CALL);
	expect_core("core call 0xffffffff", ~0U, 0, SVSM_UNSUPPORTED_CALL);
	expect_call("attestation call 7", PROTO_ATTEST, 7, 0, 0, 0, SVSM_UNSUPPORTED_CALL);
}

static void unknown_protocol(void)
{
	expect_call("protocol 0x42", 0x42, 0, 0, 0, 0, SVSM_UNSUPPORTED_PROTOCOL);
	expect_call("protocol 0xffffffff", ~0U, 6, 0, 0, 0, SVSM_UNSUPPORTED_PROTOCOL);
}

/* Without call_pending the SVSM runs, finds nothing to do and returns. */
static void not_pending(void)
{
	struct svsm_args a = {
		.rax = SVSM_CALL(PROTO_CORE, CORE_QUERY_PROTOCOL),
		.rcx = 1, .rdx = 0x1111, .r8 = 0x2222, .r9 = 0x3333,
	};

	svsm_exchange(&a, SVSM_NOT_PENDING);
	expect_eq("response", a.response, GHCB_MSR_RUN_VMPL_RESP);
	expect_eq("rax", a.rax, CORE_QUERY_PROTOCOL);
	expect_eq("rcx", a.rcx, 1);
	expect_eq("rdx", a.rdx, 0x1111);
	expect_eq("r8", a.r8, 0x2222);
	expect_eq("r9", a.r9, 0x3333);
	expect_eq("pending", a.pending, 0);
}

static void not_pending_reboot(void)
{
	struct svsm_args a = { .rax = SVSM_CALL(PROTO_REBOOT, 0) };

	svsm_exchange(&a, SVSM_NOT_PENDING);
	expect_eq("rax", a.rax, SVSM_CALL(PROTO_REBOOT, 0));
	expect_eq("boot", option("snpsim.boot", 0), 1);
}

static void by_ghcb(void)
{
	struct svsm_args a = {
		.rax = SVSM_CALL(PROTO_CORE, CORE_QUERY_PROTOCOL), .rcx = 1,
		.rdx = 0x1111, .r8 = 0x2222, .r9 = 0x3333,
	};

	svsm_exchange(&a, SVSM_BY_GHCB);
	expect_eq("SW_EXITINFO1", a.response, 0);
	expect_eq("pending", a.pending, 0);
	expect_eq("rax", a.rax, SVSM_SUCCESS);
	expect_eq("rcx", a.rcx, SVSM_VERSION_1);
	expect_eq("rdx", a.rdx, 0x1111);
	expect_eq("r8", a.r8, 0x2222);
	expect_eq("r9", a.r9, 0x3333);
}

/* The host can run VMPL 0 for this guest, and no other VMPL. */
static void other_vmpl(void)
{
	static const u8 vmpls[] = { 1, 3, 4, 255 };

	for (unsigned int i = 0; i < ARRAY_SIZE(vmpls); i++) {
		u64 r = ghcb_msr((u64)vmpls[i] << 32 | GHCB_MSR_RUN_VMPL);
		struct ghcb_call c = { .code = GHCB_RUN_VMPL, .info1 = vmpls[i] };

		expect_eq("response code", r & 0xfff, GHCB_MSR_RUN_VMPL_RESP);
		expect(r >> 32, "VMPL %u was run", vmpls[i]);
		expect(!ghcb_event(&c), "VMPL %u was run by the GHCB event", vmpls[i]);
	}
}

/* VMPL 2 cannot change page states itself. */
static u64 rmpadjust_result(u64 pa)
{
	u64 rax = pa;

	asm volatile(".byte 0xf3, 0x0f, 0x01, 0xfe" : "+a"(rax) : "c"(0UL), "d"(1UL)
		     : "memory", "cc");
	return rax;
}

static void rmpadjust_refused(void)
{
	expect_eq("FAIL_PERMISSION", (u32)rmpadjust_result(page_alloc()), 2);
}

static void pvalidate_faults(void)
{
	u64 pa = page_alloc();

	try_insn(".byte 0xf2, 0x0f, 0x01, 0xff", "a"(pa), "c"(0UL), "d"(1UL));
	expect(trap_taken() == TRAP_GP, "PVALIDATE: trap %d, want #GP", trap_taken());
}

static void caa_msr(void)
{
	u64 before = this_cpu()->vc_count;

	expect_eq("MSR", rdmsr(MSR_SVSM_CAA), this_cpu()->ca);
	expect_eq("#VC", this_cpu()->vc_count - before, 1);
	expect_eq("#VC error code", this_cpu()->vc_error, 0x7c);
}

static void sev_status(void)
{
	expect_eq("SEV_STATUS", rdmsr(MSR_SEV_STATUS) & 7, 7);
}

static const struct selftest tests[] = {
	{ .name = "call.unknown-call", .run = unknown_call },
	{ .name = "call.unknown-protocol", .run = unknown_protocol },
	{ .name = "call.not-pending", .run = not_pending },
	{ .name = "call.not-pending-reboot", .run = not_pending_reboot },
	{ .name = "call.by-ghcb", .run = by_ghcb },
	{ .name = "call.other-vmpl", .run = other_vmpl },
	{ .name = "call.rmpadjust-refused", .run = rmpadjust_refused },
	{ .name = "call.pvalidate-faults", .run = pvalidate_faults },
	{ .name = "call.caa-msr", .run = caa_msr },
	{ .name = "call.sev-status", .run = sev_status },
};

const struct selftest_table call_tests = { tests, ARRAY_SIZE(tests) };
