// SPDX-License-Identifier: GPL-2.0
/*
 * The state of a vCPU at reset (APM volume 2, table 14-1), and from a VMSA. What
 * the VMCB does not hold is in the processor itself and is reset there.
 */
#include "machine.h"

#define XSAVE_AREA_SIZE		8192
#define XCR0_X87		1
#define XCR0_SSE		2
#define XCR0_AVX		4
#define CPUID_XSAVE		BIT_ULL(26)

struct msr_value {
	u32 msr;
	u64 value;
};

/* MSRs that a guest may write and that neither VMCB nor host own. */
static const struct msr_value reset_msrs[] = {
	{ 0x48, 0 },			/* SPEC_CTRL */
	{ 0x1a0, 0x1 },			/* MISC_ENABLE: fast strings */
	{ 0x1d9, 0 },			/* DEBUGCTL */
	{ 0x250, 0 }, { 0x258, 0 }, { 0x259, 0 }, { 0x268, 0 }, { 0x269, 0 }, { 0x26a, 0 },
	{ 0x26b, 0 }, { 0x26c, 0 }, { 0x26d, 0 }, { 0x26e, 0 }, { 0x26f, 0 },	/* fixed MTRRs */
	{ 0x2ff, 0 },			/* MTRRdefType */
	{ 0xda0, 0 },			/* XSS */
	{ MSR_TSC_AUX, 0 },
};

static u8 xsave_area[MAX_CPUS][XSAVE_AREA_SIZE] __aligned(64);

static void xsetbv(u64 xcr0)
{
	asm volatile("xsetbv" : : "c"(0), "a"((u32)xcr0), "d"((u32)(xcr0 >> 32)));
}

/* x87, SSE and what else XCR0 may enable: the init state of every component. */
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

/* Neither VMCB nor MSR list: debug address registers and the task priority. */
static void reset_registers(void)
{
	asm volatile("mov %0, %%cr8" : : "r"(0UL));
	asm volatile("mov %0, %%db0" : : "r"(0UL));
	asm volatile("mov %0, %%db1" : : "r"(0UL));
	asm volatile("mov %0, %%db2" : : "r"(0UL));
	asm volatile("mov %0, %%db3" : : "r"(0UL));
}

/*
 * Variable MTRRs, then the list above. A TSC deadline belongs to the local
 * APIC's timer, which a vCPU reset leaves alone.
 */
static void reset_msr_values(void)
{
	u64 zero = 0;

	for (u32 m = 0x200; m < 0x210; m++)
		msr_try(m, &zero, 1);
	for (unsigned int i = 0; i < ARRAY_SIZE(reset_msrs); i++) {
		u64 val = reset_msrs[i].value;

		msr_try(reset_msrs[i].msr, &val, 1);
	}
}

/* QEMU's VMRUN does not load G_PAT: the processor has it. */
static void set_pat(struct vcpu *v, u64 pat)
{
	v->vmcb->save.pat = pat;
	wrmsr(MSR_PAT, pat);
}

/* Would XSETBV take it? */
bool xcr0_valid(u64 xcr0)
{
	u32 r[4];

	if (!xcr0)
		return true;		/* what the reset state has */
	cpuid(0xd, 0, r);
	return (xcr0 & XCR0_X87) && !(xcr0 & ~(u64)r[0]) && !(xcr0 >> 32) &&
	       (!(xcr0 & XCR0_AVX) || (xcr0 & XCR0_SSE));
}

/* Runs on the CPU that v is bound to. */
void vcpu_reset(struct vcpu *v)
{
	struct vmcb_save *s;

	memset(v->reg, 0, sizeof(v->reg));
	svm_init_vmcb(v);
	reset_fpu(v);
	reset_registers();
	reset_msr_values();
	v->hv_vector = 0;
	v->flush = 1;
	s = &v->vmcb->save;
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

/* General registers of a VMSA from RCX on; the fourth is reserved. */
static const enum gpr vmsa_gprs[] = {
	RCX, RDX, RBX, RSP, RBP, RSI, RDI, R8, R9, R10, R11, R12, R13, R14, R15
};

void vcpu_load_vmsa(struct vcpu *v)
{
	u8 *vmsa = (u8 *)v->next_vmsa;
	u64 xcr0 = *(u64 *)(vmsa + VMSA_XCR0);

	if (v->power_on)
		apic_power_on(v);
	else
		apic_reset(v);
	nmi_drop(v);
	vcpu_reset(v);
	memcpy(&v->vmcb->save, vmsa, offsetof(struct vmcb_save, dbgctl));
	v->vmcb->save.cpl = 0;
	set_pat(v, v->vmcb->save.pat);
	for (unsigned int i = 0; i < ARRAY_SIZE(vmsa_gprs); i++)
		if (vmsa_gprs[i] != RSP)
			v->reg[vmsa_gprs[i]] = *(u64 *)(vmsa + VMSA_RCX + i * 8);
	if (xcr0)
		xsetbv(xcr0);
	v->vmsa = v->next_vmsa;
}
