// SPDX-License-Identifier: GPL-2.0
/* The register of VMSAs: CREATE_VCPU and DELETE_VCPU (AMD 58019, 6.3 and 6.4). */
#include "lib/config.h"
#include "lib/layout.h"
#include "lib/lib.h"
#include "lib/x86.h"
#include "machine/fpu.h"
#include "machine/rmp.h"
#include "machine/svm.h"
#include "machine/vcpu.h"
#include "machine/vmsa.h"
#include "svsm/svsm.h"

struct vmsa_entry {
	u64 vmsa, ca;
	u32 apic_id;
};

/* Linux keeps the old VMSA registered until it has made the new one. */
static struct vmsa_entry vmsas[2 * MAX_CPUS];

static struct vmsa_entry *find(u64 vmsa)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(vmsas); i++)
		if (vmsas[i].vmsa == vmsa)
			return &vmsas[i];
	return NULL;
}

bool vmsa_registered(u64 vmsa, u32 apic_id, u64 *ca)
{
	struct vmsa_entry *e = vmsa ? find(vmsa) : NULL;

	if (!e || e->apic_id != apic_id)
		return false;
	*ca = e->ca;
	return true;
}

/* Is this the calling area of the boot vCPU, which has no registered VMSA? */
static bool boot_area(u64 gpa)
{
	for (u32 i = 0; i < config->cpus; i++)
		if (!vcpu_guest(&vcpus[i])->vmsa && vcpus[i].ca == gpa && !vcpu_is_gone(&vcpus[i]))
			return true;
	return false;
}

/* Linux makes a vCPU anew with its old calling area. No other vCPU may use that area. */
static bool area_of_another(u64 ca, u32 apic_id)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(vmsas); i++)
		if (vmsas[i].vmsa && vmsas[i].ca == ca && vmsas[i].apic_id != apic_id)
			return true;
	return boot_area(ca);
}

/* Is a page the VMSA or the calling area of any vCPU? */
bool vmsa_uses_page(u64 gpa)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(vmsas); i++)
		if (vmsas[i].vmsa && (vmsas[i].vmsa == gpa || vmsas[i].ca == gpa))
			return true;
	return boot_area(gpa);
}

void vmsa_remap_ca(u64 vmsa, u64 ca)
{
	struct vmsa_entry *e = find(vmsa);

	if (e)
		e->ca = ca;
}

static bool vmsa_valid(const struct vmsa *p)
{
	return p->vmpl == GUEST_VMPL && (p->efer & EFER_SVME) &&
	       p->sev_features == sev_features() && xcr0_valid(p->xcr0);
}

u64 core_create_vcpu(struct svsm_call *c)
{
	u64 vmsa = c->guest->reg[RCX], ca = c->guest->reg[RDX];
	u32 apic_id = c->guest->reg[R8];
	struct vmsa_entry *e;

	if (((vmsa | ca) & ~PAGE_MASK) || vmsa == ca || !page_is_private_valid(vmsa) ||
	    !page_is_private_valid(ca) || vmsa_uses_page(vmsa) || area_of_another(ca, apic_id))
		return SVSM_ERR_INVALID_ADDRESS;
	if (!vcpu_by_apic(apic_id) || !vmsa_valid((const struct vmsa *)vmsa))
		return SVSM_ERR_INVALID_PARAMETER;
	e = find(0);
	if (!e)
		return SVSM_ERR_INVALID_REQUEST;
	*e = (struct vmsa_entry){ vmsa, ca, apic_id };
	/* Linux reads the page once more after this: the guest keeps read access. */
	page_set(vmsa >> PAGE_SHIFT, rmp[vmsa >> PAGE_SHIFT] | PAGE_VMSA);
	event_begin("vcpu-create");
	event_u64("cpu", c->v->index);
	event_u64("apic_id", apic_id);
	event_hex("vmsa", vmsa);
	event_hex("ca", ca);
	event_end();
	return SVSM_SUCCESS;
}

static void release(struct vmsa_entry *e)
{
	u64 gfn = e->vmsa >> PAGE_SHIFT;

	page_set(gfn, rmp[gfn] & ~(PAGE_VMSA | PAGE_IN_USE));
	e->vmsa = 0;
}

/* Does a processor execute v's VMSA, or is it about to? HLT is an exit. */
static bool executes(const struct vcpu *v)
{
	return v->state == VCPU_RUNNING || v->state == VCPU_STARTING;
}

/*
 * The SVSM clears EFER.SVME in the VMSA, so that nobody can run it again. It cannot do so
 * while a processor executes the VMSA: COCONUT-SVSM waits for as long as that takes, AMD's
 * linux-svsm returns the same error as this one.
 */
u64 core_delete_vcpu(struct svsm_call *c)
{
	u64 vmsa = c->guest->reg[RCX];
	struct vmsa_entry *e = vmsa ? find(vmsa) : NULL;
	struct vcpu *v;

	if ((vmsa & ~PAGE_MASK) || !e || c->guest->vmsa == vmsa)
		return SVSM_ERR_INVALID_PARAMETER;
	v = vcpu_by_apic(e->apic_id);
	if (v->next_vmsa == vmsa) {
		if (executes(v) || svsm_finds_in_use())
			return SVSM_ERR_VCPU_IN_USE;
		/* The host has no VMSA left to run v from. */
		vcpu_stop(v);
		if (v->state != VCPU_OFF)
			vcpu_set_state(v, VCPU_DELETED);
	}
	event_begin("vcpu-delete");
	event_u64("cpu", c->v->index);
	event_u64("apic_id", e->apic_id);
	event_hex("vmsa", vmsa);
	event_end();
	release(e);
	return SVSM_SUCCESS;
}

u64 vmsa_drop_all(void)
{
	u64 n = 0;

	for (unsigned int i = 0; i < ARRAY_SIZE(vmsas); i++)
		if (vmsas[i].vmsa) {
			release(&vmsas[i]);
			n++;
		}
	return n;
}

void vmsa_event_list(void)
{
	event_array_begin("vmsas");
	for (unsigned int i = 0; i < ARRAY_SIZE(vmsas); i++)
		if (vmsas[i].vmsa)
			event_item_hex(vmsas[i].vmsa);
	event_array_end();
}
