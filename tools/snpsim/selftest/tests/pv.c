// SPDX-License-Identifier: GPL-2.0
/*
 * KVM's paravirtual MSRs, and what the host writes to the memory that they register, also
 * after EXECUTE. All tests but pv.absent need --host kvm-pv.
 */
#include "tests.h"

#define AP			1
#define LEFT_MS			20
#define LEAF_FEATURES		0x40000001
#define FEATURES		(BIT(3) | BIT(4) | BIT(5) | BIT(6) | BIT(14) | BIT(24))

#define MSR_WALL_CLOCK		0x4b564d00
#define MSR_SYSTEM_TIME		0x4b564d01
#define MSR_ASYNC_PF_EN		0x4b564d02
#define MSR_STEAL_TIME		0x4b564d03
#define MSR_PV_EOI_EN		0x4b564d04
#define MSR_POLL_CONTROL	0x4b564d05
#define MSR_ASYNC_PF_INT	0x4b564d06
#define MSR_ASYNC_PF_ACK	0x4b564d07
#define ENABLED			1UL
#define ASYNC_PF_AS_INT		8UL

/* Offsets of the areas in a page */
#define CLOCK			0x000
#define STEAL			0x040
#define EOI			0x080
#define ASYNC_PF		0x0c0
#define WALL_CLOCK		0x100

struct clock {
	u32 version, pad0;
	u64 tsc, system_time;
	u32 mul;
	signed char shift;
	u8 flags, pad[2];
};

struct wall_clock {
	u32 version, sec, nsec;
};

struct steal {
	u64 steal;
	u32 version, flags;
	u8 preempted;
};

#define CLOCK_STABLE	1
#define FIRST_FAR	0x4000000UL	/* the first page that page_far() returns */
#define YEAR_2020	1577836800

static int write_traps(u32 msr, u64 v)
{
	try_insn("wrmsr", "c"(msr), "a"((u32)v), "d"((u32)(v >> 32)));
	return trap_taken();
}

static u64 features(void)
{
	u32 r[4];

	cpuid(LEAF_FEATURES, 0, r);
	return r[0];
}

static u64 shared_page(void)
{
	u64 pa = page_far();

	if (!page_accept(pa) || !page_share(pa))
		return 0;
	memset(shared(pa), 0, PAGE_SIZE);
	return pa;
}

static void register_all(u64 pa)
{
	wrmsr(MSR_SYSTEM_TIME, (pa + CLOCK) | ENABLED);
	wrmsr(MSR_STEAL_TIME, (pa + STEAL) | ENABLED);
	wrmsr(MSR_PV_EOI_EN, (pa + EOI) | ENABLED);
	wrmsr(MSR_ASYNC_PF_INT, TRAP_IPI);
	wrmsr(MSR_ASYNC_PF_EN, (pa + ASYNC_PF) | ENABLED | ASYNC_PF_AS_INT);
}

/* Halt until an IPI from this CPU to itself wakes it. */
static void nap(void)
{
	apic_enable();
	apic_send_ipi(this_cpu()->apic_id);
	asm volatile("sti; hlt; cli" : : : "memory");
}

static void absent(void)
{
	expect_eq("features", features(), 0);
	for (u32 msr = MSR_WALL_CLOCK; msr <= MSR_ASYNC_PF_ACK; msr++)
		expect_eq("write", write_traps(msr, 0), TRAP_GP);
}

/* Which writes raise #GP, and what the host keeps for each vCPU. */
static void msrs(void)
{
	u64 pa = shared_page(), beyond = 0xfd000000;

	expect_eq("features", features(), FEATURES);
	expect_eq("async PF, reserved", write_traps(MSR_ASYNC_PF_EN, pa | 0x10), TRAP_GP);
	expect_eq("async PF, by #PF exit", write_traps(MSR_ASYNC_PF_EN, pa | 4), TRAP_GP);
	expect_eq("async PF, no memory",
		  write_traps(MSR_ASYNC_PF_EN, beyond | ENABLED | ASYNC_PF_AS_INT), TRAP_GP);
	expect_eq("async PF vector", write_traps(MSR_ASYNC_PF_INT, 0x100), TRAP_GP);
	expect_eq("steal time, reserved", write_traps(MSR_STEAL_TIME, pa | 2), TRAP_GP);
	expect_eq("EOI, not aligned", write_traps(MSR_PV_EOI_EN, pa | 2), TRAP_GP);
	expect_eq("EOI, no memory", write_traps(MSR_PV_EOI_EN, beyond | ENABLED), TRAP_GP);
	expect_eq("poll control", write_traps(MSR_POLL_CONTROL, 1), TRAP_GP);
	wrmsr(MSR_ASYNC_PF_EN, 0);
	register_all(pa);
	expect_eq("clock", rdmsr(MSR_SYSTEM_TIME), (pa + CLOCK) | ENABLED);
	expect_eq("steal time", rdmsr(MSR_STEAL_TIME), (pa + STEAL) | ENABLED);
	expect_eq("EOI", rdmsr(MSR_PV_EOI_EN), (pa + EOI) | ENABLED);
	expect_eq("async PF", rdmsr(MSR_ASYNC_PF_EN), (pa + ASYNC_PF) | ENABLED | ASYNC_PF_AS_INT);
	expect_eq("its vector", rdmsr(MSR_ASYNC_PF_INT), TRAP_IPI);
	wrmsr(MSR_ASYNC_PF_EN, 0);
	wrmsr(MSR_PV_EOI_EN, 0);
	wrmsr(MSR_STEAL_TIME, 0);
	wrmsr(MSR_SYSTEM_TIME, 0);
}

static void clocks(void)
{
	u64 pa = shared_page(), ns;
	struct clock *c = shared(pa + CLOCK);
	struct wall_clock *w = shared(pa + WALL_CLOCK);

	wrmsr(MSR_SYSTEM_TIME, (pa + CLOCK) | ENABLED);
	expect(load(&c->version) && !(load(&c->version) & 1), "version %x", load(&c->version));
	expect_eq("flags", c->flags, CLOCK_STABLE);
	delay_ms(100);
	ns = rdtsc() - c->tsc;
	ns = c->shift < 0 ? ns >> -c->shift : ns << c->shift;
	ns = ns * (c->mul >> 16) >> 16;
	expect(ns > 50000000 && ns < 20000000000, "%lu ns instead of 100 ms", ns);
	wrmsr(MSR_WALL_CLOCK, pa + WALL_CLOCK);
	expect(w->version && !(w->version & 1) && w->sec > YEAR_2020 && w->nsec < 1000000000,
	       "wall clock: version %x, %u s, %u ns", w->version, w->sec, w->nsec);
	wrmsr(MSR_SYSTEM_TIME, 0);
}

static void steal(void)
{
	u64 pa = shared_page(), before;
	struct steal *s = shared(pa + STEAL);

	s->preempted = 1;
	wrmsr(MSR_STEAL_TIME, (pa + STEAL) | ENABLED);
	expect(load(&s->version) && !(load(&s->version) & 1), "version %x", load(&s->version));
	expect_eq("preempted", s->preempted, 0);
	before = load(&s->steal);
	nap();
	expect(load(&s->steal) > before, "nothing is stolen");
	wrmsr(MSR_STEAL_TIME, 0);
}

/* The flag says that no EOI is needed. A CPU that clears it instead gets the next interrupt. */
static void eoi(void)
{
	struct cpu *c = this_cpu();
	u64 pa = shared_page();

	c->eoi_flag = shared(pa + EOI);
	wrmsr(MSR_PV_EOI_EN, (pa + EOI) | ENABLED);
	for (u32 i = 1; i <= 3; i++) {
		nap();
		expect_eq("interrupts", load(&c->ipis), i);
		expect_eq("without an EOI", load(&c->saved_eois), i);
	}
	wrmsr(MSR_PV_EOI_EN, 0);
	c->eoi_flag = NULL;
	nap();
	expect_eq("interrupts", load(&c->ipis), 4);
	expect_eq("without an EOI", load(&c->saved_eois), 3);
}

/* The guest writes an EOI all the same. The host takes the flag back, and nothing is lost. */
static void eoi_declined(void)
{
	struct cpu *c = this_cpu();
	u64 pa = shared_page();

	wrmsr(MSR_PV_EOI_EN, (pa + EOI) | ENABLED);
	for (u32 i = 1; i <= 3; i++) {
		nap();
		expect_eq("interrupts", load(&c->ipis), i);
	}
	expect_eq("flag", *(u8 *)shared(pa + EOI), 0);
	wrmsr(MSR_PV_EOI_EN, 0);
}

/* A vCPU that enables it gets an interrupt that says: wake everybody. */
static void async_pf(void)
{
	struct cpu *c = this_cpu();
	u64 pa = shared_page();
	u32 *token = shared(pa + ASYNC_PF + 4);

	apic_enable();
	wrmsr(MSR_ASYNC_PF_INT, TRAP_IPI);
	wrmsr(MSR_ASYNC_PF_EN, (pa + ASYNC_PF) | ENABLED | ASYNC_PF_AS_INT);
	asm volatile("sti; nop; nop; cli" : : : "memory");
	delay_ms(LEFT_MS);
	asm volatile("sti; nop; nop; cli" : : : "memory");
	expect_eq("interrupts", load(&c->ipis), 1);
	expect_eq("token", load(token), 0xffffffff);
	wrmsr(MSR_ASYNC_PF_ACK, 1);
	wrmsr(MSR_ASYNC_PF_EN, 0);
}

static u64 ap_page;

static void ap_registers(void)
{
	register_all(ap_page);
	store(&this_cpu()->go, 1);
}

static void ap_looks(void)
{
	struct cpu *c = this_cpu();

	store(&c->arg, rdmsr(MSR_SYSTEM_TIME) | rdmsr(MSR_STEAL_TIME) | rdmsr(MSR_PV_EOI_EN) |
		       rdmsr(MSR_ASYNC_PF_EN) | rdmsr(MSR_ASYNC_PF_INT));
	store(&c->go, 1);
}

/* KVM resets a vCPU at AP creation. */
static void creation_resets(void)
{
	struct cpu *c = cpu_nr(AP);

	ap_page = shared_page();
	if (!ap_start(AP, ap_registers) || !expect(wait_for(&c->go, 1), "the AP does nothing"))
		return;
	if (!ap_destroy(AP) || !expect_eq("DELETE_VCPU", ap_delete(AP), SVSM_SUCCESS) ||
	    !ap_start(AP, ap_looks))
		return;
	expect(wait_for(&c->go, 1), "the AP does not look");
	expect_eq("its MSRs", load(&c->arg), 0);
	if (ap_destroy(AP))
		expect_eq("DELETE_VCPU", ap_delete(AP), SVSM_SUCCESS);
}

static void ap_registers_and_halts(void)
{
	register_all(ap_page);
	store(&this_cpu()->go, 1);
	halt_forever();
}

/* EXECUTE leaves an AP's areas registered, until boot 2 creates the AP anew. */
static void created_anew(void)
{
	struct cpu *c = cpu_nr(AP);

	ap_page = shared_page();
	if (boot == 1) {
		if (ap_start(AP, ap_registers_and_halts) &&
		    expect(wait_for(&c->go, 1), "the AP does nothing")) {
			delay_ms(LEFT_MS);
			execute();
		}
		return;
	}
	if (!ap_start(AP, ap_looks))
		return;
	expect(wait_for(&c->go, 1), "the AP does not look");
	expect_eq("its MSRs", load(&c->arg), 0);
}

/* Both vCPUs have all four areas registered at EXECUTE. With option destroyed the AP has none. */
static void left(void)
{
	struct cpu *c = cpu_nr(AP);
	u64 pa;

	if (boot > 1)
		return;
	pa = shared_page();
	ap_page = shared_page();
	say("PAGE %lx", pa);
	say("APPAGE %lx", ap_page);
	register_all(pa);
	if (!ap_start(AP, ap_registers) || !expect(wait_for(&c->go, 1), "the AP does nothing"))
		return;
	delay_ms(LEFT_MS);
	if (!option_given("destroyed") || ap_destroy(AP))
		execute();
}

/* Boot 1 leaves the areas. In boot 2 the page is private, and keeps its contents. */
static void hidden(void)
{
	u64 pa, *p;

	if (boot == 1) {
		pa = shared_page();
		register_all(pa);
		execute();
		return;
	}
	pa = page_far();
	page_accept(pa);
	p = private(pa);
	expect_eq("steal time", rdmsr(MSR_STEAL_TIME), (pa + STEAL) | ENABLED);
	memset(p, 0, PAGE_SIZE);
	for (u32 i = 1; i <= 3; i++) {
		nap();
		expect_eq("interrupts", load(&this_cpu()->ipis), i);
	}
	for (unsigned int i = 0; i < PAGE_SIZE / sizeof(*p); i++)
		expect_eq("contents", load(p + i), 0);
}

/* The page is as boot 1 left it: shared, but boot 2 does not use it. */
static void unused(void)
{
	if (boot == 1) {
		u64 pa = shared_page();

		expect_eq("page", pa, FIRST_FAR);
		register_all(pa);
		execute();
		return;
	}
	expect_eq("steal time", rdmsr(MSR_STEAL_TIME), (FIRST_FAR + STEAL) | ENABLED);
	nap();
}

/*
 * Boot 2 shares the page for another purpose. From then on the host may write into it at
 * any time.
 */
static void stale(u32 msr, u64 area)
{
	if (boot == 1) {
		u64 pa = shared_page();

		expect_eq("page", pa, FIRST_FAR);
		wrmsr(msr, (pa + area) | ENABLED);
		execute();
		return;
	}
	say("PAGE %lx", FIRST_FAR + area);
	planted();
	shared_page();
	nap();
	expect(false, "survived");
}

static void stale_steal(void)
{
	stale(MSR_STEAL_TIME, STEAL);
}

static void stale_eoi(void)
{
	stale(MSR_PV_EOI_EN, EOI);
}

static void ap_registers_clock(void)
{
	wrmsr(MSR_SYSTEM_TIME, (ap_page + CLOCK) | ENABLED);
	store(&this_cpu()->go, 1);
}

/* When boot 2 registers a clock, the host writes all clocks, also that of boot 1. */
static void stale_clock(void)
{
	u64 pa = shared_page();

	ap_page = shared_page();
	if (boot == 1) {
		expect_eq("page", pa, FIRST_FAR);
		wrmsr(MSR_SYSTEM_TIME, (pa + CLOCK) | ENABLED);
		execute();
		return;
	}
	say("PAGE %lx", pa + CLOCK);
	planted();
	if (ap_start(AP, ap_registers_clock))
		wait_for(&cpu_nr(AP)->go, 1);
	nap();
	expect(false, "survived");
}

/* Boot 2 registers the same memory for itself before it shares it. */
static void taken_over(void)
{
	register_all(FIRST_FAR);
	expect_eq("page", shared_page(), FIRST_FAR);
	nap();
	if (boot == 1)
		execute();
}

static const struct selftest tests[] = {
	{ .name = "pv.absent", .run = absent, .alone = true },
	{ .name = "pv.msrs", .run = msrs, .alone = true },
	{ .name = "pv.clock", .run = clocks, .alone = true },
	{ .name = "pv.steal", .run = steal, .alone = true },
	{ .name = "pv.eoi", .run = eoi, .alone = true },
	{ .name = "pv.eoi-declined", .run = eoi_declined, .alone = true },
	{ .name = "pv.async-pf", .run = async_pf, .alone = true },
	{ .name = "pv.creation-resets", .run = creation_resets, .alone = true },
	{ .name = "pv.created-anew", .run = created_anew, .alone = true },
	{ .name = "pv.left", .run = left, .alone = true },
	{ .name = "pv.hidden", .run = hidden, .alone = true },
	{ .name = "pv.unused", .run = unused, .alone = true },
	{ .name = "pv.stale-steal", .run = stale_steal, .alone = true },
	{ .name = "pv.stale-eoi", .run = stale_eoi, .alone = true },
	{ .name = "pv.stale-clock", .run = stale_clock, .alone = true },
	{ .name = "pv.taken-over", .run = taken_over, .alone = true },
};

const struct selftest_table pv_tests = { tests, ARRAY_SIZE(tests) };
