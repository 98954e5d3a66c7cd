// SPDX-License-Identifier: GPL-2.0
/*
 * Nested page tables (APM volume 2, 15.25): two views of one memory, by C-bit.
 *
 * With 48 address bits and C-bit 47, PML4[0] is what the guest reaches with C=0
 * and PML4[256] what it reaches with C=1. All leaf tables of one view are
 * contiguous, so that the entry of a page is shared_view[gfn] or
 * private_view[gfn]. An entry is present only where an access is lawful.
 *
 * Without paging hardware treats every access as private: such a vCPU gets a root
 * in which both slots are the private view (see view.c).
 */
#include "host.h"
#include "machine.h"

#define RWU			(PTE_PRESENT | PTE_WRITE | PTE_USER)
#define RU			(PTE_PRESENT | PTE_USER)
#define PRIVATE_SLOT		256
#define ENTRIES			512

static u64 *shared_view, *private_view;
static u64 *root_paged, *root_private;
static bool walk_aliases;

u64 npt_root_paged(void)
{
	return (u64)root_paged;
}

u64 npt_root_private(void)
{
	return (u64)root_private;
}

/*
 * Whoever may have cached an entry that is taken away or narrowed has to forget
 * it. The processor sets the accessed bit when it caches one, also while this
 * runs; an entry that stays present keeps it.
 */
static void set_entry(u64 *entry, u64 wanted)
{
	u64 old = READ_ONCE(*entry), new;

	do {
		new = wanted ? wanted | (old & PTE_ACCESSED) : 0;
	} while (!__atomic_compare_exchange_n(entry, &old, new, false, __ATOMIC_SEQ_CST,
					      __ATOMIC_SEQ_CST));
	if ((old & PTE_ACCESSED) && (!new || (old & ~new & PTE_WRITE)))
		tlb_stale();
}

/* Bring both views of a page in line with its state. */
void npt_update(u64 gfn)
{
	u64 pa = page_host(gfn), shared = 0, private = 0;

	switch (rmp[gfn] & PAGE_STATE) {
	case PAGE_NOT_RAM:
		/* Full fidelity: the host does not map MMIO, the access raises #VC. */
		shared = fidelity_full() ? 0 : pa | RWU;
		break;
	case PAGE_SHARED:
		/* Code is private, always: none comes from here. */
		shared = pa | RWU | PTE_NX;
		break;
	case PAGE_VALID:
		private = pa | (rmp[gfn] & PAGE_VMSA ? RU : RWU);
		if (rmp[gfn] & PAGE_IN_USE)
			private = 0;
		if (rmp[gfn] & PAGE_WALK)
			shared = pa | RWU;
		break;
	}
	set_entry(&shared_view[gfn], shared);
	set_entry(&private_view[gfn], private);
}

static u64 *make_tables(u64 *leaf, u64 leaves, u64 pds)
{
	u64 *pdpt = alloc_pages(1), *pd = alloc_pages(pds);

	for (u64 i = 0; i < leaves; i++)
		pd[i] = (u64)(leaf + i * ENTRIES) | RWU;
	for (u64 i = 0; i < pds; i++)
		pdpt[i] = (u64)(pd + i * ENTRIES) | RWU;
	return pdpt;
}

void npt_init(void)
{
	u64 n = rmp_pages(), leaves = (n + ENTRIES - 1) / ENTRIES;
	u64 pds = (leaves + ENTRIES - 1) / ENTRIES, *shared, *private;

	shared_view = alloc_pages(leaves);
	private_view = alloc_pages(leaves);
	shared = make_tables(shared_view, leaves, pds);
	private = make_tables(private_view, leaves, pds);
	/* 64-bit MMIO above RAM. */
	for (u64 i = pds; i < ENTRIES && !fidelity_full(); i++)
		shared[i] = i << 30 | PTE_LARGE | RWU;
	root_paged = alloc_pages(1);
	root_paged[0] = (u64)shared | RWU;
	root_paged[PRIVATE_SLOT] = (u64)private | RWU;
	root_private = alloc_pages(1);
	root_private[0] = (u64)private | RWU;
	root_private[PRIVATE_SLOT] = (u64)private | RWU;
	for (u64 g = 0; g < n; g++)
		npt_update(g);
}

static const char *access_name(u64 err)
{
	if (err & NPF_FETCH)
		return "fetch";
	return err & NPF_WRITE ? "write" : "read";
}

static const char *violation_kind(bool c, u64 gpa, u64 err)
{
	if (c && (page_flags(gpa) & PAGE_VMSA) && (err & NPF_WRITE))
		return "vmsa-write";
	if (c && (page_flags(gpa) & PAGE_IN_USE))
		return "vmsa-in-use";
	switch (page_state(gpa)) {
	case PAGE_HV:
		return gpa < HV_BASE ? "outside-memory" : "hypervisor-memory";
	case PAGE_SVSM:
		return "hypervisor-memory";
	case PAGE_NOT_RAM:
	case PAGE_UNTOUCHED:
		return c ? "mmio-as-private" : "outside-memory";
	case PAGE_SHARED:
		return "shared-as-private";
	default:
		return c ? "unvalidated" : "private-as-shared";
	}
}

/* MMIO above RAM, first touched: 512 GiB a slot, by 1 GiB pages. */
static bool map_high_mmio(u64 gpa)
{
	u64 slot = gpa >> 39, *pdpt;

	if (slot == 0 || slot >= PRIVATE_SLOT || root_paged[slot])
		return false;
	pdpt = alloc_pages(1);
	for (u64 i = 0; i < ENTRIES; i++)
		pdpt[i] = slot << 39 | i << 30 | PTE_LARGE | RWU;
	root_paged[slot] = (u64)pdpt | RWU;
	return true;
}

/*
 * Table walks and instruction fetches are private whatever the C-bit says
 * (APM volume 2, 15.34.5). A nested entry cannot tell a walk from a read, so the
 * page becomes reachable with C=0 until npt_drop_walk_aliases().
 */
static void grant_walk_alias(u64 gpa)
{
	u64 gfn = gpa >> PAGE_SHIFT;

	WRITE_ONCE(walk_aliases, true);
	page_set(gfn, rmp[gfn] | PAGE_WALK);
}

bool npt_has_walk_aliases(void)
{
	return READ_ONCE(walk_aliases);
}

/* From now on every table has the C-bit: take back what was granted. */
void npt_drop_walk_aliases(void)
{
	WRITE_ONCE(walk_aliases, false);
	for (u64 g = 0; g < rmp_pages(); g++)
		if (rmp[g] & PAGE_WALK)
			page_set(g, rmp[g] & ~PAGE_WALK);
}

void npt_fault(struct vcpu *v)
{
	u64 err = v->vmcb->exit_info1, gpa = v->vmcb->exit_info2 & ~CBIT_MASK;
	bool c = v->vmcb->exit_info2 & CBIT_MASK;
	struct violation what = { .gpa = gpa, .ap = -1 };

	count(v, KIND_NPF);
	lock(&sim_lock);
	if (!c)
		dma_touched(gpa);
	if (!c && page_state(gpa) == PAGE_NOT_RAM) {
		if (fidelity_full()) {
			deliver_vc(v, EXIT_NPF);
			goto out;
		}
		if (map_high_mmio(gpa))
			goto out;
	}
	if (!c && page_state(gpa) == PAGE_VALID && (err & (NPF_TABLE_WALK | NPF_FETCH))) {
		grant_walk_alias(gpa);
		goto out;
	}
	/* Another vCPU may have made the access lawful while this one was on its way here. */
	if (gpa >> PAGE_SHIFT < rmp_pages()) {
		u64 e = (c ? private_view : shared_view)[gpa >> PAGE_SHIFT];

		if (v->vmcb->ncr3 == npt_root_private())
			e = private_view[gpa >> PAGE_SHIFT];
		if (e && (!(err & NPF_WRITE) || (e & PTE_WRITE)) &&
		    (!(err & NPF_FETCH) || !(e & PTE_NX)))
			goto out;
	}
	if (!c && v->vmcb->ncr3 != npt_root_private() && host_shares(gpa)) {
		tlb_shootdown(v);
		goto out;
	}
	if (host_converts(gpa)) {
		tlb_shootdown(v);
		deliver_vc(v, EXIT_NOT_VALIDATED);
		goto out;
	}
	what.kind = violation_kind(c || v->vmcb->ncr3 == npt_root_private(), gpa, err);
	what.access = access_name(err);
	report_violation(v, &what);
out:
	unlock(&sim_lock);
}
