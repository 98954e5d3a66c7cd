// SPDX-License-Identifier: GPL-2.0
/*
 * NMIs of the guest: pending, masked, delivered, as in KVM (svm_inject_nmi(), Linux 6.12).
 * A delivered NMI masks the others. Without virtual NMIs the guest ends that with
 * NMI_COMPLETE; with them (--host vnmi) the next IRET does. The host keeps this state:
 * what an SVSM does to a vCPU does not change it. AP creation and destruction drop a
 * pending NMI; they end the mask only with virtual NMIs.
 */
#include "lib/config.h"
#include "lib/x86.h"
#include "machine/nmi.h"
#include "machine/run_end.h"
#include "machine/shootdown.h"
#include "machine/svm.h"
#include "machine/vcpu.h"

/*
 * Make an NMI that arrived in the hypervisor pending for the guest. Returns whether there
 * was one.
 */
bool nmi_take(struct vcpu *v)
{
	if (!v->hv_nmi)
		return false;
	v->hv_nmi = 0;
	vcpu_guest(v)->nmi_pending = 1;
	return true;
}

bool nmi_deliverable(const struct context *c)
{
	return c->nmi_pending && !c->nmi_blocked;
}

/* AP creation and destruction: kvm_vcpu_reset() of Linux 6.12. */
void nmi_drop(struct vcpu *v)
{
	struct context *c = vcpu_guest(v);

	c->nmi_pending = 0;
	v->hv_nmi = 0;
	/* With virtual NMIs the mask is in the VMCB, which is made anew. */
	if (host_is(HOST_VNMI)) {
		c->nmi_blocked = 0;
		c->iret = false;
	}
}

/* The guest's NMI_COMPLETE. With virtual NMIs it changes nothing: the processor keeps track. */
void nmi_complete(struct vcpu *v)
{
	if (!host_is(HOST_VNMI))
		v->cur->nmi_blocked = 0;
}

/* The guest is about to execute the IRET that unmasks NMIs. */
void exit_iret(struct vcpu *v)
{
	struct context *c = v->cur;

	c->iret = true;
	c->iret_rip = c->vmcb->save.rip;
	c->iret_rsp = c->vmcb->save.rsp;
}

/*
 * An NMI for a vCPU that is out of the guest. If AP_DESTROY or DELETE_VCPU took the VMSA
 * away, KVM still runs the vCPU for an NMI, masked or not (kvm_vcpu_has_events(), Linux
 * 6.12), and VMRUN fails. After an INIT KVM does not run it.
 */
void nmi_without_vmsa(struct vcpu *v)
{
	bool lost = v->state == VCPU_DESTROYED || v->state == VCPU_DELETED;
	bool starts = READ_ONCE(v->start) || READ_ONCE(v->relaunch);

	v->hv_nmi = 0;
	if (lost && !starts && !v->init_received)
		report_vm_lost(v, "invalid-vmsa");
}

static u32 with_bits(u32 word, u32 bits, bool on)
{
	return on ? word | bits : word & ~bits;
}

/* Ask for an exit as soon as the guest would take an interrupt. */
static void watch_window(struct context *c, bool on)
{
	struct vmcb *m = c->vmcb;

	m->intercept_misc1 = with_bits(m->intercept_misc1, MISC1_VINTR, on);
	m->int_ctl = with_bits(m->int_ctl, V_IRQ | V_IGN_TPR, on);
}

/*
 * Intercept the next IRET. If an NMI waits for it, also ask for an exit as soon as the
 * guest would take an interrupt: by then the IRET is done. (Hardware delivers a virtual
 * NMI right after the IRET.)
 */
static bool watch_iret(struct context *c)
{
	struct vmcb *m = c->vmcb;

	m->intercept_misc1 = with_bits(m->intercept_misc1, MISC1_IRET, c->nmi_blocked && !c->iret);
	return c->iret && c->nmi_pending;
}

/* Called first after each exit. Has the guest executed the IRET? */
void nmi_after_exit(struct vcpu *v)
{
	struct context *c = v->cur;
	const struct vmcb_save *s = &c->vmcb->save;

	if (c->iret && (s->rip != c->iret_rip || s->rsp != c->iret_rsp)) {
		c->iret = false;
		c->nmi_blocked = 0;
	}
}

/* Called right before each entry into the guest. */
void nmi_before_entry(struct vcpu *v)
{
	struct context *c = v->cur;
	struct vmcb *m = c->vmcb;
	bool window = v->eoi_pending;

	if (nmi_deliverable(c) && (m->event_inj & EVENT_VALID)) {
		/* Another event goes first: exit as soon as it is delivered. */
		vcpu_wake(v);
	} else if (nmi_deliverable(c)) {
		c->nmi_pending = 0;
		c->nmi_blocked = 1;
		m->event_inj = NMI_VECTOR | EVENT_TYPE_NMI | EVENT_VALID;
	}
	if (!c->vmpl)
		return;			/* NMIs are the guest's */
	if (host_is(HOST_VNMI))
		window |= watch_iret(c);
	if (host_is(HOST_VNMI) || host_is(HOST_KVM_PV))
		watch_window(c, window);
}
