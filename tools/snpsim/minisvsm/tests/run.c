// SPDX-License-Identifier: GPL-2.0
/* RUN_VMPL: VMPL 2 runs from the page of its VMSA, and nothing of VMPL 0 is lost. */
#include "tests.h"

#define EXIT_VMGEXIT	0x403
#define PATTERN(n)	((n) * 0x0101010101010101UL)
#define RCX_TO_R15	0x308		/* offset of the general registers in a VMSA */
#define OWN_TSC_AUX	0x77

static u64 gpr(const struct vmsa *v, unsigned int slot)
{
	return *(const u64 *)((const u8 *)v + RCX_TO_R15 + slot * 8);
}

static u64 get_dr0(void)
{
	u64 v;

	asm volatile("mov %%db0, %0" : "=r"(v));
	return v;
}

static u64 get_xmm15(void)
{
	u64 v;

	asm volatile("movq %%xmm15, %0" : "=r"(v));
	return v;
}

/* All that VMPL 2 has is in its page afterwards, and VMPL 0 has its own. */
static void registers(void)
{
	static const u8 wanted[] = {
		0, 0, 0x11, 0, 0x12, 0x13, 0x14, 8, 9, 10, 11, 12, 13, 14, 15
	};
	u64 pa = guest_prepare(payload_registers), cr2;
	const struct vmsa *v = private(pa);

	if (!pa)
		return;
	asm volatile("mov %0, %%db0" : : "r"(0x1234UL));
	asm volatile("mov %0, %%cr2" : : "r"(0x4321UL));
	asm volatile("movq %0, %%xmm15" : : "r"(0x5678UL));
	wrmsr(MSR_TSC_AUX, OWN_TSC_AUX);
	expect_eq("RUN_VMPL", run_vmpl(GUEST_VMPL), 0);
	asm volatile("mov %%cr2, %0" : "=r"(cr2));
	expect_eq("VMPL 0's DR0", get_dr0(), 0x1234);
	expect_eq("VMPL 0's CR2", cr2, 0x4321);
	expect_eq("VMPL 0's XMM15", get_xmm15(), 0x5678);
	expect_eq("VMPL 0's TSC_AUX", rdmsr(MSR_TSC_AUX), OWN_TSC_AUX);

	for (unsigned int i = 2; i < ARRAY_SIZE(wanted); i++)
		if (i != 3)
			expect_eq("general register", gpr(v, i), PATTERN(wanted[i]));
	expect_eq("exit code", *(u64 *)((u8 *)v + 0x3c0), EXIT_VMGEXIT);
	expect_eq("RIP", v->rip, (u64)payload_gave_way);
	expect_eq("RAX", v->rax, GHCB_MSR_RUN_VMPL);
	expect_eq("CR2", *(u64 *)((u8 *)v + 0x240), PATTERN(0x11));
	expect_eq("DR0", *(u64 *)((u8 *)v + 0x180), PATTERN(0x11));
	expect_eq("XMM15", v->xmm[15][15], 0x11);
	expect_eq("YMM15", v->ymm[15][15], 0x11);
	expect_eq("MXCSR", v->mxcsr, 0x1fa0);
	expect_eq("x87 tags", v->x87_ftw, 0x3fff);
	expect_eq("ST0's exponent", v->x87[0][8], 0x00);
	expect_eq("ST0's sign and exponent", v->x87[0][9], 0x40);
	expect_eq("XCR0", v->xcr0, 7);
	expect_eq("VMPL", v->vmpl, GUEST_VMPL);
	expect(v->efer & EFER_SVME, "EFER.SVME is gone");
}

/* What VMPL 0 writes to the page is what VMPL 2 runs with. */
static void from_memory(void)
{
	u64 pa = guest_prepare(payload_stores);
	struct vmsa *v = private(pa);

	if (!pa)
		return;
	v->rax = 0xaaaa;
	v->rsp -= 64;
	*(u64 *)((u8 *)v + 0x340) = 0x8888;
	memset(v->xmm[3], 0x33, 16);
	*(u64 *)((u8 *)v + 0x188) = 0xd1;
	expect_eq("RUN_VMPL", run_vmpl(GUEST_VMPL), 0);
	expect_eq("RAX", payload_found[0], 0xaaaa);
	expect_eq("R8", payload_found[1], 0x8888);
	expect_eq("RSP", payload_found[2], v->rsp);
	expect_eq("XMM3", payload_found[3], PATTERN(0x33));
	expect_eq("DR1", payload_found[4], 0xd1);
	/* It goes on where it gave way, and finds the host's answer to its own request. */
	expect_eq("RUN_VMPL", run_vmpl(GUEST_VMPL), 0);
	expect_eq("VMPL 2's answer", payload_found[5], GHCB_MSR_RUN_VMPL_RESP);
	/* Begin anew, from memory again. */
	v->rip = (u64)payload_stores;
	v->rax = 0xbbbb;
	expect_eq("RUN_VMPL", run_vmpl(GUEST_VMPL), 0);
	expect_eq("RAX", payload_found[0], 0xbbbb);
}

/* The page has LME and PG, and LMA as the writer thinks. */
static void lma(void)
{
	u64 pa = guest_prepare(payload_stores);
	struct vmsa *v = private(pa);

	if (!pa)
		return;
	v->efer &= ~BIT(10);
	v->rax = 0xcccc;
	expect_eq("RUN_VMPL", run_vmpl(GUEST_VMPL), 0);
	expect_eq("RAX", payload_found[0], 0xcccc);
	expect(v->efer & BIT(10), "LMA is not set afterwards");
}

static void by_page(void)
{
	struct ghcb_call call = { .code = GHCB_RUN_VMPL, .info1 = GUEST_VMPL };
	u64 pa = guest_prepare(payload_stores);

	if (!pa)
		return;
	((struct vmsa *)private(pa))->rax = 0xdddd;
	expect(ghcb_event(&call), "the host refuses: %lx", call.info1);
	expect_eq("RAX", payload_found[0], 0xdddd);
	call = (struct ghcb_call){ .code = GHCB_RUN_VMPL, .info1 = 0 };
	expect(!ghcb_event(&call), "VMPL 0 has run itself");
}

/* Each VMPL has its own GHCB MSR, and its own SEV_STATUS. */
static void guest_compares(void)
{
	payload_found[0] = rdmsr(MSR_SEV_STATUS);
	payload_found[1] = rdmsr(MSR_GHCB);
	run_vmpl(0);
}

static void msrs(void)
{
	u64 pa = guest_prepare(guest_compares), own = rdmsr(MSR_GHCB);

	if (!pa)
		return;
	((struct vmsa *)private(pa))->sev_features = 1;
	expect_eq("RUN_VMPL", run_vmpl(GUEST_VMPL), 0);
	expect_eq("SEV_STATUS", payload_found[0], 7);
	expect(payload_found[1] != own, "VMPL 2 has VMPL 0's GHCB");
	expect_eq("GHCB", rdmsr(MSR_GHCB), own);
}

/* Whatever is wrong with it, the host runs no such VMSA, and says so. */
static void refused(void)
{
	u64 pa = guest_prepare(payload_stores);
	struct vmsa *v = private(pa);

	if (!pa)
		return;
	for (u32 vmpl = 0; vmpl < 4; vmpl++)
		if (vmpl != GUEST_VMPL)
			expect(run_vmpl(vmpl), "VMPL %u", vmpl);
	v->efer &= ~EFER_SVME;
	expect(run_vmpl(GUEST_VMPL), "no SVME");
	v->efer |= EFER_SVME;
	v->vmpl = 1;
	expect(run_vmpl(GUEST_VMPL), "the VMSA of VMPL 1");
	v->vmpl = GUEST_VMPL;
	v->sev_features = 0;
	expect(run_vmpl(GUEST_VMPL), "no SNP");
	v->sev_features = 1;
	expect_eq("RMPADJUST", rmpadjust(pa, false, GUEST_VMPL, RIGHTS_ALL), SNP_DONE);
	expect(run_vmpl(GUEST_VMPL), "a page that is no VMSA");
	guest_seal(pa);
	expect_eq("as it was", run_vmpl(GUEST_VMPL), 0);
}

static void creation_refused(void)
{
	u64 pa = guest_prepare(payload_stores), huge = HEAP + 3 * HUGE_SIZE;
	u32 self = this_cpu()->apic_id;

	if (!pa)
		return;
	expect(!guest_create(self, pa + 8, AP_CREATE), "a VMSA that is not aligned");
	expect(!guest_create(self, huge, AP_CREATE), "the first page of 2 MiB");
	expect(!guest_create(self, page_top() << 4, AP_CREATE), "no memory");
	expect(!guest_create(77, pa, AP_CREATE), "no such CPU");
	expect(!guest_create(self, pa, 3), "no such type");
	expect_eq("as it was", run_vmpl(GUEST_VMPL), 0);
}

/* VMPL 2 may read its VMSA, as long as it does not run. */
static u64 sealed;

static void guest_reads(void)
{
	payload_found[0] = *(u64 *)private(sealed);
	run_vmpl(0);
}

static void pvalidate_faults(void)
{
	try_insn(".byte 0xf2, 0x0f, 0x01, 0xff", "a"(HEAP), "c"(0), "d"(1));
	payload_found[0] = trap_taken();
	payload_found[1] = rmpadjust(HEAP, false, 3, 0);
	run_vmpl(0);
}

static void rights(void)
{
	u64 other = page_alloc(), pa;

	guest_vmsa(other, payload_stores);
	guest_seal(other);
	sealed = other;
	pa = guest_prepare(guest_reads);
	if (!pa)
		return;
	payload_found[0] = 0;
	expect_eq("RUN_VMPL", run_vmpl(GUEST_VMPL), 0);
	expect_eq("a read", payload_found[0], *(u64 *)private(other));
	if (!guest_prepare(pvalidate_faults))
		return;
	expect_eq("RUN_VMPL", run_vmpl(GUEST_VMPL), 0);
	expect_eq("PVALIDATE at VMPL 2", payload_found[0], TRAP_GP);
	expect_eq("RMPADJUST at VMPL 2", payload_found[1], SNP_FAIL_PERMISSION);
}

/* PVALIDATE does not change what VMPL 2 may do; the host's assignment takes it away. */
static u64 target;

static void guest_touches(void)
{
	payload_found[0] = load((u64 *)private(target));
	run_vmpl(0);
}

static void rights_stay(void)
{
	target = HEAP + 0x180000;
	if (!guest_prepare(guest_touches))
		return;
	expect_eq("validate", pvalidate(target, false, true, NULL), SNP_DONE);
	*(u64 *)target = 0x99;
	expect_eq("grant", rmpadjust(target, false, GUEST_VMPL, RIGHTS_ALL), SNP_DONE);
	expect_eq("rescind", pvalidate(target, false, false, NULL), SNP_DONE);
	expect_eq("validate", pvalidate(target, false, true, NULL), SNP_DONE);
	expect_eq("RUN_VMPL", run_vmpl(GUEST_VMPL), 0);
	expect_eq("a read", payload_found[0], 0x99);
}

static void touch_without_right(bool assigned_anew)
{
	target = HEAP + 0x190000;
	if (!guest_prepare(guest_touches))
		return;
	expect_eq("validate", pvalidate(target, false, true, NULL), SNP_DONE);
	expect_eq("grant", rmpadjust(target, false, GUEST_VMPL, RIGHTS_ALL), SNP_DONE);
	if (assigned_anew) {
		expect_eq("rescind", pvalidate(target, false, false, NULL), SNP_DONE);
		expect_eq("to shared", ghcb_psc_msr(target, PSC_SHARED), 0);
		expect_eq("to private", ghcb_psc_msr(target, PSC_PRIVATE), 0);
		expect_eq("validate", pvalidate(target, false, true, NULL), SNP_DONE);
	} else {
		expect_eq("revoke", rmpadjust(target, false, GUEST_VMPL, 0), SNP_DONE);
	}
	say("PAGE %lx", target);
	planted();
	run_vmpl(GUEST_VMPL);
	expect(false, "the read came back");
}

static void revoked(void)
{
	touch_without_right(false);
}

static void assigned_anew(void)
{
	touch_without_right(true);
}

static void guest_writes(void)
{
	store((u64 *)private(sealed), 1);
}

static void vmsa_write(void)
{
	u64 other = page_alloc();

	guest_vmsa(other, payload_stores);
	guest_seal(other);
	sealed = other;
	if (!guest_prepare(guest_writes))
		return;
	say("PAGE %lx", sealed);
	planted();
	run_vmpl(GUEST_VMPL);
	expect(false, "the write came back");
}

static const struct selftest tests[] = {
	{ .name = "run.registers", .run = registers },
	{ .name = "run.from-memory", .run = from_memory },
	{ .name = "run.lma", .run = lma },
	{ .name = "run.by-page", .run = by_page },
	{ .name = "run.msrs", .run = msrs },
	{ .name = "run.refused", .run = refused },
	{ .name = "run.creation-refused", .run = creation_refused },
	{ .name = "run.rights", .run = rights },
	{ .name = "run.rights-stay", .run = rights_stay },
	{ .name = "run.revoked", .run = revoked, .alone = true },
	{ .name = "run.assigned-anew", .run = assigned_anew, .alone = true },
	{ .name = "run.vmsa-write", .run = vmsa_write, .alone = true },
};

const struct selftest_table run_tests = { tests, ARRAY_SIZE(tests) };
