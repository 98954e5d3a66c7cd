// SPDX-License-Identifier: GPL-2.0
/* #VMEXIT: one switch. */
#include "debug/debug.h"
#include "exits/exits.h"
#include "host/host.h"
#include "lib/lib.h"
#include "lib/x86.h"
#include "machine/inject.h"
#include "machine/nmi.h"
#include "machine/run_end.h"
#include "machine/svm.h"
#include "machine/trap.h"
#include "machine/vcpu.h"

static void __noreturn unknown_exit(struct vcpu *v)
{
	struct vmcb *m = v->cur->vmcb;
	struct vmcb_save *s = &m->save;

	hv_log("cpu%u: cr0 %lx cr3 %lx cr4 %lx efer %lx", v->index, s->cr0, s->cr3, s->cr4,
	       s->efer);
	hv_panic("cpu%u: unexpected exit %lx info %lx %lx rip %lx rsp %lx", v->index,
		 m->exit_code, m->exit_info1, m->exit_info2, s->rip, s->rsp);
}

static void handle(struct vcpu *v)
{
	struct vmcb *m = v->cur->vmcb;

	switch (m->exit_code) {
	case EXIT_NMI:
		count(v, KIND_NMI);
		take_nmi();
		nmi_take(v);
		break;
	case EXIT_VINTR:
		/* The exit itself is the purpose: see machine/nmi.c */
		count(v, KIND_OTHER);
		break;
	case EXIT_IRET:
		count(v, KIND_OTHER);
		exit_iret(v);
		break;
	case EXIT_EXC_DB:
		debug_exit_db(v);
		break;
	case EXIT_EXC_UD:
		exit_ud(v);
		break;
	case EXIT_CPUID:
		exit_cpuid(v);
		break;
	case EXIT_SWINT:
		exit_swint(v);
		break;
	case EXIT_HLT:
		exit_hlt(v);
		break;
	case EXIT_MSR:
		exit_msr(v);
		break;
	case EXIT_IOIO:
		exit_ioio(v);
		break;
	case EXIT_VMMCALL:
		exit_vmmcall(v);
		break;
	case EXIT_CR0_WRITE:
		exit_cr0_write(v);
		break;
	case EXIT_CR8_WRITE:
		exit_cr8_write(v);
		break;
	case EXIT_NPF:
		exit_npf(v);
		break;
	case EXIT_DR7_READ:
	case EXIT_DR7_WRITE:
	case EXIT_WBINVD:
		deliver_vc(v, m->exit_code);
		break;
	case EXIT_INVLPGA:
	case EXIT_VMRUN:
	case EXIT_VMLOAD ... EXIT_SKINIT:
		/* No SVM for the guest. */
		count(v, KIND_OTHER);
		inject_exception(v, EXC_UD, false, 0);
		break;
	case EXIT_SHUTDOWN:
		report_host_reset(v, "triple-fault");
	case EXIT_INVALID:
	case EXIT_INVALID_32:
		/* VMRUN refuses this state: no host can run such a VMSA. */
		report_vm_lost(v, "invalid-vmsa");
	default:
		unknown_exit(v);
	}
}

void vmexit(struct vcpu *v)
{
	u64 rip;

	v->cur->vmcb->event_inj = 0;
	nmi_after_exit(v);
	pv_after_exit(v);
	inject_again(v);
	do {
		rip = v->cur->vmcb->save.rip;
		handle(v);
	} while (next_is_for_ghcb(v, rip));
}
