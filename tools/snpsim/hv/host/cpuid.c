// SPDX-License-Identifier: GPL-2.0
/* CPUID as an SNP guest sees it, and the CPUID page of a launch. */
#include "host/host.h"
#include "lib/config.h"
#include "lib/lib.h"
#include "lib/x86.h"
#include "machine/svm.h"
#include "machine/vcpu.h"

#define LEAF_HYPERVISOR		0x40000000U
#define LEAF_MAX_EXT		0x8000001fU

/* SNP firmware ABI, CPUID page: a count and up to 64 entries. */
struct cpuid_entry {
	u32 fn, sub;
	u64 xcr0_in, xss_in;
	u32 r[4];
	u64 rsvd;
} __packed;

struct cpuid_page {
	u32 count, rsvd0;
	u64 rsvd1;
	struct cpuid_entry entry[64];
} __packed;

static const u32 page_leaves[][2] = {
	{ 0x0, 0 }, { 0x1, 0 }, { 0x2, 0 }, { 0x4, 0 }, { 0x4, 1 }, { 0x4, 2 }, { 0x4, 3 },
	{ 0x5, 0 }, { 0x6, 0 }, { 0x7, 0 }, { 0x7, 1 }, { 0xb, 0 }, { 0xb, 1 }, { 0xd, 0 },
	{ 0xd, 1 }, { 0xd, 2 }, { 0xd, 9 }, { 0xf, 0 }, { 0x10, 0 }, { LEAF_HYPERVISOR, 0 },
	{ LEAF_HYPERVISOR + 1, 0 }, { 0x80000000, 0 },
	{ 0x80000001, 0 }, { 0x80000002, 0 }, { 0x80000003, 0 }, { 0x80000004, 0 },
	{ 0x80000005, 0 }, { 0x80000006, 0 }, { 0x80000007, 0 }, { 0x80000008, 0 },
	{ 0x8000000a, 0 }, { 0x80000019, 0 }, { 0x8000001a, 0 }, { 0x8000001d, 0 },
	{ 0x8000001d, 1 }, { 0x8000001d, 2 }, { 0x8000001d, 3 }, { 0x8000001e, 0 },
	{ 0x8000001f, 0 },
};

/* Leaf 8000001f: SEV, SEV-ES, SNP, VMPL; C-bit position, one address bit less, 4 VMPLs. */
#define EAX_SEV			BIT_ULL(1)
#define EAX_SEV_ES		BIT_ULL(3)
#define EAX_SNP			BIT_ULL(4)
#define EAX_VMPL		BIT_ULL(5)
#define EAX_SVSM_CAA		BIT_ULL(28)

static void leaf_1(u64 cr4, u32 *r)
{
	r[2] |= 1U << 31;				/* hypervisor present */
	r[2] &= ~(1U << 3 | 1U << 27);			/* MONITOR, OSXSAVE */
	if (!apic_has_x2apic())
		r[2] &= ~(1U << 21);
	if (fidelity_full())
		/* TCG has no XSAVEC, which leaf 0xd of a #VC handler needs: offer no XSAVE. */
		r[2] &= ~(1U << 26 | 1U << 28 | 1U << 12 | 1U << 29);
	else if (cr4 & CR4_OSXSAVE)
		r[2] |= 1U << 27;
}

static void leaf_7(u64 cr4, u32 *r)
{
	r[2] &= ~(1U << 4 | 1U << 16);			/* OSPKE; LA57 does not fit two views */
	if (cr4 & CR4_PKE)
		r[2] |= 1U << 4;
	if (fidelity_full()) {
		r[1] &= ~(1U << 5);			/* AVX2, VAES, VPCLMULQDQ go with AVX */
		r[2] &= ~(1U << 3 | 1U << 9 | 1U << 10);
	}
}

void guest_cpuid(struct vcpu *v, u32 fn, u32 sub, u32 *r)
{
	u64 cr4 = v ? v->cur->vmcb->save.cr4 : 0;

	cpuid(fn, sub, r);
	switch (fn) {
	case 0x0:
		if (fidelity_full() && r[0] > 0xc)
			r[0] = 0xc;
		break;
	case 0x1:
		leaf_1(cr4, r);
		break;
	case 0x7:
		if (!sub)
			leaf_7(cr4, r);
		break;
	case LEAF_HYPERVISOR:
		/* KVM's signature. --host decides on the features in the next leaf. */
		r[0] = LEAF_HYPERVISOR + 1;
		memcpy(&r[1], "KVMKVMKVM\0\0", 12);
		break;
	case LEAF_HYPERVISOR + 1:
		memset(r, 0, 16);
		r[0] = pv_features();
		break;
	case 0x80000000:
		if (r[0] < LEAF_MAX_EXT)
			r[0] = LEAF_MAX_EXT;
		break;
	case 0x80000001:
		r[2] &= ~(1U << 2);			/* no SVM */
		break;
	case 0x80000008:
		r[0] = (r[0] & ~0xffU) | (CBIT + 1);
		break;
	case 0x8000000a:
		memset(r, 0, 16);
		break;
	case LEAF_MAX_EXT:
		r[0] = EAX_SEV | EAX_SEV_ES | EAX_SNP | EAX_VMPL | EAX_SVSM_CAA;
		r[1] = CBIT | 1 << 6 | 4 << 12;
		r[2] = 1;
		r[3] = 1;
		break;
	}
}

/* Firmware's answer for one leaf of a CPUID page */
static void answer_entry(struct cpuid_entry *e)
{
	u32 r[4];

	guest_cpuid(NULL, e->fn, e->sub, r);
	if (e->fn == LEAF_MAX_EXT)
		r[0] &= ~EAX_SVSM_CAA;		/* who has an SVSM sets it */
	memcpy(e->r, r, sizeof(r));
}

/* Fill in a page whose leaves have been chosen by who made it. */
void answer_cpuid_page(void *page)
{
	struct cpuid_page *p = page;

	for (u32 i = 0; i < p->count && i < ARRAY_SIZE(p->entry); i++)
		answer_entry(&p->entry[i]);
}

void fill_cpuid_page(void *page)
{
	struct cpuid_page *p = page;

	memset(p, 0, PAGE_SIZE);
	for (unsigned int i = 0; i < ARRAY_SIZE(page_leaves); i++) {
		struct cpuid_entry *e = &p->entry[p->count++];

		e->fn = page_leaves[i][0];
		e->sub = page_leaves[i][1];
		if (e->fn == 0xd)
			e->xcr0_in = 1;
		answer_entry(e);
	}
}
