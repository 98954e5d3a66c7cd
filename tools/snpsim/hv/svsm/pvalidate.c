// SPDX-License-Identifier: GPL-2.0
/*
 * SVSM_CORE_PVALIDATE (AMD 58019, 6.2): a list of pages to validate, or to rescind. The
 * SVSM clears a page when it validates it, before the guest's VMPL gets access, unless the
 * variant is ram=keep.
 */
#include "machine/rmp.h"
#include "machine/vcpu.h"
#include "svsm/svsm.h"

#define ENTRY_SIZE_MASK		3UL
#define ENTRY_SIZE_2M		1UL
#define ENTRY_VALIDATE		BIT_ULL(2)
#define ENTRY_IGNORE_CF		BIT_ULL(3)
#define ENTRY_RESERVED		0xff0UL

struct pvalidate_list {
	u16 entries, next;
	u32 rsvd;
	u64 entry[];
} __packed;

static u64 page_validate(u64 gfn, bool ignore_cf)
{
	u8 launch = rmp[gfn] & PAGE_LAUNCH;

	switch (rmp[gfn] & PAGE_STATE) {
	case PAGE_PRIVATE:
		if (config->ram == RAM_CLEAR)
			page_zero(gfn);
		page_set(gfn, PAGE_VALID | PAGE_GUEST | launch);
		return SVSM_SUCCESS;
	case PAGE_VALID:
		if (!ignore_cf)
			return SVSM_ERR_PVALIDATE_NO_CHANGE;
		/* COCONUT-SVSM clears the page in this case too. */
		if (config->ram == RAM_CLEAR)
			page_zero(gfn);
		return SVSM_SUCCESS;
	default:
		/* Not assigned to the guest: PVALIDATE would not return (#NPF). */
		return SVSM_ERR_INVALID_ADDRESS;
	}
}

static u64 page_rescind(u64 gfn, bool ignore_cf)
{
	switch (rmp[gfn] & PAGE_STATE) {
	case PAGE_VALID:
		page_set(gfn, PAGE_PRIVATE | (rmp[gfn] & PAGE_LAUNCH));
		return SVSM_SUCCESS;
	case PAGE_PRIVATE:
		return ignore_cf ? SVSM_SUCCESS : SVSM_ERR_PVALIDATE_NO_CHANGE;
	default:
		return SVSM_ERR_INVALID_ADDRESS;
	}
}

static u64 one_entry(u64 entry)
{
	u64 gfn = entry >> PAGE_SHIFT, n = 1;

	if ((entry & ENTRY_RESERVED) || (entry & ENTRY_SIZE_MASK) > ENTRY_SIZE_2M)
		return SVSM_ERR_INVALID_PARAMETER;
	if ((entry & ENTRY_SIZE_MASK) == ENTRY_SIZE_2M) {
		n = PAGES_PER_2M;
		if (gfn & (n - 1))
			return SVSM_ERR_INVALID_PARAMETER;
	}
	for (u64 i = 0; i < n; i++)
		if (!page_is_ram((gfn + i) << PAGE_SHIFT) ||
		    (page_flags((gfn + i) << PAGE_SHIFT) & PAGE_VMSA))
			return SVSM_ERR_INVALID_ADDRESS;
	/* A 2 MiB RMP entry has one state. If the states differ, there is no such entry. */
	for (u64 i = 1; i < n; i++)
		if ((rmp[gfn + i] & PAGE_STATE) != (rmp[gfn] & PAGE_STATE))
			return SVSM_ERR_PVALIDATE_SIZE_MISMATCH;
	for (u64 i = 0; i < n; i++) {
		bool ignore_cf = entry & ENTRY_IGNORE_CF;
		u64 rc = entry & ENTRY_VALIDATE ? page_validate(gfn + i, ignore_cf) :
						  page_rescind(gfn + i, ignore_cf);

		if (rc)
			return rc;
	}
	return SVSM_SUCCESS;
}

/* "next" tells the caller how far the SVSM came. */
u64 core_pvalidate(struct svsm_call *c)
{
	u64 gpa = c->guest->reg[RCX], offset = gpa & ~PAGE_MASK, room, rc = SVSM_SUCCESS;
	struct pvalidate_list *l;
	u16 entries, next;

	if (gpa & 7)
		return SVSM_ERR_INVALID_PARAMETER;
	if (!svsm_private_ptr(gpa & PAGE_MASK, PAGE_SIZE))
		return SVSM_ERR_INVALID_ADDRESS;
	l = (struct pvalidate_list *)gpa;
	room = (PAGE_SIZE - offset - sizeof(*l)) / sizeof(l->entry[0]);
	/* Read once: other vCPUs may write to the list meanwhile. */
	entries = READ_ONCE(l->entries);
	next = READ_ONCE(l->next);
	if (!entries || entries > room || next >= entries)
		return SVSM_ERR_INVALID_PARAMETER;
	while (next < entries) {
		rc = one_entry(READ_ONCE(l->entry[next]));
		/* The list itself may be among the pages. */
		if (!svsm_private_ptr(gpa & PAGE_MASK, PAGE_SIZE))
			return rc ? rc : SVSM_ERR_INVALID_ADDRESS;
		if (rc)
			break;
		l->next = ++next;
	}
	return rc;
}
