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
#include "machine/fpu.h"
#include "machine/svm.h"
#include "machine/trap.h"
#include "machine/vcpu.h"
#include "machine/vmsa.h"

struct msr_value {
	u32 msr;
	u64 value;
};

/*
 * MSRs in the VMSA (struct sev_es_save_area in Linux 6.12), except those that the VMCB has
 * here as well: EFER, PAT, STAR, LSTAR, CSTAR, SFMASK, FS_BASE, GS_BASE, KERNEL_GS_BASE and
 * SYSENTER_*. All are 0 at reset.
 */
const struct vmsa_msr vmsa_msrs[CONTEXT_MSRS] = {
	{ 0x48, offsetof(struct vmsa, spec_ctrl), 8 },	/* V_SPEC_CTRL (svm_get_msr()) */
	{ 0x1d9, offsetof(struct vmsa, dbgctl), 8 },	/* KVM virtualizes LBR for SEV-ES */
	{ 0xda0, offsetof(struct vmsa, xss), 8 },	/* sev_es_sync_vmsa() */
	{ MSR_TSC_AUX, offsetof(struct vmsa, tsc_aux), 4 },	/* V_TSC_AUX (svm_set_msr()) */
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

static u8 xsave_areas[MAX_CPUS][VMPLS][XSAVE_AREA_SIZE] __aligned(64);

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

/*
 * Put into the processor what VMRUN does not: QEMU's does not load G_PAT either. Runs on
 * the context's own CPU.
 */
void context_to_cpu(struct context *c)
{
	fpu_to_cpu(c);
	asm volatile("mov %0, %%db0" : : "r"(c->dr[0]));
	asm volatile("mov %0, %%db1" : : "r"(c->dr[1]));
	asm volatile("mov %0, %%db2" : : "r"(c->dr[2]));
	asm volatile("mov %0, %%db3" : : "r"(c->dr[3]));
	for (unsigned int i = 0; i < CONTEXT_MSRS; i++)
		msr_try(vmsa_msrs[i].msr, &c->msr[i], 1);
	wrmsr(MSR_PAT, c->vmcb->save.pat);
}

/* The reverse. What VMRUN switches is in the VMCB already. */
void context_from_cpu(struct context *c)
{
	fpu_from_cpu(c);
	asm volatile("mov %%db0, %0" : "=r"(c->dr[0]));
	asm volatile("mov %%db1, %0" : "=r"(c->dr[1]));
	asm volatile("mov %%db2, %0" : "=r"(c->dr[2]));
	asm volatile("mov %%db3, %0" : "=r"(c->dr[3]));
	for (unsigned int i = 0; i < CONTEXT_MSRS; i++)
		msr_try(vmsa_msrs[i].msr, &c->msr[i], 0);
	c->vmcb->save.pat = rdmsr(MSR_PAT);
}

/* Reset exactly what the VMSA holds. */
void context_reset(struct context *c)
{
	struct vmcb_save *s = &c->vmcb->save;

	memset(c->reg, 0, sizeof(c->reg));
	svm_init_vmcb(c);
	fpu_reset(c);
	memset(c->dr, 0, sizeof(c->dr));
	memset(c->msr, 0, sizeof(c->msr));
	c->sev_features = sev_features();
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
	s->pat = PAT_RESET;
	s->rip = 0xfff0;
}

/* The areas of a CPU's contexts, once it is up */
void context_init(struct vcpu *v)
{
	for (u32 i = 0; i < VMPLS; i++) {
		v->ctx[i].vmpl = i;
		v->ctx[i].fpu = xsave_areas[v->index][i];
	}
}

/* The context is the one that runs from now on. Runs on v's own CPU. */
void vcpu_switch(struct vcpu *v, struct context *c)
{
	WRITE_ONCE(v->cur, c);
	context_to_cpu(v->cur);
	v->flush = 1;
}

static void enter_afresh(struct vcpu *v)
{
	vcpu_switch(v, v->cur);
	v->hv_vector = 0;
}

/* Reset the context that runs. Runs on v's own CPU. */
void vcpu_reset(struct vcpu *v)
{
	context_reset(v->cur);
	enter_afresh(v);
}

/* Run a context from a VMSA, which is at gpa for the guest. Runs on v's own CPU. */
void vcpu_load(struct vcpu *v, struct context *c, const struct vmsa *p, u64 gpa)
{
	context_reset(c);
	context_load(c, p);
	c->vmsa = gpa;
	v->cur = c;
	enter_afresh(v);
}

/* Load a VMSA into a context that may have run before; what no VMSA has stays. */
void context_load(struct context *c, const struct vmsa *p)
{
	svm_init_vmcb(c);
	vmsa_load(c, p);
}

/*
 * Load v's state from next_vmsa: that of VMPL 2, or of a program at VMPL 0 that starts it
 * on another CPU. Runs on v's own CPU.
 */
void vcpu_load_vmsa(struct vcpu *v)
{
	struct context *c = vmpl0_is_guest() ? &v->ctx[0] : vcpu_guest(v);

	vcpu_load(v, c, (const struct vmsa *)v->next_vmsa, v->next_vmsa);
}
