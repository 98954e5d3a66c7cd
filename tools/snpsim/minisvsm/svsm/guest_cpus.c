// SPDX-License-Identifier: GPL-2.0
/*
 * The guest's vCPUs: which page is the VMSA of which CPU, and where its calling area is.
 * Linux registers a CPU's new VMSA before it deletes the old one; the newest is the one that
 * the host runs.
 */
#include "svsm.h"

static struct guest_vcpu vcpus[2 * MAX_CPUS];
static struct guest_vcpu *newest[MAX_CPUS];
static u64 boot_vmsas[MAX_CPUS];

struct guest_vcpu *guest_of(u32 cpu)
{
	return load(&newest[cpu]);
}

struct guest_vcpu *guest_by_vmsa(u64 vmsa)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(vcpus); i++)
		if (vcpus[i].used && !vcpus[i].boot && vcpus[i].vmsa == vmsa)
			return &vcpus[i];
	return NULL;
}

/* Is the page a VMSA or the calling area of a vCPU? */
bool guest_uses_page(u64 pa)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(vcpus); i++)
		if (vcpus[i].used && (vcpus[i].vmsa == pa || vcpus[i].ca == pa))
			return true;
	return false;
}

/* A CPU's next VMSA may have the calling area of the one before; another CPU's may not. */
bool guest_area_is_free(u64 ca, u32 apic_id)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(vcpus); i++)
		if (vcpus[i].used && (vcpus[i].vmsa == ca ||
				      (vcpus[i].ca == ca && vcpus[i].apic_id != apic_id)))
			return false;
	return true;
}

static struct guest_vcpu *take(u64 vmsa, u64 ca, u32 apic_id, bool boot)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(vcpus); i++)
		if (!vcpus[i].used) {
			vcpus[i] = (struct guest_vcpu){ vmsa, ca, apic_id, true, boot };
			store(&newest[apic_id], &vcpus[i]);
			return &vcpus[i];
		}
	return NULL;
}

static void give_back(struct guest_vcpu *g)
{
	if (newest[g->apic_id] == g)
		store(&newest[g->apic_id], NULL);
	g->used = false;
}

/*
 * What VMPL 2 has written there it can no longer change once the page is a VMSA, which it may
 * only read: Linux looks at it once more.
 */
static void seal(u64 vmsa)
{
	page_rights(vmsa, false, RIGHT_READ | RIGHT_VMSA);
	page_mark(vmsa, 1, page_record(vmsa) | PAGE_IS_VMSA);
	flush_others();
}

static void unseal(u64 vmsa)
{
	page_mark(vmsa, 1, page_record(vmsa) & ~PAGE_IS_VMSA);
	page_rights(vmsa, false, RIGHTS_ALL);
	flush_others();
}

static bool is_acceptable(const struct vmsa *v, u64 features)
{
	return v->vmpl == GUEST_VMPL && (v->efer & EFER_SVME) && v->sev_features == features;
}

/* Register a VMSA, which is the guest's and valid. Returns a result of CREATE_VCPU. */
u64 guest_add(u64 vmsa, u64 ca, u32 apic_id, u64 features)
{
	seal(vmsa);
	if (!is_acceptable(private(vmsa), features)) {
		unseal(vmsa);
		return SVSM_INVALID_PARAMETER;
	}
	if (take(vmsa, ca, apic_id, false))
		return SVSM_SUCCESS;
	unseal(vmsa);
	return SVSM_INVALID_REQUEST;
}

/*
 * No processor can enter a VMSA without EFER.SVME. The write waits until the host has taken
 * the processor that executes it out of the guest. A host that lets the write pass is found
 * out by RMPADJUST.
 */
static bool stop(struct guest_vcpu *g)
{
	struct vmsa *v = private(g->vmsa);

	__atomic_and_fetch(&v->efer, ~EFER_SVME, __ATOMIC_SEQ_CST);
	return g->boot ||
	       rmpadjust(g->vmsa, false, GUEST_VMPL, RIGHT_READ | RIGHT_VMSA) == SNP_DONE;
}

static void let_run(struct guest_vcpu *g)
{
	((struct vmsa *)private(g->vmsa))->efer |= EFER_SVME;
}

/* Take a vCPU away from the guest. Its page is an ordinary page of the guest's afterwards. */
u64 guest_remove(struct guest_vcpu *g)
{
	if (!stop(g)) {
		let_run(g);
		return SVSM_VCPU_IN_USE;
	}
	if (!g->boot)
		unseal(g->vmsa);
	give_back(g);
	return SVSM_SUCCESS;
}

static bool is_other(const struct guest_vcpu *g, const struct guest_vcpu *self)
{
	return g->used && g != self;
}

static bool stop_others(const struct guest_vcpu *self)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(vcpus); i++)
		if (is_other(&vcpus[i], self) && !stop(&vcpus[i]))
			return false;
	return true;
}

/*
 * All vCPUs but the caller's, from which nothing runs at the moment: none of them, or all.
 * Counts them.
 */
u64 guest_remove_others(struct guest_vcpu *self, u32 *n)
{
	bool stopped = stop_others(self);

	for (unsigned int i = 0; i < ARRAY_SIZE(vcpus); i++) {
		if (!is_other(&vcpus[i], self))
			continue;
		if (!stopped)
			let_run(&vcpus[i]);
		else if (guest_remove(&vcpus[i]))
			svsm_fatal("a vCPU that was stopped is in use", vcpus[i].apic_id);
		*n += stopped;
	}
	return stopped ? SVSM_SUCCESS : SVSM_VCPU_IN_USE;
}

/* Linux at its 64-bit entry; no register has anything from before. */
static void fill(struct vmsa *v)
{
	vmsa_flat(v, GUEST_KERNEL + 0x200);
	v->fs = v->ds;
	v->gs = v->ds;
	v->gdtr = (struct vmsa_seg){ .limit = 4 * 8 - 1, .base = GUEST_GDT };
	v->efer = EFER_SVME | EFER_LMA | EFER_LME;
	v->cr0 = CR0_PG | CR0_ET | CR0_PE;
	v->cr3 = GUEST_TABLES | CBIT;
	v->cr4 = CR4_PAE;
	v->rsi = GUEST_BOOT_PARAMS;
	v->sev_features = SEV_FEATURE_SNP;
}

static void fill_boot_vmsa(struct vmsa *v)
{
	if (svsm_has_firmware())
		firmware_vmsa(v);
	else
		fill(v);
}

static void make_boot_vmsa(u32 cpu)
{
	boot_vmsas[cpu] = page_alloc_vmsa();
	page_rights(boot_vmsas[cpu], false, RIGHT_VMSA);
}

/*
 * This CPU is the one that the guest starts on. Its VMSA lies where VMPL 2 has no access. A
 * host that runs the CPU from this VMSA already is not asked to do so: that would reset the
 * local APIC, too.
 */
void guest_start_here(bool host_has_it)
{
	u32 cpu = this_cpu()->index;

	if (!boot_vmsas[cpu])
		make_boot_vmsa(cpu);
	fill_boot_vmsa(private(boot_vmsas[cpu]));
	take(boot_vmsas[cpu], svsm_has_firmware() ? firmware.ca : GUEST_CA, cpu, true);
	if (!host_has_it && !guest_create_with(cpu, boot_vmsas[cpu], AP_CREATE_ON_INIT,
					       SEV_FEATURE_SNP))
		svsm_fatal("the host does not take the VMSA of CPU", cpu);
}
