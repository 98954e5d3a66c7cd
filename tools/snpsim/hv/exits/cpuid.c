// SPDX-License-Identifier: GPL-2.0
/* CPUID. At fidelity full the guest asks through its GHCB. */
#include "exits/exits.h"
#include "host/host.h"
#include "lib/config.h"
#include "machine/inject.h"
#include "machine/svm.h"
#include "machine/vcpu.h"

void exit_cpuid(struct vcpu *v)
{
	u32 r[4];

	count(v, KIND_CPUID);
	if (fidelity_full()) {
		deliver_vc(v, EXIT_CPUID);
		return;
	}
	guest_cpuid(v, v->cur->vmcb->save.rax, v->cur->reg[RCX], r);
	v->cur->vmcb->save.rax = r[0];
	v->cur->reg[RBX] = r[1];
	v->cur->reg[RCX] = r[2];
	v->cur->reg[RDX] = r[3];
	skip_insn(v, 2);
}
