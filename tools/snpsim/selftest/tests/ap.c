// SPDX-License-Identifier: GPL-2.0
/*
 * EXECUTE and the other CPUs: which states they may be in. Every second boot starts the AP
 * anew.
 */
#include "tests.h"

#define AP	1
#define LEFT_MS	50	/* how long the AP runs before EXECUTE */

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
	delay_ms(LEFT_MS);
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

/* The AP ran again for an NMI, and halted again. */
static void halted_again(void)
{
	if (boot > 1) {
		start_again();
		return;
	}
	if (!ap_start(AP, ap_halt))
		return;
	delay_ms(LEFT_MS);
	apic_send_nmi(AP);
	if (expect(wait_for(&cpu_nr(AP)->nmis, 1), "no NMI arrives")) {
		delay_ms(5);
		execute();
	}
}

/* A running AP is not allowed: the simulator must end the run. */
static void running(void)
{
	left(ap_busy);
}

/* EXECUTE right after the host's event, however far the AP has come. */
static void just_started(void)
{
	if (ap_create(AP, ap_busy) && ap_launch(AP))
		execute();
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
		delay_ms(LEFT_MS);
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
		delay_ms(LEFT_MS);
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

/* After EXECUTE the page of a VMSA is an ordinary page, and the host starts nothing from it. */
static void vmsa_gone(void)
{
	struct cpu *c = cpu_nr(AP);
	struct ghcb_call call = {
		.code = GHCB_AP_CREATION,
		.info1 = (u64)AP << 32 | GUEST_VMPL << 16 | AP_CREATE,
		.rax = rdmsr(MSR_SEV_STATUS) >> 2,
	};

	if (boot == 1) {
		if (ap_start(AP, ap_halt)) {
			say("VMSA %lx", c->vmsa);
			delay_ms(5);
			execute();
		}
		return;
	}
	/* Every boot hands out its pages in the same order: the area, then the VMSA. */
	page_alloc();
	c->vmsa = page_alloc();
	say("VMSA %lx", c->vmsa);
	call.info2 = c->vmsa;
	expect(!ghcb_event(&call), "the host starts what boot 1 registered");
	expect_core("DELETE_VCPU", CORE_DELETE_VCPU, c->vmsa, SVSM_INVALID_PARAMETER);
	memset(private(c->vmsa), 0x11, PAGE_SIZE);
	expect_eq("rescind", svsm_pvalidate(c->vmsa, 0), SVSM_SUCCESS);
}

/* The AP destroys the boot CPU, which nothing else can stop, and resets the guest. */
static void destroy_boot_cpu(void)
{
	struct cpu *c = cpu_nr(0);
	u64 count;

	if (!expect(wait_for(&c->nmis, 1), "no NMI arrives") || !ap_destroy(0))
		return;
	count = load(&c->arg);
	delay_ms(LEFT_MS);
	if (expect_eq("the boot CPU stopped", load(&c->arg), count))
		execute();
	say("FAIL ap.boot-cpu-destroyed");
	power_off();
}

static void boot_cpu_destroyed(void)
{
	struct cpu *c = cpu_nr(0);

	if (boot > 1) {
		start_again();
		return;
	}
	store(&c->stay_in_nmi, 1);
	if (!ap_start(AP, destroy_boot_cpu))
		return;
	apic_send_nmi(c->apic_id);
	delay_ms(2000);
	expect(false, "the boot CPU goes on");
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

static void bsp_running(void)
{
	if (boot == 1 && ap_start(AP, execute_here))
		ap_busy();
}

/* The calling CPU's local APIC would still deliver something. */
static void irq_armed(void)
{
	if (boot > 1)
		return;
	apic_lvt(true);
	execute();
}

static void irq_quiet(void)
{
	if (boot > 1)
		return;
	apic_lvt(false);
	execute();
}

/* Hardware takes no vector below 16, so that EXECUTE cannot leave one. */
static void irq_illegal(void)
{
	if (boot > 1)
		return;
	apic_enable();
	apic_send_illegal(0);
	apic_lvt(false);
	execute();
}

static const struct selftest tests[] = {
	{ .name = "ap.halted", .run = halted, .alone = true },
	{ .name = "ap.reset-hold-msr", .run = hold_msr, .alone = true },
	{ .name = "ap.reset-hold-ghcb", .run = hold_ghcb, .alone = true },
	{ .name = "ap.halted-again", .run = halted_again, .alone = true },
	{ .name = "ap.running", .run = running, .alone = true },
	{ .name = "ap.just-started", .run = just_started, .alone = true },
	{ .name = "ap.idle", .run = idle, .alone = true },
	{ .name = "ap.destroyed", .run = destroyed, .alone = true },
	{ .name = "ap.deleted", .run = deleted, .alone = true },
	{ .name = "ap.boot-cpu-destroyed", .run = boot_cpu_destroyed, .alone = true },
	{ .name = "ap.created", .run = created, .alone = true },
	{ .name = "ap.vmsa-gone", .run = vmsa_gone, .alone = true },
	{ .name = "ap.from-ap", .run = from_ap, .alone = true },
	{ .name = "ap.bsp-running", .run = bsp_running, .alone = true },
	{ .name = "ap.irq-armed", .run = irq_armed, .alone = true },
	{ .name = "ap.irq-quiet", .run = irq_quiet, .alone = true },
	{ .name = "ap.irq-illegal", .run = irq_illegal, .alone = true },
};

const struct selftest_table ap_tests = { tests, ARRAY_SIZE(tests) };
