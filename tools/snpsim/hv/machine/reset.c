// SPDX-License-Identifier: GPL-2.0
/*
 * The state of a vCPU at reset (APM volume 2, table 14-1), and from a VMSA. It has two
 * parts. What the VMSA holds is reset by the writer of a VMSA: the SVSM at EXECUTE, the
 * guest for an AP. What the host keeps for the vCPU is reset only with the VM.
 */
#include "lib/layout.h"
#include "lib/lib.h"
#include "lib/x86.h"
#include "machine/apic.h"
#include "machine/svm.h"
#include "machine/trap.h"
#include "machine/vcpu.h"

#define XSAVE_AREA_SIZE		8192
#define XCR0_X87		1
#define XCR0_SSE		2
#define XCR0_AVX		4
#define CPUID_XSAVE		BIT_ULL(26)

struct msr_value {
	u32 msr;
	u64 value;
};

/*
 * MSRs in the VMSA (APM volume 2, table B-4; struct sev_es_save_area in Linux 6.12),
 * except those that the VMCB has here as well: EFER, PAT, STAR, LSTAR, CSTAR, SFMASK,
 * FS_BASE, GS_BASE, KERNEL_GS_BASE and SYSENTER_*.
 */
static const struct msr_value vmsa_msrs[] = {
	{ 0x48, 0 },			/* SPEC_CTRL: 2e0h, with V_SPEC_CTRL (svm_get_msr()) */
	{ 0x1d9, 0 },			/* DEBUGCTL: 270h, KVM virtualizes LBR for SEV-ES */
	{ 0xda0, 0 },			/* XSS: 140h (sev_es_sync_vmsa()) */
	{ MSR_TSC_AUX, 0 },		/* 2ech, with V_TSC_AUX (svm_set_msr()) */
};

/*
 * MSRs in KVM's struct kvm_vcpu (kvm_get_msr_common(), Linux 6.12). An SVSM does not touch
 * them, nor does AP creation, which is an INIT for kvm_vcpu_reset(). The rest of this kind
 * is elsewhere: APIC_BASE and the task priority, also as CR8 (apic.c), the TSC (svm.c),
 * NMI masking (nmi.c), paravirtual MSRs (host/pv.c). QEMU has neither TSC_ADJUST nor HWCR.
 */
static const struct msr_value host_msrs[] = {
	{ 0x1a0, 0x1 },			/* MISC_ENABLE: arch.ia32_misc_enable_msr */
	{ 0x250, 0 }, { 0x258, 0 }, { 0x259, 0 }, { 0x268, 0 }, { 0x269, 0 }, { 0x26a, 0 },
	{ 0x26b, 0 }, { 0x26c, 0 }, { 0x26d, 0 }, { 0x26e, 0 },
	{ 0x26f, 0 },			/* fixed MTRRs: arch.mtrr_state (kvm_mtrr_get_msr()) */
	{ 0x2ff, 0 },			/* MTRRdefType: the same */
	{ 0x17a, 0 },			/* MCG_STATUS: arch.mcg_status (get_msr_mce()) */
	{ 0x17b, ~0UL },		/* MCG_CTL: arch.mcg_ctl */
};

#define MSR_MTRR_VARIABLE	0x200	/* base and mask of each: arch.mtrr_state */
#define MTRR_VARIABLE_MSRS	16
#define MSR_MC0_CTL		0x400	/* CTL, STATUS, ADDR, MISC: arch.mce_banks */
#define MCE_BANKS		10	/* QEMU has this many */

static u8 xsave_area[MAX_CPUS][XSAVE_AREA_SIZE] __aligned(64);

static void xsetbv(u64 xcr0)
{
	asm volatile("xsetbv" : : "c"(0), "a"((u32)xcr0), "d"((u32)(xcr0 >> 32)));
}

/* Put x87, SSE and all else that XCR0 may enable into the init state. */
static void reset_fpu(struct vcpu *v)
{
	u8 *area = xsave_area[v->index];
	u32 r[4], mxcsr = MXCSR_RESET;

	write_cr4(read_cr4() | CR4_OSFXSR);
	memset(area, 0, XSAVE_AREA_SIZE);
	asm volatile("fninit");
	*(u16 *)area = 0x40;			/* FCW at reset, APM volume 2 table 14-1 */
	*(u32 *)(area + 24) = mxcsr;
	cpuid(1, 0, r);
	if (r[2] & CPUID_XSAVE) {
		write_cr4(read_cr4() | CR4_OSXSAVE);
		cpuid(0xd, 0, r);
		xsetbv(r[0]);
		/* XSTATE_BV: x87 from the area, all else to its init state. */
		*(u64 *)(area + 512) = XCR0_X87;
		asm volatile("xrstor %0" : : "m"(*area), "a"(r[0]), "d"(0) : "memory");
		xsetbv(XCR0_X87);
	} else {
		asm volatile("fxrstor %0" : : "m"(*area) : "memory");
	}
	asm volatile("ldmxcsr %0" : : "m"(mxcsr));
}

/* With DebugSwap the debug address registers are in the VMSA; without it nobody keeps them. */
static void reset_debug_addresses(void)
{
	asm volatile("mov %0, %%db0" : : "r"(0UL));
	asm volatile("mov %0, %%db1" : : "r"(0UL));
	asm volatile("mov %0, %%db2" : : "r"(0UL));
	asm volatile("mov %0, %%db3" : : "r"(0UL));
}

static void set_msrs(const struct msr_value *list, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		u64 val = list[i].value;

		msr_try(list[i].msr, &val, 1);
	}
}

/* Reset what the host keeps for v, as in a new VM. Runs on v's own CPU. */
void vcpu_power_on(struct vcpu *v)
{
	u64 zero = 0, all = ~0UL;

	apic_power_on(v);
	set_msrs(host_msrs, ARRAY_SIZE(host_msrs));
	for (u32 i = 0; i < MTRR_VARIABLE_MSRS; i++)
		msr_try(MSR_MTRR_VARIABLE + i, &zero, 1);
	for (u32 i = 0; i < MCE_BANKS * 4; i++)
		msr_try(MSR_MC0_CTL + i, i % 4 ? &zero : &all, 1);
}

/* QEMU's VMRUN does not load G_PAT, so set the MSR itself. */
static void set_pat(struct vcpu *v, u64 pat)
{
	v->cur->vmcb->save.pat = pat;
	wrmsr(MSR_PAT, pat);
}

/* Would XSETBV accept it? */
bool xcr0_valid(u64 xcr0)
{
	u32 r[4];

	if (!xcr0)
		return true;		/* the reset value */
	cpuid(0xd, 0, r);
	return (xcr0 & XCR0_X87) && !(xcr0 & ~(u64)r[0]) && !(xcr0 >> 32) &&
	       (!(xcr0 & XCR0_AVX) || (xcr0 & XCR0_SSE));
}

/* Reset exactly what the VMSA holds. Runs on v's own CPU. */
void vcpu_reset(struct vcpu *v)
{
	struct vmcb_save *s;

	memset(v->cur->reg, 0, sizeof(v->cur->reg));
	svm_init_vmcb(v->cur);
	reset_fpu(v);
	reset_debug_addresses();
	set_msrs(vmsa_msrs, ARRAY_SIZE(vmsa_msrs));
	v->hv_vector = 0;
	v->flush = 1;
	s = &v->cur->vmcb->save;
	s->cs = (struct vmcb_seg){ 0xf000, 0x9b, 0xffff, 0xffff0000 };
	s->ds = (struct vmcb_seg){ 0, 0x93, 0xffff, 0 };
	s->es = s->ds;
	s->ss = s->ds;
	s->fs = s->ds;
	s->gs = s->ds;
	s->tr = (struct vmcb_seg){ 0, 0x8b, 0xffff, 0 };
	s->ldtr = (struct vmcb_seg){ 0, 0x82, 0xffff, 0 };
	s->gdtr = (struct vmcb_seg){ 0, 0, 0xffff, 0 };
	s->idtr = s->gdtr;
	s->cr0 = 0x60000000 | CR0_ET;
	s->efer = EFER_SVME;
	s->rflags = RFLAGS_FIXED;
	s->dr6 = DR6_RESET;
	s->dr7 = DR7_RESET;
	set_pat(v, PAT_RESET);
	s->rip = 0xfff0;
}

/* General registers as a VMSA has them, from RCX on; the fourth slot is reserved. */
static const enum gpr vmsa_gprs[] = {
	RCX, RDX, RBX, RSP, RBP, RSI, RDI, R8, R9, R10, R11, R12, R13, R14, R15
};

/* Load v's state from next_vmsa. Runs on v's own CPU. */
void vcpu_load_vmsa(struct vcpu *v)
{
	u8 *vmsa = (u8 *)v->next_vmsa;
	u64 xcr0 = *(u64 *)(vmsa + VMSA_XCR0);

	vcpu_reset(v);
	memcpy(&v->cur->vmcb->save, vmsa, offsetof(struct vmcb_save, dbgctl));
	v->cur->vmcb->save.cpl = 0;
	set_pat(v, v->cur->vmcb->save.pat);
	for (unsigned int i = 0; i < ARRAY_SIZE(vmsa_gprs); i++)
		if (vmsa_gprs[i] != RSP)
			v->cur->reg[vmsa_gprs[i]] = *(u64 *)(vmsa + VMSA_RCX + i * 8);
	if (xcr0)
		xsetbv(xcr0);
	v->cur->vmsa = v->next_vmsa;
}
