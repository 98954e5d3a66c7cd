// SPDX-License-Identifier: GPL-2.0
/* #VMEXIT: one switch. */
#include "exits/exits.h"
#include "host/host.h"
#include "machine/machine.h"

void skip_insn(struct vcpu *v, int len)
{
	v->vmcb->save.rip += len;
	v->vmcb->int_shadow = 0;
}

void inject_exception(struct vcpu *v, int vector, bool has_err, u32 err)
{
	v->vmcb->event_inj = vector | EVENT_TYPE_EXC | EVENT_VALID | (has_err ? EVENT_HAS_ERR : 0);
	v->vmcb->event_err = err;
}

/*
 * An external interrupt. QEMU's TCG (7.2 to 10.0) delivers an event of that type inside
 * VMRUN and does not forget its vector: should somebody ask this CPU out of its loop before
 * it leaves it by itself, it is delivered once more, with IF=0, on top of its own handler. A
 * software interrupt is delivered by the loop, and forgotten. To a guest at CPL 0 there is no
 * difference; at CPL 3 the gate would refuse it.
 */
void inject_interrupt(struct vcpu *v, int vector)
{
	u32 type = v->vmcb->save.cpl ? EVENT_TYPE_INTR : EVENT_TYPE_SOFT;

	v->vmcb->event_inj = vector | type | EVENT_VALID;
}

/*
 * The exit came while an event was being delivered: deliver it again. QEMU's TCG
 * calls interrupts and NMIs exceptions here (seen with 10.0.2).
 */
static void redeliver(struct vcpu *v)
{
	struct vmcb *m = v->vmcb;
	u32 e = m->exit_int_info, vector = e & 0xff;
	bool exception = (e & EVENT_TYPE_MASK) == EVENT_TYPE_EXC;

	if (!(e & EVENT_VALID))
		return;
	if (exception && vector >= 32) {
		inject_interrupt(v, vector);
		return;
	}
	if (exception && vector == NMI_VECTOR)
		e = (e & ~EVENT_TYPE_MASK) | EVENT_TYPE_NMI;
	m->event_inj = e;
	m->event_err = m->exit_int_err;
}

static void __noreturn unknown_exit(struct vcpu *v)
{
	struct vmcb_save *s = &v->vmcb->save;

	hv_log("cpu%u: cr0 %lx cr3 %lx cr4 %lx efer %lx", v->index, s->cr0, s->cr3, s->cr4,
	       s->efer);
	hv_panic("cpu%u: unexpected exit %lx info %lx %lx rip %lx rsp %lx", v->index,
		 v->vmcb->exit_code, v->vmcb->exit_info1, v->vmcb->exit_info2, s->rip, s->rsp);
}

void vmexit(struct vcpu *v)
{
	struct vmcb *m = v->vmcb;

	m->event_inj = 0;
	nmi_after_exit(v);
	pv_after_exit(v);
	redeliver(v);
	switch (m->exit_code) {
	case EXIT_NMI:
		count(v, KIND_NMI);
		take_nmi();
		nmi_take(v);
		break;
	case EXIT_VINTR:
		/* All it is for is to be here: see nmi.c */
		count(v, KIND_OTHER);
		break;
	case EXIT_IRET:
		count(v, KIND_OTHER);
		exit_iret(v);
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
	case EXIT_NPF:
		npt_fault(v);
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
		/* VMRUN does not take this state: nobody can run such a VMSA. */
		report_vm_lost(v, "invalid-vmsa");
	default:
		unknown_exit(v);
	}
}
