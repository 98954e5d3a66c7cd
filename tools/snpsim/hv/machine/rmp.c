// SPDX-License-Identifier: GPL-2.0
/*
 * Page states: the RMP's assigned and validated bits, and what the SVSM records about a
 * page (who validated it, whether it is a VMSA). One byte a page.
 *
 * With a program at VMPL 0 there are also the rights of the VMPLs below it, four bits each.
 */
#include "lib/config.h"
#include "lib/layout.h"
#include "lib/lib.h"
#include "machine/iommu.h"
#include "machine/npt.h"
#include "machine/rmp.h"
#include "machine/svm.h"

#define POISON			0xa5	/* what a page holds after a conversion */

struct lock sim_lock;
u8 *rmp;
static u16 *rights_below;		/* NULL: the built-in SVSM gives all of them */
static u64 pages, low_top, high_top;

u64 ram_low_top(void)
{
	return low_top;
}

/* End of RAM above 4 GiB, or 4 GiB where there is none. */
u64 ram_high_top(void)
{
	return high_top;
}

u64 rmp_pages(void)
{
	return pages;
}

void rmp_init(void)
{
	u64 memory = config->memory, max = HV_BASE, low = min(memory, max);

	low_top = low;
	high_top = (1UL << 32) + (memory - low);
	pages = high_top >> PAGE_SHIFT;
	rmp = alloc_pages((pages + PAGE_SIZE - 1) / PAGE_SIZE);
	if (vmpl0_is_guest())
		rights_below = alloc_pages((pages * 2 + PAGE_SIZE - 1) / PAGE_SIZE);
	/* QEMU has RAM up to HV_BASE, but the guest's may end before that. */
	for (u64 g = low >> PAGE_SHIFT; g < ((u64)HV_BASE + HV_SIZE) >> PAGE_SHIFT; g++)
		rmp[g] = PAGE_HV;
}

enum page_state page_state(u64 gpa)
{
	u64 gfn = gpa >> PAGE_SHIFT;

	return gfn < pages ? rmp[gfn] & PAGE_STATE : PAGE_NOT_RAM;
}

u8 page_flags(u64 gpa)
{
	u64 gfn = gpa >> PAGE_SHIFT;

	return gfn < pages ? rmp[gfn] & ~PAGE_STATE : 0;
}

/* Is this page RAM for the guest? */
bool page_is_ram(u64 gpa)
{
	enum page_state s = page_state(gpa);

	return s == PAGE_SHARED || s == PAGE_PRIVATE || s == PAGE_VALID;
}

/* A page that an SVSM may read and write on behalf of the guest. */
bool page_is_private_valid(u64 gpa)
{
	return page_state(gpa) == PAGE_VALID && !(page_flags(gpa) & PAGE_VMSA);
}

static u32 rights_shift(u32 vmpl)
{
	return (vmpl - 1) * 4;
}

/* What the guest's VMPL may do with a valid page */
u32 page_rights(u64 gfn)
{
	if (rights_below)
		return rights_below[gfn] >> rights_shift(GUEST_VMPL) & RIGHTS_ALL;
	return rmp[gfn] & PAGE_VMSA ? RIGHT_READ : RIGHTS_ALL;
}

/* RMPADJUST, at VMPL 0 */
void page_set_rights(u64 gfn, u32 vmpl, u32 rights, bool vmsa)
{
	u16 *r = &rights_below[gfn];

	*r = (*r & ~(RIGHTS_ALL << rights_shift(vmpl))) | rights << rights_shift(vmpl);
	page_set(gfn, vmsa ? rmp[gfn] | PAGE_VMSA : rmp[gfn] & ~PAGE_VMSA);
}

/* A page that the host assigns anew is VMPL 0's alone. PVALIDATE changes no rights. */
void page_set(u64 gfn, u8 state_and_flags)
{
	rmp[gfn] = state_and_flags;
	if (rights_below && (state_and_flags & PAGE_STATE) == PAGE_SHARED)
		rights_below[gfn] = 0;
	npt_update(gfn);
	iommu_update(gfn);
}

/* The encryption of the two views differs: nothing survives a conversion. */
void page_poison(u64 gfn)
{
	if (config->fidelity != FIDELITY_FAST)
		memset((void *)(gfn << PAGE_SHIFT), POISON, PAGE_SIZE);
}

/* Only from the first word on that is not zero: a page never written takes no memory of QEMU's. */
void page_zero(u64 gfn)
{
	u64 *p = (u64 *)(gfn << PAGE_SHIFT), n = 0;

	while (n < PAGE_SIZE / sizeof(*p) && !(p[n] | p[n + 1] | p[n + 2] | p[n + 3]))
		n += 4;
	memset(p + n, 0, PAGE_SIZE - n * sizeof(*p));
}
