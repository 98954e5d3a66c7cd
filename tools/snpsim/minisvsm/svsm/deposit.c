// SPDX-License-Identifier: GPL-2.0
/*
 * DEPOSIT_MEM and WITHDRAW_MEM (58019, 6.5 and 6.6). This program needs no memory of the
 * guest's, but it keeps what it is given until the guest wants it back.
 */
#include "svsm.h"

#define MOST		64
#define CA_MEM_AVAILABLE	1
#define SIZE_BITS	3UL
#define RESERVED_BITS	0xffcUL
#define ENTRIES_IN_PAGE	(PAGE_SIZE / 8 - 1)

static u64 lent[MOST];
static unsigned int n_lent;

static u64 take(struct call *c, u64 list, u64 entry)
{
	u64 pa = entry & PAGE_MASK;

	if (entry & (RESERVED_BITS | SIZE_BITS))
		return SVSM_INVALID_PARAMETER;
	/* The list and the calling area are needed for the answer. */
	if (!guest_memory(pa, PAGE_SIZE) || guest_uses_page(pa) || pa == (list & PAGE_MASK))
		return SVSM_INVALID_ADDRESS;
	if (n_lent == MOST)
		return SVSM_INVALID_REQUEST;
	page_rights(pa, false, 0);
	page_mark(pa, 1, page_record(pa) | PAGE_IS_LENT);
	lent[n_lent++] = pa;
	c->ca[CA_MEM_AVAILABLE] = 1;
	return SVSM_SUCCESS;
}

u64 core_deposit(struct call *c)
{
	u64 pa = c->v->rcx, room = (PAGE_SIZE - (pa & ~PAGE_MASK)) / 8, rc = SVSM_SUCCESS;
	struct pvalidate_list *l = private(pa);
	u16 n, next;

	if (pa & 7)
		return SVSM_INVALID_PARAMETER;
	if (!guest_memory(pa & PAGE_MASK, PAGE_SIZE))
		return SVSM_INVALID_ADDRESS;
	n = load(&l->num);
	next = load(&l->next);
	if (!n || n > room - 1 || next >= n)
		return SVSM_INVALID_PARAMETER;
	while (next < n && !rc) {
		rc = take(c, pa, load(&l->entry[next]));
		if (!rc)
			store(&l->next, ++next);
	}
	flush_others();
	return rc;
}

static void give_back(u64 pa)
{
	memset(private(pa), 0, PAGE_SIZE);
	page_mark(pa, 1, page_record(pa) & ~PAGE_IS_LENT);
	page_rights(pa, false, RIGHTS_ALL);
}

u64 core_withdraw(struct call *c)
{
	u64 pa = c->v->rcx, n = 0;
	struct pvalidate_list *l;

	if (pa & ~PAGE_MASK)
		return SVSM_INVALID_PARAMETER;
	l = guest_memory(pa, PAGE_SIZE);
	if (!l)
		return SVSM_INVALID_ADDRESS;
	while (n_lent && n < ENTRIES_IN_PAGE) {
		give_back(lent[--n_lent]);
		l->entry[n++] = lent[n_lent];
	}
	l->num = n;
	l->next = 0;
	l->reserved = 0;
	c->ca[CA_MEM_AVAILABLE] = n_lent != 0;
	return SVSM_SUCCESS;
}

/* A guest that starts again knows nothing of what it has lent. */
void deposit_forget(void)
{
	while (n_lent)
		give_back(lent[--n_lent]);
}
