// SPDX-License-Identifier: GPL-2.0
/*
 * Interrupts: VMPL 0 has a local APIC of its own, and what arrives for VMPL 2 waits until
 * that runs.
 */
#include "tests.h"

#define MSR_X2APIC(reg)		(0x800 + (reg) / 16)
#define X2APIC_EOI		MSR_X2APIC(0x0b0)
#define X2APIC_TPR		MSR_X2APIC(0x080)
#define X2APIC_SVR		MSR_X2APIC(0x0f0)
#define X2APIC_IRR		MSR_X2APIC(0x200)	/* the first of eight */
#define X2APIC_ICR		MSR_X2APIC(0x300)
#define X2APIC_LVT_TIMER	MSR_X2APIC(0x320)
#define X2APIC_TIMER_COUNT	MSR_X2APIC(0x380)
#define X2APIC_TIMER_DIVIDE	MSR_X2APIC(0x3e0)
#define X2APIC_SELF_IPI		MSR_X2APIC(0x3f0)
#define SVR_ENABLED		0x1ff
#define LVT_MASKED		BIT(16)
#define LVT_PERIODIC		BIT(17)
#define LVT_NMI			0x400
#define ICR_SELF		BIT(18)
#define DIVIDE_BY_1		0xb
#define OFTEN			100000		/* ns */
#define LATER			50000000	/* ns: VMPL 2 has given way by then */
#define LONG			(3579545 / 10)	/* ticks of the ACPI timer: 100 ms */
#define ACPI_TIMER		0x608
#define ACPI_TIMER_MASK		0xffffff
#define VMSA_EXIT_CODE		0x3c0
#define EXIT_INTR		0x60
#define EXIT_VMGEXIT		0x403

static void set_cr8(u64 v)
{
	asm volatile("mov %0, %%cr8" : : "r"(v) : "memory");
}

static void irq_on(void)
{
	asm volatile("sti; nop; nop; cli" : : : "memory");
}

static void start_apic(void)
{
	wrmsr(MSR_APIC_BASE, rdmsr(MSR_APIC_BASE) | APIC_BASE_X2APIC);
	wrmsr(X2APIC_SVR, SVR_ENABLED);
	set_cr8(0);
	store(&this_cpu()->ipis, 0);
}

static void registers(void)
{
	start_apic();
	expect_eq("APIC_BASE", rdmsr(MSR_APIC_BASE), 0xfee00d00);
	expect_eq("the APIC's id", rdmsr(MSR_X2APIC_ID), this_cpu()->apic_id);
	expect_eq("SVR", rdmsr(X2APIC_SVR), SVR_ENABLED);
	set_cr8(5);
	expect_eq("the task priority", rdmsr(X2APIC_TPR), 0x50);
	wrmsr(X2APIC_TPR, 0);
	try_insn("wrmsr", "a"(1), "c"(X2APIC_EOI), "d"(0));
	expect_eq("EOI of 1", trap_taken(), TRAP_GP);
	try_insn("wrmsr", "a"(0x4500), "c"(X2APIC_ICR), "d"(1));
	expect_eq("INIT", trap_taken(), TRAP_GP);
}

static void self_ipi(void)
{
	start_apic();
	wrmsr(X2APIC_ICR, ICR_SELF | TRAP_IPI);
	expect_eq("with interrupts off", load(&this_cpu()->ipis), 0);
	irq_on();
	expect_eq("with interrupts on", load(&this_cpu()->ipis), 1);
	irq_on();
	expect_eq("again", load(&this_cpu()->ipis), 1);
	wrmsr(X2APIC_SELF_IPI, TRAP_IPI);
	irq_on();
	expect_eq("by the other register", load(&this_cpu()->ipis), 2);
}

static void expect_gp(const char *what, u32 msr, u32 value)
{
	try_insn("wrmsr", "a"(value), "c"(msr), "d"(0));
	expect(trap_taken() == TRAP_GP, "%s: trap %d, want #GP", what, trap_taken());
}

/* What raises #GP changes nothing. */
static void refused(void)
{
	start_apic();
	expect_gp("a reserved vector", X2APIC_SELF_IPI, 5);
	expect_gp("more than a vector", X2APIC_SELF_IPI, BIT(8) | TRAP_IPI);
	for (u32 i = 0; i < 8; i++)
		expect_eq("requested", rdmsr(X2APIC_IRR + i), 0);
	irq_on();
	expect_eq("interrupts", load(&this_cpu()->ipis), 0);
	expect_gp("a priority", X2APIC_TPR, 0x150);
	expect_eq("the task priority", rdmsr(X2APIC_TPR), 0);
	expect_gp("SVR", X2APIC_SVR, BIT(10) | SVR_ENABLED);
	expect_eq("SVR", rdmsr(X2APIC_SVR), SVR_ENABLED);
	expect_gp("ICR", X2APIC_ICR, ICR_SELF | 5);
	expect_eq("requested", rdmsr(X2APIC_IRR), 0);
}

static void task_priority(void)
{
	start_apic();
	set_cr8(4);
	wrmsr(X2APIC_SELF_IPI, TRAP_IPI);
	irq_on();
	expect_eq("behind its priority", load(&this_cpu()->ipis), 0);
	asm volatile("sti");
	set_cr8(3);
	asm volatile("nop; nop; cli");
	expect_eq("once it is lower", load(&this_cpu()->ipis), 1);
	wrmsr(X2APIC_SELF_IPI, TRAP_IPI);
	irq_on();
	expect_eq("before its priority", load(&this_cpu()->ipis), 2);
	set_cr8(0);
}

static void halt(void)
{
	start_apic();
	wrmsr(X2APIC_SELF_IPI, TRAP_IPI);
	asm volatile("sti; hlt; cli" : : : "memory");
	expect_eq("ends the HLT", load(&this_cpu()->ipis), 1);
}

static u64 exit_code(u64 pa)
{
	return *(u64 *)(private(pa) + VMSA_EXIT_CODE);
}

/* An interrupt of VMPL 0's ends RUN_VMPL; VMPL 2 loses nothing. */
static void ends_run(void)
{
	u64 pa = guest_prepare(payload_stores);

	if (!pa)
		return;
	start_apic();
	((struct vmsa *)private(pa))->rax = 0xeeee;
	payload_found[0] = 0;
	wrmsr(X2APIC_SELF_IPI, TRAP_IPI);
	expect_eq("RUN_VMPL", run_vmpl(GUEST_VMPL), 0);
	expect_eq("exit code", exit_code(pa), EXIT_INTR);
	expect_eq("VMPL 2 has not run", payload_found[0], 0);
	irq_on();
	expect_eq("interrupts", load(&this_cpu()->ipis), 1);
	expect_eq("RUN_VMPL", run_vmpl(GUEST_VMPL), 0);
	expect_eq("exit code", exit_code(pa), EXIT_VMGEXIT);
	expect_eq("VMPL 2", payload_found[0], 0xeeee);
}

/* What the guest does to the real local APIC: nothing of that reaches VMPL 0. */
static void arm_timer(u64 lvt, u32 ns)
{
	wrmsr(MSR_APIC_BASE, rdmsr(MSR_APIC_BASE) | APIC_BASE_X2APIC);
	wrmsr(X2APIC_SVR, SVR_ENABLED);
	set_cr8(0);
	wrmsr(X2APIC_TIMER_DIVIDE, DIVIDE_BY_1);
	wrmsr(X2APIC_LVT_TIMER, lvt);
	wrmsr(X2APIC_TIMER_COUNT, ns);
}

static void guest_storm(void)
{
	struct cpu *c = this_cpu();

	arm_timer(LVT_PERIODIC | TRAP_IPI, OFTEN);
	run_vmpl(0);
	asm volatile("sti");
	while (load(&c->ipis) < 3)
		;
	asm volatile("cli");
	wrmsr(X2APIC_LVT_TIMER, LVT_MASKED);
	store(&c->go, 1);
	run_vmpl(0);
}

static void spin(void)
{
	u32 start = inl(ACPI_TIMER);

	while (((inl(ACPI_TIMER) - start) & ACPI_TIMER_MASK) < LONG)
		cpu_relax();
}

static void storm(void)
{
	struct cpu *guest = guest_cpu();

	if (!guest_prepare(guest_storm))
		return;
	start_apic();
	store(&guest->ipis, 0);
	store(&guest->go, 0);
	expect_eq("RUN_VMPL", run_vmpl(GUEST_VMPL), 0);
	asm volatile("sti");
	spin();
	asm volatile("cli");
	expect_eq("VMPL 0's interrupts", load(&this_cpu()->ipis), 0);
	expect_eq("VMPL 2's before it runs", load(&guest->ipis), 0);
	expect_eq("RUN_VMPL", run_vmpl(GUEST_VMPL), 0);
	expect(load(&guest->go), "VMPL 2 has come back too early");
	expect(load(&guest->ipis) >= 3, "VMPL 2's interrupts");
	expect_eq("VMPL 0's interrupts", load(&this_cpu()->ipis), 0);
}

static void guest_nmi(void)
{
	struct cpu *c = this_cpu();

	if (!ghcb_register(c->ghcb))
		return;
	wrmsr(MSR_GHCB, c->ghcb);
	arm_timer(LVT_NMI, LATER);
	run_vmpl(0);
	while (!load(&c->nmis))
		;
	store(&c->arg, load(&c->nmis));
	run_vmpl(0);
}

static void nmi(void)
{
	struct cpu *guest = guest_cpu();

	if (!guest_prepare(guest_nmi))
		return;
	if (!guest->ghcb)
		guest->ghcb = ghcb_page_alloc();
	store(&guest->nmis, 0);
	store(&guest->arg, ~0UL);
	expect_eq("RUN_VMPL", run_vmpl(GUEST_VMPL), 0);
	spin();
	expect_eq("NMIs while VMPL 0 runs", load(&guest->nmis), 0);
	expect_eq("RUN_VMPL", run_vmpl(GUEST_VMPL), 0);
	expect_eq("VMPL 2's NMIs", load(&guest->arg), 1);
	expect_eq("VMPL 0's NMIs", load(&this_cpu()->nmis), 0);
}

/* CR8 is each VMPL's own. */
static void guest_cr8(void)
{
	u64 v;

	asm volatile("mov %%cr8, %0" : "=r"(v));
	payload_found[0] = v;
	set_cr8(7);
	run_vmpl(0);
}

static void own_cr8(void)
{
	u64 v;

	if (!guest_prepare(guest_cr8))
		return;
	set_cr8(9);
	expect_eq("RUN_VMPL", run_vmpl(GUEST_VMPL), 0);
	asm volatile("mov %%cr8, %0" : "=r"(v));
	expect_eq("VMPL 0's CR8", v, 9);
	expect_eq("VMPL 2's CR8", payload_found[0], 0);
	set_cr8(0);
}

/* The host of a VMSA with restricted injection injects no interrupts. */
static bool injected(void)
{
	return expect(!(rdmsr(MSR_SEV_STATUS) & STATUS_RESTRICTED),
		      "the VMSA has restricted injection: see pack-igvm --unrestricted");
}

static const struct selftest tests[] = {
	{ .name = "irq.registers", .prepare = injected, .run = registers },
	{ .name = "irq.self-ipi", .prepare = injected, .run = self_ipi },
	{ .name = "irq.refused", .prepare = injected, .run = refused },
	{ .name = "irq.task-priority", .prepare = injected, .run = task_priority },
	{ .name = "irq.halt", .prepare = injected, .run = halt },
	{ .name = "irq.ends-run", .prepare = injected, .run = ends_run },
	{ .name = "irq.cr8", .prepare = injected, .run = own_cr8 },
	{ .name = "irq.storm", .prepare = injected, .run = storm },
	{ .name = "irq.nmi", .prepare = injected, .run = nmi },
};

const struct selftest_table irq_tests = { tests, ARRAY_SIZE(tests) };
