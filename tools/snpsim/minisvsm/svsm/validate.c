// SPDX-License-Identifier: GPL-2.0
/* SVSM_CORE_PVALIDATE (58019, 6.2): a list of pages to validate or to rescind */
#include "svsm.h"

#define SIZE_BITS	3UL
#define RESERVED_BITS	0xff0UL
#define SIZE_MISMATCH	(0x80001000UL + SNP_FAIL_SIZE)

static u64 pages_in(u64 entry)
{
	return entry & PV_HUGE ? PAGES_IN_HUGE : 1;
}

/* All pages of an entry are the guest's, and no VMSA, and not lent */
static bool is_ordinary(u64 pa, u64 pages)
{
	for (u64 i = 0; i < pages; i++) {
		u8 record = page_record(pa + i * PAGE_SIZE);

		if (record == PAGE_OTHERS || (record & (PAGE_IS_VMSA | PAGE_IS_LENT)))
			return false;
	}
	return true;
}

static bool is_valid(u64 pa)
{
	return page_record(pa) != PAGE_OPEN;
}

/* An entry of 2 MiB of the RMP has one state. */
static bool is_uniform(u64 pa, u64 pages)
{
	for (u64 i = 1; i < pages; i++)
		if (is_valid(pa + i * PAGE_SIZE) != is_valid(pa))
			return false;
	return true;
}

static u64 validate(u64 pa, u64 pages, bool *changed)
{
	u64 rc = page_validate(pa, pages > 1, changed);

	if (!rc && *changed)
		page_mark(pa, pages, PAGE_BY_GUEST);
	return rc;
}

/* What is not valid needs no instruction: the host may have made it shared. */
static u64 rescind(u64 pa, u64 pages, bool *changed)
{
	u64 rc;

	*changed = is_valid(pa);
	if (!*changed)
		return SVSM_SUCCESS;
	rc = page_rescind(pa, pages > 1);
	if (!rc)
		page_mark(pa, pages, PAGE_OPEN);
	return rc;
}

static u64 do_entry(u64 entry)
{
	u64 pa = entry & PAGE_MASK, pages = pages_in(entry), rc;
	bool changed;

	if ((entry & RESERVED_BITS) || (entry & SIZE_BITS) > 1 ||
	    (pages > 1 && (pa & ~HUGE_MASK)))
		return SVSM_INVALID_PARAMETER;
	if (!is_ordinary(pa, pages))
		return SVSM_INVALID_ADDRESS;
	if (!is_uniform(pa, pages))
		return SIZE_MISMATCH;
	rc = entry & PV_VALIDATE ? validate(pa, pages, &changed) : rescind(pa, pages, &changed);
	if (rc)
		return rc;
	return changed || (entry & PV_IGNORE_CF) ? SVSM_SUCCESS : SVSM_PVALIDATE_NO_UPDATE;
}

/* The index of the next entry says how far it came. The list may be among its own pages. */
u64 core_pvalidate(struct call *c)
{
	u64 pa = c->v->rcx, room = (PAGE_SIZE - (pa & ~PAGE_MASK)) / 8, rc = SVSM_SUCCESS;
	struct pvalidate_list *l;
	u16 n, next;

	if (pa & 7)
		return SVSM_INVALID_PARAMETER;
	l = guest_memory(pa & PAGE_MASK, PAGE_SIZE);
	if (!l)
		return SVSM_INVALID_ADDRESS;
	l = private(pa);
	/* Other CPUs of the guest can write to it: read once. */
	n = load(&l->num);
	next = load(&l->next);
	if (!n || n > room - 1 || next >= n)
		return SVSM_INVALID_PARAMETER;
	while (next < n && !rc) {
		rc = do_entry(load(&l->entry[next]));
		if (!guest_memory(pa & PAGE_MASK, PAGE_SIZE)) {
			rc = rc ? rc : SVSM_INVALID_ADDRESS;
			break;
		}
		if (!rc)
			store(&l->next, ++next);
	}
	flush_others();
	return rc;
}
