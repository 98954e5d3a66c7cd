// SPDX-License-Identifier: GPL-2.0
/* Restricted injection: interrupts come to VMPL 0 as #HV, and by its doorbell page. */
#include "tests.h"

#define GHCB_DOORBELL		0x80000014
#define GHCB_HV_IPI		0x80000015
#define GHCB_HV_FEATURES	0x8000fffd
#define FEATURE_RESTRICTED	BIT(2)
#define GET_PREFERRED		0
#define SET			1
#define QUERY			2
#define CLEAR			3
#define NO_PAGE			(~0UL)
#define OUTSIDE			0x80000000UL	/* neither memory nor firmware */

#define NO_FURTHER_SIGNAL	0x80
#define X2APIC(reg)		(0x800 + (reg) / 16)
#define X2APIC_EOI		X2APIC(0x0b0)
#define X2APIC_TPR		X2APIC(0x080)
#define X2APIC_SVR		X2APIC(0x0f0)
#define X2APIC_SELF_IPI		X2APIC(0x3f0)
#define SVR_ENABLED		0x1ff
#define ICR_SELF		BIT(18)
#define LOWER			0x41		/* vectors of two priorities */
#define HIGHER			0x52
#define VMSA_EXIT_CODE		0x3c0
#define EXIT_INTR		0x60
#define OTHER			1		/* another CPU */
#define SOME_TIME		300000000U

struct doorbell {
	u8 vector, flags, no_eoi_required, vmpl_events;
};

/* Of the boot CPU, and of the other one */
static struct doorbell *bells[2];

static bool request(u64 what, u64 pa, u64 *answer)
{
	struct ghcb_call call = { .code = GHCB_DOORBELL, .info1 = what, .info2 = pa };
	bool done = ghcb_event(&call);

	*answer = call.info2;
	return done;
}

static u64 page(void)
{
	u64 answer;

	expect(request(QUERY, 0, &answer), "the host does not say where it is");
	return answer;
}

static void refused(const char *what, u64 number, u64 pa)
{
	u64 answer;

	expect(!request(number, pa, &answer), "%s is accepted", what);
	expect_eq("the page afterwards", page(), NO_PAGE);
}

/* Not of the image: all of that is VMPL 2's as well. */
static u64 shared_page(void)
{
	static u64 next = HEAP;
	u64 pa = next;

	next += PAGE_SIZE;
	expect_eq("PSC to shared", ghcb_psc_msr(pa, PSC_SHARED), 0);
	memset(shared(pa), 0, PAGE_SIZE);
	return pa;
}

static void set_cr8(u64 v)
{
	asm volatile("mov %0, %%cr8" : : "r"(v) : "memory");
}

static void start_apic(void)
{
	wrmsr(MSR_APIC_BASE, rdmsr(MSR_APIC_BASE) | APIC_BASE_X2APIC);
	wrmsr(X2APIC_SVR, SVR_ENABLED);
	wrmsr(X2APIC_TPR, 0);
	store(&this_cpu()->hvs, 0);
	store(&this_cpu()->ipis, 0);
}

/* Nothing waits, and the next event signals. */
static struct doorbell *bell(void)
{
	struct doorbell **b = &bells[this_cpu()->index];
	u64 answer, pa;

	start_apic();
	if (!*b) {
		pa = shared_page();
		expect(request(SET, pa, &answer), "the host does not take the page");
		expect_eq("the page", answer, pa);
		*b = shared(pa);
	}
	expect_eq("a vector that waits", load(&(*b)->vector), 0);
	store(&(*b)->flags, 0);
	return *b;
}

/* Take the interrupt that waits, as a handler does, and end it. */
static void expect_vector(struct doorbell *b, u32 vector)
{
	expect_eq("the vector", __atomic_exchange_n(&b->vector, 0, __ATOMIC_SEQ_CST), vector);
	wrmsr(X2APIC_EOI, 0);
}

static void expect_signals(u32 n)
{
	expect_eq("#HV", load(&this_cpu()->hvs), n);
	expect_eq("interrupts", load(&this_cpu()->ipis), 0);
}

static void registration(void)
{
	struct ghcb_call features = { .code = GHCB_HV_FEATURES };
	u64 answer, pa = shared_page();

	expect(rdmsr(MSR_SEV_STATUS) & STATUS_RESTRICTED, "no restricted injection");
	expect(ghcb_event(&features), "the host's features");
	expect(features.info2 & FEATURE_RESTRICTED, "the host has no restricted injection");
	expect_eq("the page at first", page(), NO_PAGE);
	expect(request(GET_PREFERRED, 0, &answer), "the host has no wish");
	expect_eq("the host's wish", answer, NO_PAGE);
	expect(request(SET, pa, &answer), "the host does not take the page");
	expect_eq("the page", answer, pa);
	expect_eq("the page later", page(), pa);
	refused("half a page", SET, pa + 8);
	expect(request(SET, pa, &answer), "the host does not take the page again");
	refused("a page that is no memory", SET, OUTSIDE);
	expect(request(SET, pa, &answer), "the host does not take the page again");
	refused("an unknown request", CLEAR + 1, pa);
	expect(request(SET, pa, &answer), "the host does not take the page again");
	expect(request(CLEAR, 0, &answer), "the host does not forget the page");
	expect_eq("the page at the end", page(), NO_PAGE);
}

/* Without a page the host can tell of nothing. The interrupt is not lost. */
static void blocked(void)
{
	struct doorbell *b;
	u64 answer, pa;

	start_apic();
	wrmsr(X2APIC_SELF_IPI, TRAP_IPI);
	asm volatile("sti; nop; nop; cli" : : : "memory");
	expect_signals(0);
	pa = shared_page();
	b = shared(pa);
	expect(request(SET, pa, &answer), "the host does not take the page");
	expect_signals(1);
	expect_vector(b, TRAP_IPI);
	expect(request(CLEAR, 0, &answer), "the host does not forget the page");
}

/* #HV is no interrupt: it comes with interrupts off. It says so only once until it is read. */
static void signals(void)
{
	struct doorbell *b = bell();

	wrmsr(X2APIC_SELF_IPI, LOWER);
	expect_signals(1);
	expect_eq("no further signal", load(&b->flags), NO_FURTHER_SIGNAL);
	expect_vector(b, LOWER);
	wrmsr(X2APIC_SELF_IPI, LOWER);
	expect_signals(1);
	expect_vector(b, LOWER);
	store(&b->flags, 0);
	wrmsr(X2APIC_SELF_IPI, HIGHER);
	expect_signals(2);
	expect_vector(b, HIGHER);
}

/* The next vector waits until this one was taken, whatever its priority. */
static void one_by_one(void)
{
	struct doorbell *b = bell();

	wrmsr(X2APIC_SELF_IPI, LOWER);
	wrmsr(X2APIC_SELF_IPI, HIGHER);
	expect_signals(1);
	expect_eq("the vector", load(&b->vector), LOWER);
	store(&b->flags, 0);
	store(&b->vector, 0);
	wrmsr(X2APIC_EOI, 0);
	expect_signals(2);
	expect_vector(b, HIGHER);
}

/* An interrupt in service keeps those of its priority out until its EOI. */
static void in_service(void)
{
	struct doorbell *b = bell();

	wrmsr(X2APIC_SELF_IPI, LOWER);
	store(&b->vector, 0);
	store(&b->flags, 0);
	wrmsr(X2APIC_SELF_IPI, LOWER);
	expect_signals(1);
	expect_eq("the vector before EOI", load(&b->vector), 0);
	wrmsr(X2APIC_EOI, 0);
	expect_signals(2);
	expect_vector(b, LOWER);
}

static bool hv_ipi(u64 icr)
{
	struct ghcb_call call = { .code = GHCB_HV_IPI, .info1 = icr };

	return ghcb_event(&call);
}

static void ipi(void)
{
	struct doorbell *b = bell();

	expect(hv_ipi(ICR_SELF | LOWER), "the host sends no IPI");
	expect_signals(1);
	expect_vector(b, LOWER);
	expect(!hv_ipi(ICR_SELF | 5), "the host sends a reserved vector");
	expect(!hv_ipi(BIT(32) | 0x4500), "the host sends INIT");
	wrmsr(X2APIC_SVR, 0xff);
	expect(!hv_ipi(ICR_SELF | LOWER), "the host sends by an APIC that is off");
	wrmsr(X2APIC_SVR, SVR_ENABLED);
	expect_signals(1);
}

/*
 * The other CPU waits in HLT, with interrupts off. A #HV that comes before the HLT must keep it
 * from being executed, as in any SVSM.
 */
static void skip_halt(struct regs *r)
{
	if (r->rip >= (u64)halt_window && r->rip < (u64)halt_window_end)
		r->rip = (u64)halt_window_end;
}

static void halt_unless(const u8 *vector)
{
	asm volatile(".globl halt_window, halt_window_end\n"
		     "halt_window:\n\t"
		     "cmpb $0, %0\n\t"
		     "jne halt_window_end\n\t"
		     "hlt\n"
		     "halt_window_end:" : : "m"(*vector) : "memory", "cc");
}

static void wait_halted(void)
{
	struct doorbell *b = bell();

	this_cpu()->hv_work = skip_halt;
	for (;;) {
		store(&this_cpu()->go, 1);
		halt_unless(&b->vector);
		if (!load(&b->vector))
			continue;
		store(&this_cpu()->arg, load(&b->vector));
		store(&this_cpu()->go, 0);
		store(&b->flags, 0);
		store(&b->vector, 0);
		wrmsr(X2APIC_EOI, 0);
	}
}

static void ends_halt(void)
{
	struct cpu *c = cpu_nr(OTHER);

	bell();
	if (!cpu_start(OTHER, wait_halted) || !expect(wait_for(&c->go, 1), "it does not wait"))
		return;
	store(&c->arg, 0);
	expect(hv_ipi((u64)OTHER << 32 | HIGHER), "the host sends no IPI");
	expect(wait_for(&c->hvs, 1), "no #HV there");
	for (u32 i = 0; i < SOME_TIME && !load(&c->arg); i++)
		cpu_relax();
	expect_eq("the vector", load(&c->arg), HIGHER);
	expect_signals(0);
}

/* An interrupt for VMPL 0 ends RUN_VMPL; this CPU sends it once VMPL 2 of the other one runs. */
static void send_back(void)
{
	start_apic();
	while (!load(&payload_count))
		cpu_relax();
	hv_ipi(LOWER);
	halt_forever();
}

static void ends_run(void)
{
	struct doorbell *b = bell();
	u64 pa = page_alloc_vmsa();

	guest_vmsa(pa, payload_spins);
	guest_seal(pa);
	store(&payload_count, 0);
	if (!expect(guest_create(0, pa, AP_CREATE_ON_INIT), "AP creation") ||
	    !cpu_start(OTHER + 1, send_back))
		return;
	expect_eq("RUN_VMPL", run_vmpl(GUEST_VMPL), 0);
	expect_signals(1);
	expect_eq("exit code", *(u64 *)((u8 *)private(pa) + VMSA_EXIT_CODE), EXIT_INTR);
	expect_vector(b, LOWER);
}

/* The task priority keeps those out that are not above it. */
static void task_priority(void)
{
	struct doorbell *b = bell();

	set_cr8(4);
	wrmsr(X2APIC_SELF_IPI, LOWER);
	expect_signals(0);
	expect_eq("a vector behind the priority", load(&b->vector), 0);
	wrmsr(X2APIC_SELF_IPI, HIGHER);
	expect_signals(1);
	expect_vector(b, HIGHER);
	store(&b->flags, 0);
	set_cr8(0);
	wrmsr(X2APIC_TPR, 0);
	expect_signals(2);
	expect_vector(b, LOWER);
}

/* What a host writes to a private page is lost: the run ends. */
static void not_shared(void)
{
	u64 answer, pa = page_alloc();

	start_apic();
	expect(request(SET, pa, &answer), "the host does not take a private page");
	say("PAGE %lx", pa);
	planted();
	wrmsr(X2APIC_SELF_IPI, LOWER);
}

static const struct selftest tests[] = {
	{ .name = "doorbell.registration", .run = registration },
	{ .name = "doorbell.blocked", .run = blocked },
	{ .name = "doorbell.signals", .run = signals },
	{ .name = "doorbell.one-by-one", .run = one_by_one },
	{ .name = "doorbell.in-service", .run = in_service },
	{ .name = "doorbell.ipi", .run = ipi },
	{ .name = "doorbell.priority", .run = task_priority },
	{ .name = "doorbell.ends-halt", .run = ends_halt },
	{ .name = "doorbell.ends-run", .run = ends_run },
	{ .name = "doorbell.not-shared", .run = not_shared, .alone = true },
};

const struct selftest_table doorbell_tests = { tests, ARRAY_SIZE(tests) };
