// SPDX-License-Identifier: GPL-2.0
/*
 * DEPOSIT_MEM and WITHDRAW_MEM (AMD 58019, 6.5 and 6.6): the guest lends pages,
 * and gets them back. While the SVSM has a page, the guest's VMPL has no access.
 */
#include "machine/rmp.h"
#include "machine/vcpu.h"
#include "svsm/svsm.h"

#define MAX_DEPOSITED		256
#define ENTRY_RESERVED		0xffcUL
#define ENTRY_SIZE_MASK		3UL

struct page_list {
	u16 entries, next;
	u32 rsvd;
	u64 entry[];
} __packed;

#define LIST_ROOM	((PAGE_SIZE - sizeof(struct page_list)) / sizeof(u64))

static u64 deposited[MAX_DEPOSITED];
static u32 n_deposited;

static u64 take_page(u64 entry)
{
	u64 gfn = entry >> PAGE_SHIFT;

	/* This SVSM takes 4 KiB pages only. */
	if (entry & (ENTRY_RESERVED | ENTRY_SIZE_MASK))
		return SVSM_ERR_INVALID_PARAMETER;
	if (!page_is_private_valid(gfn << PAGE_SHIFT) || vmsa_uses_page(gfn << PAGE_SHIFT))
		return SVSM_ERR_INVALID_ADDRESS;
	if (n_deposited == MAX_DEPOSITED)
		return SVSM_ERR_INVALID_REQUEST;
	deposited[n_deposited++] = rmp[gfn] | gfn << PAGE_SHIFT;
	page_set(gfn, PAGE_SVSM);
	return SVSM_SUCCESS;
}

u64 core_deposit_mem(struct svsm_call *c)
{
	u64 gpa = c->guest->reg[RCX], rc;
	struct page_list *l;
	u16 entries, next;

	if (gpa & 7)
		return SVSM_ERR_INVALID_PARAMETER;
	if (!svsm_private_ptr(gpa & PAGE_MASK, PAGE_SIZE))
		return SVSM_ERR_INVALID_ADDRESS;
	l = (struct page_list *)gpa;
	entries = READ_ONCE(l->entries);
	next = READ_ONCE(l->next);
	if (!entries || next >= entries ||
	    entries > (PAGE_SIZE - (gpa & ~PAGE_MASK) - sizeof(*l)) / sizeof(u64))
		return SVSM_ERR_INVALID_PARAMETER;
	for (; next < entries; l->next = ++next) {
		u64 entry = READ_ONCE(l->entry[next]), page = entry & PAGE_MASK;

		/* The guest must keep the list and the calling area. */
		if (page == (gpa & PAGE_MASK) || page == c->v->ca)
			return SVSM_ERR_INVALID_ADDRESS;
		rc = take_page(entry);
		if (rc)
			return rc;
		c->ca[CA_MEM_AVAILABLE] = 1;
	}
	return SVSM_SUCCESS;
}

static void give_back(u64 page)
{
	u64 gfn = page >> PAGE_SHIFT;

	page_zero(gfn);
	page_set(gfn, page & ~PAGE_MASK);
}

/* RCX: a page for the list of what is given back; it may be empty. */
u64 core_withdraw_mem(struct svsm_call *c)
{
	u64 gpa = c->guest->reg[RCX], n = 0;
	struct page_list *l;

	if (gpa & ~PAGE_MASK)
		return SVSM_ERR_INVALID_PARAMETER;
	l = svsm_private_ptr(gpa, PAGE_SIZE);
	if (!l)
		return SVSM_ERR_INVALID_ADDRESS;
	/* Never read the list back: it is in the guest's memory. */
	while (n_deposited && n < LIST_ROOM) {
		u64 page = deposited[--n_deposited];

		give_back(page);
		l->entry[n++] = page & PAGE_MASK;
	}
	l->entries = n;
	l->next = 0;
	l->rsvd = 0;
	c->ca[CA_MEM_AVAILABLE] = n_deposited != 0;
	return SVSM_SUCCESS;
}

/* Return all pages: a guest that is launched again knows nothing of them. */
void mem_return_all(void)
{
	while (n_deposited)
		give_back(deposited[--n_deposited]);
}
