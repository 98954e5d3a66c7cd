// SPDX-License-Identifier: GPL-2.0
/*
 * Nested page tables (APM volume 2, 15.25): two views of one memory, by C-bit.
 *
 * With 48 address bits and C-bit 47, PML4[0] is what the guest reaches with C=0
 * and PML4[256] what it reaches with C=1. All leaf tables of one view are
 * contiguous, so that the entry of a page is shared[gfn] or private[gfn]. An
 * entry is present only where an access is lawful.
 *
 * Without paging hardware treats every access as private: such a vCPU gets a root
 * in which both slots are the private view (see view.c).
 *
 * A program at VMPL 0 has two views of its own.
 */
#include "lib/config.h"
#include "lib/lib.h"
#include "lib/x86.h"
#include "machine/npt.h"
#include "machine/rmp.h"
#include "machine/rom.h"
#include "machine/shootdown.h"
#include "machine/svm.h"
#include "machine/vcpu.h"

#define RWU			(PTE_PRESENT | PTE_WRITE | PTE_USER)
#define PRIVATE_SLOT		256
#define ENTRIES			512

/* What one VMPL reaches: the leaf tables, and a root for each state of paging. */
struct view {
	u32 vmpl;
	u64 *shared, *private;
	u64 *root_paged, *root_private;
};

static struct view guest_view = { .vmpl = GUEST_VMPL }, vmpl0_view;
static bool walk_aliases;

static const struct view *view_of(const struct vcpu *v)
{
	return v->cur->vmpl == GUEST_VMPL ? &guest_view : &vmpl0_view;
}

u64 npt_root(const struct vcpu *v, bool paging)
{
	return (u64)(paging ? view_of(v)->root_paged : view_of(v)->root_private);
}

/* Without paging every access is private, whatever its C-bit. */
bool npt_all_private(const struct vcpu *v)
{
	return v->cur->vmcb->ncr3 == npt_root(v, false);
}

/*
 * A CPU that may have cached an entry must forget it when the entry goes away or allows
 * less. The processor sets the accessed bit when it caches an entry, possibly while this
 * runs; an entry that stays present keeps the bit.
 */
static void set_entry(const struct view *view, u64 *entry, u64 wanted)
{
	u64 old = READ_ONCE(*entry), new;

	do {
		new = wanted ? wanted | (old & PTE_ACCESSED) : 0;
		if (new == old)
			return;
	} while (!__atomic_compare_exchange_n(entry, &old, new, false, __ATOMIC_SEQ_CST,
					      __ATOMIC_SEQ_CST));
	if ((old & PTE_ACCESSED) && (!new || (old & ~new & PTE_WRITE)))
		tlb_stale(view->vmpl);
}

static u64 with_rights(u64 pa, u32 rights)
{
	if (!(rights & RIGHT_READ))
		return 0;
	return pa | PTE_PRESENT | PTE_USER | (rights & RIGHT_WRITE ? PTE_WRITE : 0) |
	       (rights & (RIGHT_USER_EXEC | RIGHT_SUPER_EXEC) ? 0 : PTE_NX);
}

/* What any VMPL reaches with C=0 in a page that is shared, or no RAM */
static u64 without_c(u64 gfn)
{
	switch (rmp[gfn] & PAGE_STATE) {
	case PAGE_NOT_RAM:
		/* Full fidelity: the host does not map MMIO, the access raises #VC. */
		return fidelity_full() ? 0 : page_host(gfn) | RWU;
	case PAGE_SHARED:
		/* Instruction fetches are private, so no code is fetched from here. */
		return page_host(gfn) | RWU | PTE_NX;
	default:
		return 0;
	}
}

/*
 * Bring a page of VMPL 0's view in line with its state. An SVSM's CR3 has no C-bit, and a
 * nested entry cannot tell a walk from a read: so VMPL 0 reaches a valid page with C=0, too.
 */
static void update_vmpl0(u64 gfn)
{
	u64 shared = without_c(gfn), private = 0;

	if ((rmp[gfn] & PAGE_STATE) == PAGE_VALID) {
		private = rmp[gfn] & PAGE_IN_USE ? 0 : page_host(gfn) | RWU;
		shared = private;
	}
	set_entry(&vmpl0_view, &vmpl0_view.shared[gfn], shared);
	set_entry(&vmpl0_view, &vmpl0_view.private[gfn], private);
}

/* Bring both views of a page in line with its state. */
void npt_update(u64 gfn)
{
	u64 pa = page_host(gfn), shared = without_c(gfn), private = 0;

	if (vmpl0_is_guest())
		update_vmpl0(gfn);

	if ((rmp[gfn] & PAGE_STATE) == PAGE_VALID) {
		/* The built-in SVSM takes rights away from VMSAs alone; this is done often. */
		if (!vmpl0_is_guest() && !(rmp[gfn] & PAGE_VMSA))
			private = pa | RWU;
		else if (!(rmp[gfn] & PAGE_IN_USE))
			private = with_rights(pa, page_rights(gfn));
		if (rmp[gfn] & PAGE_WALK)
			shared = pa | RWU;
	}
	set_entry(&guest_view, &guest_view.shared[gfn], shared);
	set_entry(&guest_view, &guest_view.private[gfn], private);
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

static u64 leaf_tables(void)
{
	return (rmp_pages() + ENTRIES - 1) / ENTRIES;
}

/* 64-bit MMIO above RAM, in 1 GiB pages */
static void map_mmio_above(u64 *pdpt)
{
	for (u64 i = (leaf_tables() + ENTRIES - 1) / ENTRIES; i < ENTRIES; i++)
		pdpt[i] = i << 30 | PTE_LARGE | RWU;
}

static void make_view(struct view *view)
{
	u64 leaves = leaf_tables(), pds = (leaves + ENTRIES - 1) / ENTRIES, *shared, *private;

	view->shared = alloc_pages(leaves);
	view->private = alloc_pages(leaves);
	shared = make_tables(view->shared, leaves, pds);
	private = make_tables(view->private, leaves, pds);
	if (!fidelity_full())
		map_mmio_above(shared);
	view->root_paged = alloc_pages(1);
	view->root_paged[0] = (u64)shared | RWU;
	view->root_paged[PRIVATE_SLOT] = (u64)private | RWU;
	view->root_private = alloc_pages(1);
	view->root_private[0] = (u64)private | RWU;
	view->root_private[PRIVATE_SLOT] = (u64)private | RWU;
}

/* No page is valid yet, and no CPU has cached an entry. */
void npt_init(void)
{
	make_view(&guest_view);
	if (vmpl0_is_guest())
		make_view(&vmpl0_view);
	for (u64 g = 0; g < rmp_pages(); g++) {
		guest_view.shared[g] = without_c(g);
		if (vmpl0_is_guest())
			vmpl0_view.shared[g] = guest_view.shared[g];
	}
}

/* Fidelity is full no more: the guest reaches devices without #VC. */
void npt_map_mmio(void)
{
	map_mmio_above((u64 *)(guest_view.root_paged[0] & PAGE_MASK));
	for (u64 g = 0; g < rmp_pages(); g++)
		if ((rmp[g] & PAGE_STATE) == PAGE_NOT_RAM)
			npt_update(g);
}

/* Map MMIO above RAM at its first use: 512 GiB a slot, in 1 GiB pages. */
bool npt_map_high_mmio(u64 gpa)
{
	u64 slot = gpa >> 39, *pdpt;

	if (slot == 0 || slot >= PRIVATE_SLOT || guest_view.root_paged[slot])
		return false;
	pdpt = alloc_pages(1);
	for (u64 i = 0; i < ENTRIES; i++)
		pdpt[i] = slot << 39 | i << 30 | PTE_LARGE | RWU;
	guest_view.root_paged[slot] = (u64)pdpt | RWU;
	return true;
}

/*
 * Table walks and instruction fetches are private whatever the C-bit says
 * (APM volume 2, 15.34.5). A nested entry cannot tell a walk from a read, so the
 * page becomes reachable with C=0 until npt_drop_walk_aliases().
 */
void npt_grant_walk_alias(u64 gpa)
{
	u64 gfn = gpa >> PAGE_SHIFT;

	WRITE_ONCE(walk_aliases, true);
	page_set(gfn, rmp[gfn] | PAGE_WALK);
}

bool npt_has_walk_aliases(void)
{
	return READ_ONCE(walk_aliases);
}

/* Every table has the C-bit now: take back what npt_grant_walk_alias() granted. */
void npt_drop_walk_aliases(void)
{
	WRITE_ONCE(walk_aliases, false);
	for (u64 g = 0; g < rmp_pages(); g++)
		if (rmp[g] & PAGE_WALK)
			page_set(g, rmp[g] & ~PAGE_WALK);
}

/* An access with C-bit c has faulted. Is it lawful by now? */
bool npt_allows(const struct vcpu *v, u64 gpa, bool c, u64 err)
{
	u64 e;

	if (gpa >> PAGE_SHIFT >= rmp_pages())
		return false;
	if (c || npt_all_private(v))
		e = view_of(v)->private[gpa >> PAGE_SHIFT];
	else
		e = view_of(v)->shared[gpa >> PAGE_SHIFT];
	return e && (!(err & NPF_WRITE) || (e & PTE_WRITE)) &&
	       (!(err & NPF_FETCH) || !(e & PTE_NX));
}
