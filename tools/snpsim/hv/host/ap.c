// SPDX-License-Identifier: GPL-2.0
/* AP creation, destruction and reset hold (AMD 56421, 4.1.9 and 4.3.2). */
#include "host/host.h"
#include "lib/config.h"
#include "lib/lib.h"
#include "machine/apic.h"
#include "machine/nmi.h"
#include "machine/shootdown.h"
#include "machine/svm.h"
#include "machine/vcpu.h"
#include "svsm/svsm.h"

#define AP_CREATE_ON_INIT	0
#define AP_CREATE		1
#define AP_DESTROY		2

/* What KVM does to a vCPU that it creates (kvm_vcpu_reset(), Linux 6.12). */
void host_vcpu_reset(struct vcpu *v)
{
	apic_reset(v);
	nmi_drop(v);
	pv_reset(v);
}

static void event_start(const struct vcpu *v, const struct vcpu *ap, u32 vmpl, u64 vmsa)
{
	event_begin("vcpu-start");
	event_u64("cpu", v->index);
	event_u64("apic_id", ap->apic_id);
	event_u64("vmpl", vmpl);
	event_hex("vmsa", vmsa);
	event_str("result", ap->init_received ? "waits-for-sipi" : "started");
	event_end();
}

static const char *create_vmpl(struct vcpu *v, struct vcpu *ap, u32 vmpl, u64 vmsa)
{
	const char *refused = host_create_vmpl(v, ap, vmpl, vmsa);

	if (!refused)
		event_start(v, ap, vmpl, vmsa);
	return refused;
}

static const char *create_ap(struct vcpu *v, struct vcpu *ap, u64 info1, u64 vmsa)
{
	u32 vmpl = info1 >> 16 & 15;
	u64 ca;

	if (vmpl0_is_guest())
		return create_vmpl(v, ap, vmpl, vmsa);
	if (vmpl != GUEST_VMPL)
		return "VMPL";
	if (!vmsa_registered(vmsa, ap->apic_id, &ca))
		return "VMSA not created by the SVSM";
	if (ap == v)
		return "itself";
	vcpu_ask(ap);
	event_start(v, ap, vmpl, vmsa);
	if (ap->init_received) {
		ap->next_vmsa = vmsa;
		ap->ca = ca;
		ap->start_waits = true;
		return NULL;
	}
	vcpu_start(ap, vmsa, ca);
	return NULL;
}

static const char *destroy_ap(struct vcpu *v, struct vcpu *ap, u64 info1)
{
	const char *result = "done";

	if (ap == v && !vmpl0_is_guest())
		return "itself";
	if (host_is(HOST_DESTROY_REFUSE))
		result = "refused";
	else if (host_is(HOST_DESTROY_LIE))
		result = "ignored";
	event_begin("vcpu-destroy");
	event_u64("cpu", v->index);
	event_u64("apic_id", ap->apic_id);
	event_str("result", result);
	event_end();
	if (host_is(HOST_DESTROY_REFUSE))
		return "as ordered";
	if (vmpl0_is_guest())
		return host_destroy_vmpl(v, ap, info1 >> 16 & 15);
	if (!host_is(HOST_DESTROY_LIE)) {
		vcpu_destroy(ap);
		pv_reset(ap);
	}
	return NULL;
}

void ap_creation(struct vcpu *v, u8 *ghcb, u64 info1, u64 vmsa)
{
	struct vcpu *ap = vcpu_by_apic(info1 >> 32);
	const char *refused = "type";

	if (host_is(HOST_NO_AP_CREATION))
		refused = "not supported";
	else if (!ap)
		refused = "APIC id";
	else if ((info1 & 0xffff) == AP_DESTROY)
		refused = destroy_ap(v, ap, info1);
	else if ((info1 & 0xffff) == AP_CREATE || (info1 & 0xffff) == AP_CREATE_ON_INIT)
		refused = create_ap(v, ap, info1, vmsa);
	if (refused) {
		hv_log("cpu%u: AP creation %lx vmsa %lx refused: %s", v->index, info1, vmsa,
		       refused);
		ghcb_error(ghcb, GHCB_ERR_INVALID_INPUT);
	}
}

/* The AP waits until the host starts it again; vcpu_main() keeps it out of the guest. */
void ap_reset_hold(struct vcpu *v)
{
	if (vmpl0_is_guest() && v->cur->vmpl) {
		host_hold_guest(v);
	} else {
		vcpu_set_state(v, VCPU_RESET_HOLD);
		/* Only a start lets it into the guest again. */
		vmsa_in_use(v->cur->vmsa, false);
	}
	event_begin("vcpu-park");
	event_u64("cpu", v->index);
	event_str("how", "reset-hold");
	event_end();
}
