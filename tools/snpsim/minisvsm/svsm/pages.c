// SPDX-License-Identifier: GPL-2.0
/* Page states: PVALIDATE, RMPADJUST and, for what a launch needs, the host. */
#include "svsm.h"

#define GHCB_PSC		0x80000010
#define PSC_ENTRIES		200
#define PSC_HUGE		BIT(56)
#define PSC_OP(op)		((u64)(op) << 52)
#define FAIL_CODE		0x80001000UL

struct psc_list {
	u16 cur, end;
	u32 reserved;
	u64 entry[PSC_ENTRIES];
} __packed;

void svsm_fatal(const char *why, u64 number)
{
	say("minisvsm: %s (%lx)", why, number);
	ghcb_terminate(1, 1);
}

static void psc_send(unsigned int n)
{
	struct psc_list *l = shared(ghcb_buffer());
	struct ghcb_call call = { .code = GHCB_PSC, .scratch = ghcb_buffer() };

	if (!n)
		return;
	l->cur = 0;
	l->end = n - 1;
	l->reserved = 0;
	/* An error of the list is in SW_EXITINFO2; one of an entry stops the list. */
	if (!ghcb_event(&call) || call.info2 || load(&l->cur) != n)
		svsm_fatal("the host does not change page states", call.info2);
}

void pages_psc(u64 start, u64 end, enum psc_op op)
{
	struct psc_list *l = shared(ghcb_buffer());
	unsigned int n = 0;
	u64 size;

	for (u64 pa = start; pa < end; pa += size) {
		bool large = !(pa & ~HUGE_MASK) && end - pa >= HUGE_SIZE;

		size = large ? HUGE_SIZE : PAGE_SIZE;
		l->entry[n++] = pa | PSC_OP(op) | (large ? PSC_HUGE : 0);
		if (n == PSC_ENTRIES) {
			psc_send(n);
			n = 0;
		}
	}
	psc_send(n);
}

static void own_page(u64 pa)
{
	u32 rc = pvalidate(pa, false, true, NULL);

	if (rc)
		svsm_fatal("its own memory cannot be validated", rc);
}

/* Validate memory for this program itself. No other VMPL has rights there. */
void pages_own(u64 start, u64 end)
{
	u64 pa = start;

	while (pa < end) {
		if (!(pa & ~HUGE_MASK) && end - pa >= HUGE_SIZE &&
		    !pvalidate(pa, true, true, NULL)) {
			pa += HUGE_SIZE;
			continue;
		}
		own_page(pa);
		pa += PAGE_SIZE;
	}
	memset(private(start), 0, end - start);
}

/* What VMPL 2 may do with a page from now on */
void page_rights(u64 pa, bool large, u64 rights)
{
	u64 rc = rmpadjust(pa, large, GUEST_VMPL, rights);

	if (rc)
		svsm_fatal("RMPADJUST", rc);
}

static u64 page_size(bool large)
{
	return large ? HUGE_SIZE : PAGE_SIZE;
}

/* Validate, and give VMPL 2 its rights. Nothing of what was there before is seen. */
u64 page_validate(u64 pa, bool large, bool *changed)
{
	u32 rc = pvalidate(pa, large, true, changed);

	if (rc)
		return FAIL_CODE + rc;
	if (*changed) {
		memset(private(pa), 0, page_size(large));
		page_rights(pa, large, RIGHTS_ALL);
	}
	return SVSM_SUCCESS;
}

/* The rights go first: no access may come between. */
u64 page_rescind(u64 pa, bool large)
{
	u64 rc = rmpadjust(pa, large, GUEST_VMPL, 0);

	if (rc)
		return FAIL_CODE + rc;
	rc = pvalidate(pa, large, false, NULL);
	if (rc)
		svsm_fatal("a page cannot be rescinded", rc);
	return SVSM_SUCCESS;
}

/* INVLPGB of everything, and TLBSYNC: no CPU uses a translation from before. */
void flush_others(void)
{
	asm volatile(".byte 0x0f, 0x01, 0xfe\n\t.byte 0x0f, 0x01, 0xff"
		     : : "a"(0), "c"(0), "d"(0) : "memory");
}

static bool all_open(u64 pa)
{
	for (u64 i = 0; i < PAGES_IN_HUGE; i++)
		if (page_record(pa + i * PAGE_SIZE) != PAGE_OPEN)
			return false;
	return true;
}

static void launch_page(u64 pa, bool large)
{
	bool changed;
	u64 rc;

	if (page_record(pa) == PAGE_OPEN) {
		rc = page_validate(pa, large, &changed);
		if (rc)
			svsm_fatal("a page of the launch cannot be validated", rc);
		if (!changed)		/* part of the file, and this program's until now */
			page_rights(pa, large, RIGHTS_ALL);
		page_mark(pa, page_size(large) / PAGE_SIZE, PAGE_BY_LAUNCH);
	}
	memset(private(pa), 0, page_size(large));
}

/* Make the guest's memory in a range valid and empty. */
void pages_launch(u64 start, u64 end)
{
	bool large;

	for (u64 pa = start; pa < end; pa += page_size(large)) {
		large = !(pa & ~HUGE_MASK) && end - pa >= HUGE_SIZE && all_open(pa);
		if (!page_is_ram(pa))
			continue;
		if (page_record(pa) == PAGE_OPEN)
			pages_psc(pa, pa + page_size(large), PSC_PRIVATE);
		launch_page(pa, large);
	}
}

static bool all_by_guest(u64 pa)
{
	for (u64 i = 0; i < PAGES_IN_HUGE; i++)
		if (page_record(pa + i * PAGE_SIZE) != PAGE_BY_GUEST)
			return false;
	return true;
}

/*
 * Rescind every page that the guest has validated, and have it shared, as memory is at the
 * launch: firmware may write to a page before it can have it shared. With keep-private it is
 * for the host to convert that. Returns how many they were.
 */
u64 pages_take_back(void)
{
	bool keep = find_option("keep-private"), large;
	u64 n = 0, rc, start = 0, end = 0;

	for (u64 pa = 0; pa < memory_top(); pa += page_size(large)) {
		large = !(pa & ~HUGE_MASK) && all_by_guest(pa);
		if (page_record(pa) != PAGE_BY_GUEST)
			continue;
		rc = page_rescind(pa, large);
		if (rc)
			svsm_fatal("a page cannot be taken back", rc);
		page_mark(pa, page_size(large) / PAGE_SIZE, PAGE_OPEN);
		n += page_size(large) / PAGE_SIZE;
		if (keep)
			continue;
		if (pa != end) {
			pages_psc(start, end, PSC_SHARED);
			start = pa;
		}
		end = pa + page_size(large);
	}
	pages_psc(start, end, PSC_SHARED);
	flush_others();
	return n;
}
