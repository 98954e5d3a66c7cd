// SPDX-License-Identifier: GPL-2.0
/* The host's side: MSR protocol, events, page state changes in bulk (AMD 56421) */
#include "tests.h"

#define MSR_SEV_INFO		0x002
#define MSR_CPUID		0x004
#define MSR_PREFERRED_GPA	0x010
#define MSR_HV_FEATURES		0x080
#define MSR_VM_HSAVE_PA		0xc0010117

#define GHCB_CPUID		0x72
#define GHCB_IOIO		0x7b
#define GHCB_MSR		0x7c
#define GHCB_PSC		0x80000010
#define GHCB_AP_JUMP_TABLE	0x80000005
#define GHCB_APIC_IDS		0x80000017
#define GHCB_HV_FEATURES	0x8000fffd
/* SNP, AP creation, APIC ids, multi-VMPL */
#define FEATURES		(BIT(0) | BIT(1) | BIT(4) | BIT(5))
#define FEATURE_RESTRICTED	BIT(2)
#define JUMP_TABLE_GET		1

#define ERROR_INPUT		2	/* SW_EXITINFO1: malformed; SW_EXITINFO2 has the reason */
#define WHY_SCRATCH		3
#define WHY_INPUT		5
#define WHY_EVENT		6
#define INJECT			1	/* SW_EXITINFO1: an exception for the guest */

#define PSC_HUGE		BIT(56)
#define PSC_HEADER_ERROR	(BIT(32) | 1)
#define PSC_ENTRY_ERROR		(BIT(32) | 2)

struct psc_list {
	u16 cur, end;
	u32 reserved;
	u64 entry[];
};

/* The host has restricted injection for a program at VMPL 0 that asks for it. */
static u64 features(void)
{
	return FEATURES | (option("restricted", 0) ? FEATURE_RESTRICTED : 0);
}

static void msr_info(void)
{
	u64 r = ghcb_msr(MSR_SEV_INFO);

	expect_eq("response", r & 0xfff, 0x001);
	expect_eq("C-bit", r >> 24 & 0xff, 47);
	expect_eq("lowest version", r >> 32 & 0xffff, 1);
	expect_eq("highest version", r >> 48, 2);
	r = ghcb_msr(MSR_HV_FEATURES);
	expect_eq("response", r & 0xfff, 0x081);
	expect_eq("features", r >> 12, features());
	expect_eq("preferred GPA", ghcb_msr(MSR_PREFERRED_GPA), (PAGE_MASK) | 0x011);
}

/* Each request returns one register. */
static void msr_cpuid(void)
{
	u32 r[4];

	cpuid(0x8000001f, 0, r);
	for (u64 i = 0; i < 4; i++) {
		u64 answer = ghcb_msr(0x8000001fUL << 32 | i << 30 | MSR_CPUID);

		expect_eq("response", answer & 0xfff, 0x005);
		expect_eq("register", answer >> 32, r[i]);
	}
}

static void event_cpuid(void)
{
	struct ghcb_call c = { .code = GHCB_CPUID, .rax = 0x8000001f };
	u32 r[4];

	cpuid(0x8000001f, 0, r);
	expect(ghcb_event(&c), "refused");
	expect_eq("EAX", c.rax, r[0]);
	expect_eq("EBX", c.rbx, r[1]);
	expect_eq("ECX", c.rcx, r[2]);
	expect_eq("EDX", c.rdx, r[3]);
}

static void event_features(void)
{
	struct ghcb_call c = { .code = GHCB_HV_FEATURES };

	expect(ghcb_event(&c), "refused");
	expect_eq("features", c.info2, features());
}

/* Without room the host returns the number of pages that it needs; with room, the ids, 0 first. */
static void apic_ids(void)
{
	u64 pa = ghcb_page_alloc(), private = page_alloc();
	struct ghcb_call c = { .code = GHCB_APIC_IDS };
	u32 *list = shared(pa);

	expect(ghcb_event(&c), "refused");
	expect_eq("pages", c.rax, 1);
	c = (struct ghcb_call){ .code = GHCB_APIC_IDS, .rax = 1, .info1 = pa };
	expect(ghcb_event(&c), "refused");
	expect_eq("pages", c.rax, 1);
	expect(list[0] >= 1 && list[0] <= 16, "%u vCPUs", list[0]);
	for (u32 i = 0; i < list[0] && i < 16; i++)
		expect_eq("APIC id", list[1 + i], i);
	c = (struct ghcb_call){ .code = GHCB_APIC_IDS, .rax = 1, .info1 = private };
	expect(!ghcb_event(&c), "a private page is taken");
	expect_eq("SW_EXITINFO2", c.info2, WHY_INPUT);
	c = (struct ghcb_call){ .code = GHCB_APIC_IDS, .rax = 1, .info1 = pa + 8 };
	expect(!ghcb_event(&c), "half a page is taken");
}

/* The next caller finds what the last one has left. */
static void jump_table(void)
{
	struct ghcb_call c = { .code = GHCB_AP_JUMP_TABLE, .info2 = 0x9000 };

	expect(ghcb_event(&c), "refused");
	c = (struct ghcb_call){ .code = GHCB_AP_JUMP_TABLE, .info1 = JUMP_TABLE_GET };
	expect(ghcb_event(&c), "refused");
	expect_eq("address", c.info2, 0x9000);
	c = (struct ghcb_call){ .code = GHCB_AP_JUMP_TABLE, .info1 = 2 };
	expect(!ghcb_event(&c), "request 2 is known");
	expect_eq("SW_EXITINFO2", c.info2, WHY_INPUT);
}

static void event_unknown(void)
{
	struct ghcb_call c = { .code = 0x80001234 };

	expect(!ghcb_event(&c), "event 0x80001234 is known");
	expect_eq("SW_EXITINFO1", (u32)c.info1, ERROR_INPUT);
	expect_eq("SW_EXITINFO2", c.info2, WHY_EVENT);
}

static struct psc_list *psc_list(void)
{
	struct psc_list *l = shared(ghcb_buffer());

	memset(l, 0, 2032);
	return l;
}

/* Returns SW_EXITINFO2: 0 if all was done. cur says how far the host came. */
static u64 psc(void)
{
	struct ghcb_call c = { .code = GHCB_PSC, .scratch = ghcb_buffer() };

	ghcb_event(&c);
	return c.info2;
}

static u64 psc_entry(u64 pa, enum psc_op op)
{
	return (u64)op << 52 | pa;
}

static void psc_pages(void)
{
	struct psc_list *l;
	u64 pa[3];

	for (unsigned int i = 0; i < 3; i++)
		pa[i] = page_far();
	l = psc_list();
	l->end = 2;
	for (unsigned int i = 0; i < 3; i++)
		l->entry[i] = psc_entry(pa[i], PSC_SHARED);
	expect_eq("to shared", psc(), 0);
	expect_eq("all of them", l->cur, 3);
	for (unsigned int i = 0; i < 3; i++) {
		*(u64 *)shared(pa[i]) = i + 1;
		expect_eq("shared page", *(u64 *)shared(pa[i]), i + 1);
	}
	l = psc_list();
	l->end = 2;
	for (unsigned int i = 0; i < 3; i++)
		l->entry[i] = psc_entry(pa[i], PSC_PRIVATE);
	expect_eq("to private", psc(), 0);
	for (unsigned int i = 0; i < 3; i++)
		page_accept(pa[i]);
}

static void psc_huge(void)
{
	u64 pa = page_far_huge(), last = pa + HUGE_SIZE - PAGE_SIZE;
	struct psc_list *l = psc_list();

	l->entry[0] = psc_entry(pa, PSC_SHARED) | PSC_HUGE;
	expect_eq("to shared", psc(), 0);
	*(u64 *)shared(last) = 1;
	l = psc_list();
	l->entry[0] = psc_entry(pa, PSC_PRIVATE) | PSC_HUGE;
	expect_eq("to private", psc(), 0);
	page_accept(last);
}

static void psc_header(void)
{
	struct psc_list *l = psc_list();

	l->end = 253;
	expect_eq("254 entries", psc(), PSC_HEADER_ERROR);
	l->end = 0xffff;
	expect_eq("65536 entries", psc(), PSC_HEADER_ERROR);
	l->cur = 1;
	l->end = 0;
	expect_eq("begins after its end", psc(), PSC_HEADER_ERROR);
}

/* The host stops at the wrong entry. */
static void psc_bad_entry(void)
{
	u64 pa = page_far(), other = page_far();
	struct psc_list *l = psc_list();

	l->end = 2;
	l->entry[0] = psc_entry(pa, PSC_SHARED);
	l->entry[1] = psc_entry(page_top(), PSC_SHARED);
	l->entry[2] = psc_entry(other, PSC_SHARED);
	expect_eq("beyond RAM", psc(), PSC_ENTRY_ERROR);
	expect_eq("cur", l->cur, 1);
	page_accept(other);
	l->entry[1] = psc_entry(svsm_base(), PSC_SHARED);
	expect_eq("SVSM memory", psc(), PSC_ENTRY_ERROR);
	l->entry[1] = psc_entry(pa, 7);
	expect_eq("operation 7", psc(), PSC_ENTRY_ERROR);
}

static void expect_no_scratch(const char *what, u64 code, u64 info1, u64 info2, u64 scratch)
{
	struct ghcb_call c = {
		.code = code, .info1 = info1, .info2 = info2, .scratch = scratch,
	};

	expect(!ghcb_event(&c), "%s: done", what);
	expect_eq(what, c.info2, WHY_SCRATCH);
}

/* The scratch area must be in shared memory, and never in the SVSM's. */
static void scratch(void)
{
	const u64 outsb = 0x80UL << 16 | BIT(9) | BIT(4) | BIT(2);

	expect_no_scratch("PSC, private", GHCB_PSC, 0, 0, page_alloc());
	expect_no_scratch("PSC, SVSM memory", GHCB_PSC, 0, 0, svsm_base());
	expect_no_scratch("string, private", GHCB_IOIO, outsb, 1, page_alloc());
	expect_no_scratch("string, SVSM memory", GHCB_IOIO, outsb, 1, svsm_base());
	expect_no_scratch("MMIO, private", GHCB_MMIO_READ, 0xfee00030, 4, page_alloc());
	expect_no_scratch("string, beyond RAM", GHCB_IOIO, outsb, 1, page_top());
}

static void expect_no_mmio(const char *what, u64 pa)
{
	struct ghcb_call c = { .info1 = pa, .info2 = 4, .scratch = ghcb_buffer() };
	u32 *buffer = shared(ghcb_buffer());

	c.code = GHCB_MMIO_READ;
	expect(!ghcb_event(&c), "%s: read", what);
	*buffer = 0;
	c = (struct ghcb_call){
		.code = GHCB_MMIO_WRITE, .info1 = pa, .info2 = 4, .scratch = ghcb_buffer(),
	};
	expect(!ghcb_event(&c), "%s: written", what);
}

/* The host does MMIO only on devices, neither on the guest's memory nor on the SVSM's. */
static void mmio_memory(void)
{
	expect_no_mmio("private page", page_alloc());
	expect_no_mmio("SVSM memory", svsm_base());
	expect_no_mmio("SVSM memory, configuration", svsm_base() + 0x7000000);
}

/* The guest cannot write the MSRs that the simulator itself needs. */
static void msr_own(void)
{
	static const u32 own[] = { MSR_EFER, MSR_VM_HSAVE_PA };

	for (unsigned int i = 0; i < ARRAY_SIZE(own); i++) {
		struct ghcb_call c = { .code = GHCB_MSR, .info1 = 1, .rcx = own[i], .rax = 0 };

		expect(!ghcb_event(&c), "MSR %x was written", own[i]);
		expect_eq("SW_EXITINFO1", (u32)c.info1, INJECT);
	}
	expect_eq("alive", svsm_query(PROTO_CORE, 1), SVSM_VERSION_1);
}

/* Register a second GHCB, use it for one call, and go back to the first. */
static void second_page(void)
{
	struct ghcb_call c = { .code = GHCB_HV_FEATURES };
	u64 first = this_cpu()->ghcb, second = ghcb_page_alloc();

	for (unsigned int i = 0; i < 3; i++) {
		expect(ghcb_register(second), "the second page is refused");
		c = (struct ghcb_call){ .code = GHCB_HV_FEATURES };
		ghcb_event_raw(second, &c);
		expect_eq("second page", c.info2, features());
		expect(ghcb_register(first), "the first page is refused");
		c = (struct ghcb_call){ .code = GHCB_HV_FEATURES };
		ghcb_event_raw(first, &c);
		expect_eq("first page", c.info2, features());
	}
}

static const struct selftest tests[] = {
	{ .name = "ghcb.msr-info", .run = msr_info },
	{ .name = "ghcb.msr-cpuid", .run = msr_cpuid },
	{ .name = "ghcb.event-cpuid", .run = event_cpuid },
	{ .name = "ghcb.event-features", .run = event_features },
	{ .name = "ghcb.apic-ids", .run = apic_ids },
	{ .name = "ghcb.jump-table", .run = jump_table },
	{ .name = "ghcb.event-unknown", .run = event_unknown },
	{ .name = "ghcb.psc-pages", .run = psc_pages },
	{ .name = "ghcb.psc-huge", .run = psc_huge },
	{ .name = "ghcb.psc-header", .run = psc_header },
	{ .name = "ghcb.psc-bad-entry", .run = psc_bad_entry },
	{ .name = "ghcb.scratch", .run = scratch },
	{ .name = "ghcb.mmio-memory", .run = mmio_memory },
	{ .name = "ghcb.msr-own", .run = msr_own },
	{ .name = "ghcb.second-page", .run = second_page },
};

const struct selftest_table ghcb_tests = { tests, ARRAY_SIZE(tests) };
