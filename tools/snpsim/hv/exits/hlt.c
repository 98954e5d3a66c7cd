// SPDX-License-Identifier: GPL-2.0
/* HLT. The vCPU waits in the hypervisor, which therefore knows its state. */
#include "debug/debug.h"
#include "exits/exits.h"
#include "host/host.h"
#include "lib/config.h"
#include "lib/x86.h"
#include "machine/apic.h"
#include "machine/inject.h"
#include "machine/nmi.h"
#include "machine/trap.h"
#include "machine/vapic.h"
#include "machine/vcpu.h"

#define HLT_LEN		1	/* bytes */
#define TPR_IDLE		0x1f	/* as Linux sets it: keeps out exception vectors only */

/* The CPU has parked with interrupts on, for one certain vector: treat it as if IF=0. */
static bool waits_for_one(void)
{
	return host_is(HOST_NO_WAKE) && apic_read(APIC_TPR) > TPR_IDLE;
}

/*
 * VMPL 0 waits for an interrupt of its own; NMIs and what arrives at the local APIC wait for
 * the guest.
 */
static void halt_vmpl0(struct vcpu *v)
{
	vcpu_set_own_state(v, VCPU_HALTED);
	/* A guest for this CPU ends the HLT, too: the program shall run it. */
	while (!vcpu_kept_out(v) && !vapic_ends_halt(v) &&
	       READ_ONCE(v->guest_change) == GUEST_STAYS && !v->guest_is_new) {
		if (debug_asks(v)) {
			/* The loop goes on with the HLT after it. */
			v->cur->halted = true;
			vcpu_set_own_state(v, VCPU_RUNNING);
			return;
		}
		wait_for_nmi();
	}
	v->guest_is_new = false;
	if (!vcpu_kept_out(v))
		vcpu_set_own_state(v, VCPU_RUNNING);
}

/*
 * HLT is an automatic exit: the host does not run the vCPU until something wakes it. With
 * IF=1 interrupts arrive here and are handed on. An NMI ends the HLT even while another
 * one masks it: KVM runs the vCPU for KVM_REQ_NMI, whatever it then delivers
 * (kvm_vcpu_has_events(), Linux 6.12).
 */
static void halt_guest(struct vcpu *v)
{
	bool if_set = (v->cur->vmcb->save.rflags & RFLAGS_IF) && !waits_for_one();
	u8 vector = 0;

	vcpu_set_own_state(v, if_set ? VCPU_IDLE : VCPU_HALTED);
	while (!vcpu_kept_out(v)) {
		/* An NMI that came before the HLT ends it at once. */
		bool came = nmi_take(v);

		if (v->hv_vector) {
			vector = v->hv_vector;
			inject_interrupt(v, vector);
			v->hv_vector = 0;
			break;
		}
		if (vapic_is_pending(v) || READ_ONCE(v->guest_change) || debug_asks(v)) {
			/* That goes first; the loop goes on with the HLT after it. */
			v->cur->halted = true;
			break;
		}
		if ((came || nmi_deliverable(vcpu_guest(v))) && (if_set || !host_is(HOST_NO_WAKE)))
			break;
		if (if_set)
			wait_for_interrupt();
		else
			wait_for_nmi();
	}
	if (!vcpu_kept_out(v)) {
		vcpu_set_own_state(v, VCPU_RUNNING);
		pv_after_halt(v, vector);
	} else if (v->hv_vector) {
		/* The guest that this interrupt was for no longer exists. */
		v->hv_vector = 0;
		apic_write(APIC_EOI, 0);
	}
}

/* Wait as HLT does. */
void wait_halted(struct vcpu *v)
{
	v->cur->halted = false;
	if (v->cur->vmpl)
		halt_guest(v);
	else
		halt_vmpl0(v);
}

void exit_hlt(struct vcpu *v)
{
	enum fault fault;

	count(v, KIND_HLT);
	fault = host_fault(v, PATH_HLT, 0, 0);
	skip_insn(v, HLT_LEN);
	/* Nobody can refuse a HLT, but a host may run the vCPU again for no reason. */
	if (fault_keeps_from(v, fault, HLT_LEN))
		return;
	wait_halted(v);
	if (fault == FAULT_NMI_AFTER && !vcpu_kept_out(v))
		v->cur->nmi_pending = 1;
}
