// SPDX-License-Identifier: GPL-2.0
/* What a host may do that a guest does not expect (--host). Only the lies are unlawful. */
#include "host/host.h"
#include "lib/config.h"
#include "lib/lib.h"
#include "lib/x86.h"
#include "machine/gmem.h"
#include "machine/pci.h"
#include "machine/rmp.h"
#include "machine/svm.h"
#include "machine/vcpu.h"
#include "svsm/svsm.h"

/* The AP that a host runs again, and the VMSA that it had in the last boot. */
static struct vcpu *parked;
static u64 parked_vmsa;
static bool parked_deleted;

u64 host_features(void)
{
	u64 features = HV_FEATURE_SNP | HV_FEATURE_APIC_IDS | HV_FEATURE_MULTI_VMPL;

	if (vmpl0_is_guest())
		features |= HV_FEATURE_RESTRICTED;
	return host_is(HOST_NO_AP_CREATION) ? features : features | HV_FEATURE_AP_CREATION;
}

/* A kernel that kexec has started uses its predecessor's GHCB for a while, and has no IDT. */
static bool has_nmi_handler(struct vcpu *v)
{
	struct vmcb_save *s = &v->cur->vmcb->save;
	u64 gate[2];

	return v->cur->ghcb_gpa && (s->efer & EFER_LMA) &&
	       s->idtr.limit >= (NMI_VECTOR + 1) * GATE_SIZE - 1 &&
	       !guest_read(v, s->idtr.base + NMI_VECTOR * GATE_SIZE, gate, sizeof(gate)) &&
	       (gate[0] & IDT_GATE_PRESENT);
}

/* Leave PVALIDATE alone: a guest accepts memory before it has an NMI handler. */
static bool any_call(struct vcpu *v)
{
	return v->cur->vmcb->save.rax != SVSM_RAX_PVALIDATE && has_nmi_handler(v);
}

static void send_nmi(struct vcpu *v, const char *when)
{
	event_begin("host-nmi");
	event_u64("cpu", v->index);
	event_hex("rip", v->cur->vmcb->save.rip);
	event_str("when", when);
	event_end();
	v->cur->nmi_pending = 1;
}

/*
 * Must an NMI come between the write of the GHCB MSR and this VMGEXIT? The guest takes it
 * before the instruction; the handler's own exits leave another value in the MSR.
 */
bool host_nmi_before_call(struct vcpu *v)
{
	static u32 execute, any;
	bool now = false;

	if (!config->nmi_call && !config->nmi_call_any)
		return false;
	lock(&sim_lock);
	if ((v->cur->ghcb_msr & GHCB_MSR_INFO) == GHCB_MSR_RUN_VMPL && !v->cur->nmi_blocked &&
	    !v->cur->nmi_pending && svsm_call_is_pending(v)) {
		if (svsm_call_is_execute(v) && execute < config->nmi_call) {
			execute++;
			now = true;
		} else if (any_call(v) && any < config->nmi_call_any) {
			any++;
			now = true;
		}
	}
	if (now)
		send_nmi(v, "call");
	unlock(&sim_lock);
	return now;
}

/* Must an NMI come after this call? Ask before the SVSM runs, which changes the registers. */
bool host_counts_answer(struct vcpu *v)
{
	return config->nmi_answer && !v->cur->nmi_blocked && !v->cur->nmi_pending &&
	       svsm_call_is_pending(v) && any_call(v);
}

/*
 * The SVSM has taken a call, and the VMGEXIT is over. The guest takes the NMI before its
 * next instruction, as with KVM, which injects a pending NMI at the VMRUN after the exit.
 * After EXECUTE there is no such guest.
 */
void host_nmi_after_call(struct vcpu *v)
{
	static u32 sent;

	if (sent == config->nmi_answer || v->relaunch || v->stop)
		return;
	sent++;
	send_nmi(v, "answer");
}

/*
 * Called at EXECUTE, before the APs' VMSAs go. Prefers an AP that waits, or was destroyed,
 * to one that was deleted.
 */
void host_pick_parked(const struct vcpu *self)
{
	parked = NULL;
	if (!host_is(HOST_RESUME))
		return;
	for (u32 i = 0; i < config->cpus; i++) {
		struct vcpu *v = &vcpus[i];

		if (v == self || !v->next_vmsa || v->state == VCPU_OFF)
			continue;
		if (!parked || parked->state == VCPU_DELETED)
			parked = v;
	}
	parked_vmsa = parked ? parked->next_vmsa : 0;
	parked_deleted = parked && parked->state == VCPU_DELETED;
}

/*
 * The guest has been launched again, and the host runs the parked AP's VMSA. VMRUN fails,
 * unless the SVSM forgot to see to that.
 */
void host_after_launch(const struct vcpu *launched)
{
	bool runs;

	/* EXECUTE from an AP may have chosen this AP to start again. */
	if (!parked || parked == launched)
		return;
	lock(&sim_lock);
	runs = option(OPT_KEEPVMSA) && !parked_deleted;
	event_begin("host-resume");
	event_u64("apic_id", parked->apic_id);
	event_hex("vmsa", parked_vmsa);
	event_str("result", runs ? "resumed" : "refused");
	event_end();
	if (runs)
		vcpu_resume(parked, parked_vmsa);
	parked = NULL;
	unlock(&sim_lock);
}

bool host_has_stuck_device(void)
{
	return config->stuck_device;
}

/* Is this port the data of that device's configuration space, at this address? */
static bool reaches_stuck_device(u16 port, u32 address)
{
	return config->stuck_device && pci_is_data(port) &&
	       (address & PCI_ADDRESS_ENABLE) && (address >> 8 & 0xffff) == config->stuck_device;
}

/*
 * Does the host hang in this write by the ports, which turns bus mastering off? Once: the
 * reset of the machine mends it. (MSI-X is no sign: drivers turn it off when they begin.)
 */
bool host_device_hangs(u16 port, u32 val)
{
	u32 address = in32(PCI_ADDRESS);
	static bool has;

	if (has || !host_is(HOST_DEVICE_HANGS) || port != PCI_DATA ||
	    !reaches_stuck_device(port, address) || (address & 0xfc) != PCI_COMMAND)
		return false;
	has = pci_live_bits(config->stuck_device, PCI_COMMAND) & ~val;
	return has;
}

/*
 * What becomes of a write to configuration space by the ports: one device does not stop.
 * The bits with which it writes to memory stay on, once they are, and no reset of it alone
 * takes them off.
 */
u32 host_device_sticks(u16 port, u32 val)
{
	u32 address = in32(PCI_ADDRESS);
	u32 function = config->stuck_device;

	if (!reaches_stuck_device(port, address))
		return val;
	val &= ~(pci_reset_bits(function, address & 0xfc) >> (port & 3) * 8);
	return val | pci_live_bits(function, address & 0xfc) >> (port & 3) * 8;
}

/*
 * KVM's answer to a C=1 access to a shared page: the page becomes private and loses its
 * contents. The guest makes the access again, to a page that nobody has validated.
 */
bool host_converts(u64 gpa)
{
	u64 gfn = gpa >> PAGE_SHIFT;

	if (!host_is(HOST_IMPLICIT) || page_state(gpa) != PAGE_SHARED)
		return false;
	page_set(gfn, PAGE_PRIVATE | (rmp[gfn] & PAGE_LAUNCH));
	page_poison(gfn);
	event_begin("host-convert");
	event_hex("gpa", gpa);
	event_str("to", "private");
	event_end();
	return true;
}
