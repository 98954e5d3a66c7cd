/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One VMPL of a vCPU: what VMRUN runs, and what the host keeps for it. Hardware knows a
 * context as a VMSA; KVM has a struct kvm_vcpu for each.
 */
#ifndef SNPSIM_CONTEXT_H
#define SNPSIM_CONTEXT_H

#include "lib/layout.h"
#include "lib/types.h"
#include "machine/svm.h"

/* General registers in encoding order; RAX and RSP live in the VMCB. */
enum gpr { RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI, R8, R9, R10, R11, R12, R13, R14, R15 };

#define XSAVE_AREA_SIZE		8192
#define CONTEXT_MSRS		4	/* vmsa_msrs[] in reset.c */

struct context {
	u64 reg[16];			/* offset 0, see vmenter.S */
	u64 vmcb_pa;			/* offset 128 */
	struct vmcb *vmcb;
	u32 vmpl;

	/* What VMRUN does not switch; in the processor while the context is cur. */
	u8 *fpu;			/* an XSAVE area */
	u64 xcr0, dr[4], msr[CONTEXT_MSRS];
	u64 sev_features;		/* as in its VMSA */

	u64 vmsa;			/* the VMSA that it runs from, or 0 */
	u64 ghcb_msr, ghcb_gpa;		/* MSR value; registered GHCB */
	u64 ghcb_before;		/* the GHCB registered before that, or 0 */

	bool halted;			/* something else has come since it executed HLT */
	u64 released;			/* since when its VMSA has been VMPL 0's to write, or 0 */
	int nmi_pending, nmi_blocked;
	bool iret;			/* an IRET at iret_rip is about to end an NMI */
	u64 iret_rip, iret_rsp;
};

/* reset.c */
void context_reset(struct context *c);
void context_to_cpu(struct context *c);
void context_from_cpu(struct context *c);

static_assert(offsetof(struct context, vmcb_pa) == CONTEXT_VMCB_PA, "vmenter.S");

#endif
