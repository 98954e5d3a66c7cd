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

struct context {
	u64 reg[16];			/* offset 0, see vmenter.S */
	u64 vmcb_pa;			/* offset 128 */
	struct vmcb *vmcb;

	u64 vmsa;			/* the VMSA that it runs from, or 0 */
	u64 ghcb_msr, ghcb_gpa;		/* MSR value; registered GHCB */
	u64 ghcb_before;		/* the GHCB registered before that, or 0 */

	int nmi_pending, nmi_blocked;
	bool iret;			/* an IRET at iret_rip is about to end an NMI */
	u64 iret_rip, iret_rsp;
};

static_assert(offsetof(struct context, vmcb_pa) == CONTEXT_VMCB_PA, "vmenter.S");

#endif
