// SPDX-License-Identifier: GPL-2.0
/*
 * The local APIC's two modes, and INIT. The group runs with --apic x2apic; the option
 * apic=xapic says that a run is with the other. Every test leaves each CPU in xAPIC mode.
 */
#include "tests.h"

#define AP			1
#define LEFT_MS			20
#define LAPIC_SVR		0xfee000f0UL
#define MSR_X2APIC_SVR		0x80f
#define LEAF_HYPERVISOR		0x40000000
#define CPUID_X2APIC		BIT(21)
#define MSR_NO_REGISTER		0x805	/* the registers have a gap here */
#define APIC_BASE_RESERVED	BIT(9)
#define APIC_BASE_MOVED		BIT(12)

static u64 base(void)
{
	return rdmsr(MSR_APIC_BASE);
}

/* Returns the exception that WRMSR raises. */
static int write_traps(u32 msr, u64 v)
{
	try_insn("wrmsr", "c"(msr), "a"((u32)v), "d"((u32)(v >> 32)));
	return trap_taken();
}

static int read_traps(u32 msr)
{
	struct cpu *c = this_cpu();
	u32 lo, hi;

	/* Like try_insn(), but with outputs. */
	store(&c->trap, 0);
	asm volatile("leaq 771f(%%rip), %%r11\n\t"
		     "movq %%r11, %[fix]\n\t"
		     "rdmsr\n"
		     "771:\n\t"
		     "movq $0, %[fix]"
		     : [fix] "+m"(c->fixup), "=a"(lo), "=d"(hi)
		     : "c"(msr)
		     : "r11", "memory", "cc");
	return trap_taken();
}

static void to_x2apic(void)
{
	wrmsr(MSR_APIC_BASE, base() | APIC_BASE_X2APIC);
}

static void to_xapic(void)
{
	u64 plain = base() & ~APIC_BASE_X2APIC;

	wrmsr(MSR_APIC_BASE, plain & ~APIC_BASE_ENABLE);
	wrmsr(MSR_APIC_BASE, plain);
}

static void leaves(void)
{
	u32 r[4];

	cpuid(LEAF_HYPERVISOR, 0, r);
	expect_eq("last leaf", r[0], LEAF_HYPERVISOR + 1);
	expect(!memcmp(&r[1], "KVMKVMKVM\0\0\0", 12), "not KVM's signature");
	cpuid(LEAF_HYPERVISOR + 1, 0, r);
	expect_eq("features", r[0] | r[1] | r[2] | r[3], 0);
	cpuid(1, 0, r);
	expect_eq("x2APIC", r[2] & CPUID_X2APIC, option_given("apic=xapic") ? 0 : CPUID_X2APIC);
}

/* APM volume 2, figure 16-23: x2APIC leads to xAPIC only through disabled. */
static void modes(void)
{
	u64 plain = base(), x2 = plain | APIC_BASE_X2APIC, off = plain & ~APIC_BASE_ENABLE;

	expect_eq("mode at launch", plain & (APIC_BASE_X2APIC | APIC_BASE_ENABLE),
		  APIC_BASE_ENABLE);
	expect_eq("reserved", write_traps(MSR_APIC_BASE, plain | APIC_BASE_RESERVED), TRAP_GP);
	expect_eq("moved", write_traps(MSR_APIC_BASE, plain + APIC_BASE_MOVED), TRAP_GP);
	expect_eq("off, x2APIC", write_traps(MSR_APIC_BASE, off | APIC_BASE_X2APIC), TRAP_GP);
	expect_eq("xAPIC to x2APIC", write_traps(MSR_APIC_BASE, x2), NO_TRAP);
	expect_eq("is x2APIC", base(), x2);
	expect_eq("again", write_traps(MSR_APIC_BASE, x2), NO_TRAP);
	expect_eq("x2APIC to xAPIC", write_traps(MSR_APIC_BASE, plain), TRAP_GP);
	expect_eq("x2APIC to off", write_traps(MSR_APIC_BASE, off), NO_TRAP);
	expect_eq("is off", base(), off);
	expect_eq("off to x2APIC", write_traps(MSR_APIC_BASE, x2), TRAP_GP);
	expect_eq("off to xAPIC", write_traps(MSR_APIC_BASE, plain), NO_TRAP);
	expect_eq("is xAPIC", base(), plain);
}

static void registers(void)
{
	expect_eq("id in xAPIC mode", read_traps(MSR_X2APIC_ID), TRAP_GP);
	expect_eq("ICR in xAPIC mode", write_traps(MSR_X2APIC_ICR, TRAP_IPI), TRAP_GP);
	to_x2apic();
	expect_eq("id", rdmsr(MSR_X2APIC_ID), this_cpu()->apic_id);
	expect_eq("id, written", write_traps(MSR_X2APIC_ID, 7), TRAP_GP);
	expect_eq("no register", read_traps(MSR_NO_REGISTER), TRAP_GP);
	to_xapic();
}

static void not_offered(void)
{
	expect_eq("to x2APIC", write_traps(MSR_APIC_BASE, base() | APIC_BASE_X2APIC), TRAP_GP);
	expect_eq("id", read_traps(MSR_X2APIC_ID), TRAP_GP);
}

static u32 ap_by_msr;

static void ap_waits(void)
{
	struct cpu *c = this_cpu();

	if (load(&ap_by_msr))
		to_x2apic();
	apic_enable();
	store(&c->go, 1);
	asm volatile("sti; hlt; cli" : : : "memory");
	store(&c->go, 2);
	while (load(&c->nmis) < 1)
		cpu_relax();
	if (load(&ap_by_msr))
		to_xapic();
	store(&c->go, 3);
}

static void sends(bool here, bool there)
{
	struct cpu *c = cpu_nr(AP);

	store(&ap_by_msr, there);
	if (!ap_start(AP, ap_waits) || !expect(wait_for(&c->go, 1), "the AP is not ready"))
		return;
	if (here)
		to_x2apic();
	apic_send_ipi(c->apic_id);
	if (expect(wait_for(&c->go, 2), "the interrupt does not arrive"))
		apic_send_nmi(c->apic_id);
	if (here)
		to_xapic();
	expect(wait_for(&c->go, 3), "the NMI does not arrive");
	expect_eq("interrupts", load(&c->ipis), 1);
	expect_eq("NMIs", load(&c->nmis), 1);
	expect_eq("DELETE_VCPU", ap_delete(AP), SVSM_SUCCESS);
}

static void ipi_by_msr(void)
{
	sends(true, true);
}

static void ipi_from_msr(void)
{
	sends(true, false);
}

static void ipi_to_msr(void)
{
	sends(false, true);
}

static void ap_stays_in_x2apic(void)
{
	to_x2apic();
	store(&this_cpu()->go, 1);
	halt_forever();
}

static void ap_tells_mode(void)
{
	store(&this_cpu()->arg, base() & APIC_BASE_X2APIC);
	to_xapic();
	store(&this_cpu()->go, 1);
}

/* AP creation and destruction leave the mode alone. */
static void create_keeps_mode(void)
{
	struct cpu *c = cpu_nr(AP);

	if (!ap_start(AP, ap_stays_in_x2apic) || !expect(wait_for(&c->go, 1), "not in x2APIC mode"))
		return;
	if (!ap_destroy(AP) || !expect_eq("DELETE_VCPU", ap_delete(AP), SVSM_SUCCESS))
		return;
	if (!ap_start(AP, ap_tells_mode))
		return;
	expect(wait_for(&c->go, 1), "the AP does not look");
	expect_eq("mode", c->arg, APIC_BASE_X2APIC);
	expect_eq("DELETE_VCPU", ap_delete(AP), SVSM_SUCCESS);
}

/* KVM does not run an AP that got an INIT before a SIPI, even if AP creation comes first. */
static void init_keeps_out(void)
{
	struct cpu *c = cpu_nr(AP);
	bool by_msr = !option_given("apic=xapic");

	if (!ap_start(AP, ap_busy) || !ap_destroy(AP))
		return;
	if (by_msr)
		to_x2apic();
	apic_send_init(c->apic_id);
	delay_ms(LEFT_MS);
	if (expect_eq("DELETE_VCPU", ap_delete(AP), SVSM_SUCCESS) && ap_create(AP, ap_halt) &&
	    ap_launch(AP)) {
		delay_ms(10 * LEFT_MS);
		expect_eq("started", load(&c->alive), 0);
		apic_send_sipi(c->apic_id);
		/* A SIPI that the host does not see has no effect. */
		if (!option_given("unseen"))
			expect(wait_for(&c->alive, 1), "not started by the SIPI");
	}
	if (by_msr)
		to_xapic();
	if (!option_given("unseen"))
		expect_eq("DELETE_VCPU", ap_delete(AP), SVSM_SUCCESS);
}

/* In x2APIC mode there are no registers in memory. */
static void mmio_hole(void)
{
	u64 svr;

	to_x2apic();
	svr = rdmsr(MSR_X2APIC_SVR);
	expect_eq("read", mmio_read(LAPIC_SVR), 0xffffffff);
	mmio_write(LAPIC_SVR, svr ^ 1);
	expect_eq("after a write", rdmsr(MSR_X2APIC_SVR), svr);
	to_xapic();
}

/* Nothing brings this vCPU back, so the run ends here. */
static void init_to_running(void)
{
	if (!ap_start(AP, ap_busy))
		return;
	if (!option_given("apic=xapic"))
		to_x2apic();
	apic_send_init(cpu_nr(AP)->apic_id);
	delay_ms(LEFT_MS);
	expect(false, "the run goes on after an INIT to a running vCPU");
}

/* The physical destination of all CPUs, this one included */
static void init_to_all(void)
{
	bool by_msr = !option_given("apic=xapic");

	if (by_msr)
		to_x2apic();
	apic_send_init(by_msr ? 0xffffffff : 0xff);
	expect(false, "the run goes on after an INIT to everybody");
}

static const struct selftest tests[] = {
	{ .name = "apic.leaves", .run = leaves },
	{ .name = "apic.modes", .run = modes },
	{ .name = "apic.registers", .run = registers },
	{ .name = "apic.ipi-by-msr", .run = ipi_by_msr },
	{ .name = "apic.ipi-from-msr", .run = ipi_from_msr },
	{ .name = "apic.ipi-to-msr", .run = ipi_to_msr },
	{ .name = "apic.create-keeps-mode", .run = create_keeps_mode },
	{ .name = "apic.init-keeps-out", .run = init_keeps_out },
	{ .name = "apic.mmio-hole", .run = mmio_hole, .alone = true },
	{ .name = "apic.init-to-running", .run = init_to_running, .alone = true },
	{ .name = "apic.init-to-all", .run = init_to_all, .alone = true },
	{ .name = "apic.not-offered", .run = not_offered, .alone = true },
};

const struct selftest_table apic_tests = { tests, ARRAY_SIZE(tests) };
