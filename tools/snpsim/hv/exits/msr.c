// SPDX-License-Identifier: GPL-2.0
/* MSRs that the hypervisor answers itself. */
#include "exits/exits.h"
#include "host/host.h"
#include "lib/config.h"
#include "lib/lib.h"
#include "lib/x86.h"
#include "machine/inject.h"
#include "machine/rmp.h"
#include "machine/svm.h"
#include "machine/trap.h"
#include "machine/vcpu.h"

#define EFER_GUEST	(EFER_SCE | EFER_LME | EFER_NXE | EFER_FFXSR)

/* The host's MSRs: those of the local APIC, and KVM's own */
static bool host_msr_faults(struct vcpu *v, u32 msr, u64 *val, bool write)
{
	bool taken, gp;

	lock(&sim_lock);
	if (v->stop || v->freeze) {
		/* Another vCPU stopped v while it waited for the lock: it has written nothing. */
		unlock(&sim_lock);
		return false;
	}
	taken = pv_msr(v, msr, val, write, &gp) || host_apic_msr(v, msr, val, write, &gp);
	unlock(&sim_lock);
	return taken ? gp : msr_try(msr, val, write);
}

static bool is_apic_msr(u32 msr)
{
	return msr == MSR_APIC_BASE || (msr >= MSR_X2APIC && msr <= MSR_X2APIC_LAST);
}

void exit_msr(struct vcpu *v)
{
	struct vmcb_save *s = &v->cur->vmcb->save;
	bool write = v->cur->vmcb->exit_info1 & 1;
	u64 val = (s->rax & 0xffffffff) | v->cur->reg[RDX] << 32;

	count(v, KIND_MSR);
	if (!v->cur->vmpl && is_apic_msr(v->cur->reg[RCX])) {
		deliver_vc(v, EXIT_MSR);
		return;
	}
	switch ((u32)v->cur->reg[RCX]) {
	case MSR_APIC_BASE:
	case MSR_X2APIC_ICR:
	case MSR_KVM_FIRST ... MSR_KVM_LAST:
		if (fidelity_full()) {
			deliver_vc(v, EXIT_MSR);
			return;
		}
		if (host_msr_faults(v, v->cur->reg[RCX], &val, write))
			goto gp;
		break;
	case MSR_EFER:
		if (write)
			s->efer = (val & EFER_GUEST) | (s->efer & EFER_LMA) | EFER_SVME;
		else
			val = s->efer & ~EFER_SVME;
		break;
	case MSR_GHCB:
		if (write)
			v->cur->ghcb_msr = val;
		else
			val = v->cur->ghcb_msr;
		break;
	case MSR_SEV_STATUS:
		if (write)
			goto gp;
		val = SEV_STATUS_SEV_ES | v->cur->sev_features << SEV_STATUS_FEATURES;
		break;
	case MSR_VM_CR:
		if (!write)
			val = VM_CR_SVMDIS;
		break;
	case MSR_VM_HSAVE_PA:
		if (!write)
			val = 0;
		break;
	case MSR_SVSM_CAA:
		/* The guest's #VC handler answers this one (AMD 58019, 4.2). */
		deliver_vc(v, EXIT_MSR);
		return;
	default:
		if (fidelity_full()) {
			deliver_vc(v, EXIT_MSR);
			return;
		}
gp:
		inject_exception(v, EXC_GP, true, 0);
		return;
	}
	if (!write) {
		s->rax = val & 0xffffffff;
		v->cur->reg[RDX] = val >> 32;
	}
	skip_insn(v, 2);
}
