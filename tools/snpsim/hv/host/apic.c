// SPDX-License-Identifier: GPL-2.0
/*
 * The part of a local APIC that the host handles, as KVM does (kvm_apic_accept_events(),
 * Linux 6.12): mode, INIT and SIPI. In xAPIC mode below fidelity full the guest writes the
 * registers itself, and the hypervisor notices an INIT late (vcpu_ask()).
 */
#include "host/host.h"
#include "lib/config.h"
#include "lib/lib.h"
#include "lib/x86.h"
#include "machine/apic.h"
#include "machine/run_end.h"
#include "machine/vcpu.h"

#define ICR_LOGICAL		BIT_ULL(11)
#define ICR_ASSERT		BIT_ULL(14)
#define ICR_LEVEL		BIT_ULL(15)
#define ICR_SHORTHAND(icr)	((icr) >> 18 & 3)
#define TO_EVERYBODY		0xff		/* as a physical destination in xAPIC mode */
#define TO_EVERYBODY_X2		0xffffffff
#define TO_SELF			1
#define TO_ALL_BUT_SELF		3

/*
 * On an INIT KVM keeps an AP out of the guest until a SIPI comes, even if AP creation
 * comes first. It would run the boot vCPU at once, without a VMSA.
 */
static void take_init(struct vcpu *t)
{
	if (!vcpu_is_gone(t) || t == vcpu_by_apic(0))
		report_vm_lost(t, "init");
	if (!t->init_received)
		vcpu_got_init(t);
}

static void take_sipi(struct vcpu *t)
{
	if (!t->init_received)
		return;
	t->init_received = false;
	if (t->start_waits)
		vcpu_start(t, t->next_vmsa, t->ca);
	else if (t->state != VCPU_OFF)
		report_vm_lost(t, "invalid-vmsa");
}

static bool is_destination(const struct vcpu *v, const struct vcpu *t, u32 dest, u32 icr)
{
	switch (ICR_SHORTHAND(icr)) {
	case 0:
		return t->apic_id == dest || dest == TO_EVERYBODY || dest == TO_EVERYBODY_X2;
	case TO_SELF:
		return t == v;
	case TO_ALL_BUT_SELF:
		return t != v;
	default:
		return true;
	}
}

/* Returns false if the local APIC handles the IPI by itself. Called under sim_lock. */
bool host_takes_ipi(struct vcpu *v, u32 dest, u32 icr)
{
	u32 mode = icr & APIC_DM_MASK;
	bool init = mode == (APIC_DM_INIT & APIC_DM_MASK);

	if (!init && mode != (APIC_DM_STARTUP & APIC_DM_MASK))
		return false;
	if (icr & ICR_LOGICAL) {
		hv_log("cpu%u: ICR %x to logical destination %x is not supported", v->index, icr,
		       dest);
		return true;
	}
	/* The de-assertion of an INIT had an effect on the first processors only. */
	if (init && (icr & ICR_LEVEL) && !(icr & ICR_ASSERT))
		return true;
	for (u32 i = 0; i < config->cpus; i++) {
		if (!is_destination(v, &vcpus[i], dest, icr))
			continue;
		if (init)
			take_init(&vcpus[i]);
		else
			take_sipi(&vcpus[i]);
	}
	return true;
}

/*
 * Returns true if the host handles this MSR; *gp then says whether the access raises #GP.
 * Called under sim_lock.
 */
bool host_apic_msr(struct vcpu *v, u32 msr, u64 *val, bool write, bool *gp)
{
	*gp = false;
	if (msr == MSR_APIC_BASE) {
		if (write)
			*gp = apic_set_base(v, *val);
		else
			*val = apic_base(v);
		return true;
	}
	/* In xAPIC mode there is no such MSR, and the processor raises #GP. */
	return msr == MSR_X2APIC_ICR && write && (rdmsr(MSR_APIC_BASE) & APIC_BASE_X2APIC) &&
	       host_takes_ipi(v, *val >> 32, *val);
}
