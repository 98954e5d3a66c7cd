// SPDX-License-Identifier: GPL-2.0
/*
 * EXECUTE and the other CPUs: which of them may still be there, and in what
 * state.  Every second boot starts the AP anew.
 */
#include "tests.h"

#define AP		1
#define LAPIC		0xfee00000UL
#define LAPIC_SVR	0xf0
#define LAPIC_LVT_TIMER	0x320
#define LVT_MASKED	BIT(16)
#define SVR_ENABLED	BIT(8)

static const u16 lvts[] = { 0x320, 0x330, 0x340, 0x350, 0x360, 0x370 };

static void start_again(void)
{
	if (ap_start(AP, ap_halt))
		say("AP started again");
}

static void left(void (*work)(void))
{
	if (boot > 1) {
		start_again();
		return;
	}
	if (!ap_start(AP, work))
		return;
	delay_ms(50);
	execute();
}

static void halted(void)
{
	left(ap_halt);
}

static void hold_msr(void)
{
	left(ap_reset_hold_msr);
}

static void hold_ghcb(void)
{
	left(ap_reset_hold_ghcb);
}

/* Not allowed: the simulator has to stop the run. */
static void running(void)
{
	left(ap_busy);
}

static void idle(void)
{
	left(ap_idle);
}

static void destroyed(void)
{
	if (boot > 1) {
		start_again();
		return;
	}
	if (ap_start(AP, ap_busy) && ap_destroy(AP)) {
		delay_ms(50);
		execute();
	}
}

static void deleted(void)
{
	if (boot > 1) {
		start_again();
		return;
	}
	if (ap_start(AP, ap_busy) && ap_destroy(AP) &&
	    expect_core("DELETE_VCPU", CORE_DELETE_VCPU, cpu_nr(AP)->vmsa, SVSM_SUCCESS)) {
		delay_ms(50);
		execute();
	}
}

/* A VMSA that never ran. */
static void created(void)
{
	if (boot > 1) {
		start_again();
		return;
	}
	if (ap_create(AP, ap_halt))
		execute();
}

/* The page of a VMSA is an ordinary page again; its start is refused. */
static void vmsa_gone(void)
{
	struct cpu *c = cpu_nr(AP);

	if (boot == 1) {
		if (ap_start(AP, ap_halt)) {
			delay_ms(5);
			execute();
		}
		return;
	}
	c->vmsa = page_alloc();
	memset(private(c->vmsa), 0, PAGE_SIZE);
	for (unsigned int i = 0; i < 8; i++)
		memset(private(page_alloc()), 0x11, PAGE_SIZE);
	expect_core("DELETE_VCPU", CORE_DELETE_VCPU, c->vmsa, SVSM_INVALID_PARAMETER);
}

static void execute_here(void)
{
	delay_ms(100);
	execute();
	say("FAIL ap.from-ap: EXECUTE came back");
	power_off();
}

/* The AP resets the guest; the boot CPU is halted for good. */
static void from_ap(void)
{
	if (boot > 1) {
		start_again();
		return;
	}
	if (ap_start(AP, execute_here))
		halt_forever();
}

/* What the calling CPU's local APIC would still deliver. */
static void irq_armed(void)
{
	if (boot > 1)
		return;
	mmio_write(LAPIC + LAPIC_SVR, SVR_ENABLED | 0xff);
	mmio_write(LAPIC + LAPIC_LVT_TIMER, 0xec);
	execute();
}

static void irq_quiet(void)
{
	if (boot > 1)
		return;
	mmio_write(LAPIC + LAPIC_SVR, SVR_ENABLED | 0xff);
	for (unsigned int i = 0; i < ARRAY_SIZE(lvts); i++)
		mmio_write(LAPIC + lvts[i], LVT_MASKED);
	mmio_write(LAPIC + LAPIC_SVR, 0xff);
	execute();
}

static const struct selftest tests[] = {
	{ .name = "ap.halted", .run = halted, .alone = true },
	{ .name = "ap.reset-hold-msr", .run = hold_msr, .alone = true },
	{ .name = "ap.reset-hold-ghcb", .run = hold_ghcb, .alone = true },
	{ .name = "ap.running", .run = running, .alone = true },
	{ .name = "ap.idle", .run = idle, .alone = true },
	{ .name = "ap.destroyed", .run = destroyed, .alone = true },
	{ .name = "ap.deleted", .run = deleted, .alone = true },
	{ .name = "ap.created", .run = created, .alone = true },
	{ .name = "ap.vmsa-gone", .run = vmsa_gone, .alone = true },
	{ .name = "ap.from-ap", .run = from_ap, .alone = true },
	{ .name = "ap.irq-armed", .run = irq_armed, .alone = true },
	{ .name = "ap.irq-quiet", .run = irq_quiet, .alone = true },
};

const struct selftest_table ap_tests = { tests, ARRAY_SIZE(tests) };
