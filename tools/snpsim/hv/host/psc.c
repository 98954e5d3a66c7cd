// SPDX-License-Identifier: GPL-2.0
/* Page state changes: the host assigns a page to the guest, or takes it back. */
#include "host/host.h"
#include "lib/config.h"
#include "machine/rmp.h"
#include "machine/rom.h"
#include "machine/run_end.h"
#include "machine/vcpu.h"

#define PSC_PRIVATE		1
#define PSC_SHARED		2
#define PSC_MAX_ENTRIES		253
#define PSC_CUR_PAGE		0xfffUL
#define PSC_ERR_INVALID_HDR	0x100000001UL
#define PSC_ERR_INVALID_ENTRY	0x100000002UL

struct psc_desc {
	u16 cur, end;
	u32 rsvd;
	u64 entry[PSC_MAX_ENTRIES];
} __packed;

/*
 * AMD 56421, 4.1.6: the guest invalidates a page before it has it shared. Otherwise the
 * host's RMPUPDATE would clear "validated" under the guest's feet.
 */
static void check_share(struct vcpu *v, u64 gfn)
{
	struct violation what = { .kind = "share-validated", .access = "write", .ap = -1 };

	if ((rmp[gfn] & PAGE_STATE) != PAGE_VALID)
		return;
	what.gpa = gfn << PAGE_SHIFT;
	report_violation(v, &what);
}

/*
 * QEMU backs shared pages with a file of their own, which reads as zeros. Linux relies on
 * that for its paravirtual areas (apf_reason, kvm_apic_eoi of 6.12).
 */
static void become_shared(u64 gfn)
{
	if (host_is(HOST_KVM_PV))
		page_zero(gfn);
	else
		page_poison(gfn);
}

/*
 * What a private page holds is seen by nobody before it is validated. A program at VMPL 0
 * may do that as it is; the built-in SVSM clears the page first.
 */
static void become_private(u64 gfn)
{
	if (vmpl0_is_guest() || config->ram != RAM_CLEAR)
		page_poison(gfn);
	if (page_is_rom(gfn << PAGE_SHIFT))
		rom_discard(gfn << PAGE_SHIFT);
}

/* A page that already has the requested state stays as it is. */
int psc_one(struct vcpu *v, u64 gfn, int op)
{
	u8 launch;

	if (!page_is_ram(gfn << PAGE_SHIFT))
		return -1;
	launch = rmp[gfn] & PAGE_LAUNCH;
	switch (op) {
	case PSC_PRIVATE:
		if ((rmp[gfn] & PAGE_STATE) == PAGE_SHARED) {
			page_set(gfn, PAGE_PRIVATE | launch);
			become_private(gfn);
		}
		return 0;
	case PSC_SHARED:
		check_share(v, gfn);
		if ((rmp[gfn] & PAGE_STATE) == PAGE_PRIVATE) {
			page_set(gfn, PAGE_SHARED | launch);
			become_shared(gfn);
		}
		if ((rmp[gfn] & PAGE_STATE) == PAGE_SHARED)
			rmp[gfn] |= PAGE_GUEST;
		return 0;
	default:
		return -1;
	}
}

void psc_page(struct vcpu *v, u8 *ghcb)
{
	struct psc_desc *d = ghcb_scratch(ghcb, sizeof(*d));
	u16 cur, end;

	if (!d) {
		ghcb_error(ghcb, GHCB_ERR_INVALID_SCRATCH);
		return;
	}
	/* Read each word once: the list is in shared memory. */
	cur = READ_ONCE(d->cur);
	end = READ_ONCE(d->end);
	if (end >= PSC_MAX_ENTRIES || cur > end) {
		ghcb_set(ghcb, GHCB_SW_EXITINFO2, PSC_ERR_INVALID_HDR);
		return;
	}
	for (; cur <= end; d->cur = ++cur) {
		u64 e = READ_ONCE(d->entry[cur]), gfn = e >> 12 & GENMASK_ULL(39, 0);
		u64 n = e >> 56 & 1 ? PAGES_PER_2M : 1, done = e & PSC_CUR_PAGE;

		if ((gfn & (n - 1)) || done > n) {
			ghcb_set(ghcb, GHCB_SW_EXITINFO2, PSC_ERR_INVALID_ENTRY);
			return;
		}
		for (u64 i = done; i < n; i++)
			if (psc_one(v, gfn + i, e >> 52 & 15)) {
				ghcb_set(ghcb, GHCB_SW_EXITINFO2, PSC_ERR_INVALID_ENTRY);
				return;
			}
	}
}
