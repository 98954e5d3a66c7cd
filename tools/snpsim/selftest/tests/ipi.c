// SPDX-License-Identifier: GPL-2.0
/* What wakes a CPU that is halted, and one that is idle */
#include "tests.h"

#define AP	1
#define LONG_MS	20
#define STOPS	1000

static void idle_once(void)
{
	apic_enable();
	asm volatile("sti; hlt; cli" : : : "memory");
	store(&this_cpu()->go, 1);
}

static void end_ap(void)
{
	expect_eq("DELETE_VCPU", ap_delete(AP), SVSM_SUCCESS);
}

static void nmi_wakes_halted(void)
{
	struct cpu *c = cpu_nr(AP);

	if (!ap_start(AP, ap_halt_once))
		return;
	delay_ms(LONG_MS);
	expect_eq("still halted", load(&c->go), 0);
	apic_send_nmi(c->apic_id);
	expect(wait_for(&c->go, 1), "the NMI does not wake it");
	expect_eq("NMIs", load(&c->nmis), 1);
	end_ap();
}

static void ipi_wakes_idle(void)
{
	struct cpu *c = cpu_nr(AP);

	if (!ap_start(AP, idle_once))
		return;
	delay_ms(LONG_MS);
	expect_eq("still idle", load(&c->go), 0);
	apic_send_ipi(c->apic_id);
	expect(wait_for(&c->go, 1), "the interrupt does not wake it");
	expect_eq("interrupts", load(&c->ipis), 1);
	end_ap();
}

/* With IF=0 an interrupt stays pending. */
static void ipi_does_not_wake_halted(void)
{
	struct cpu *c = cpu_nr(AP);

	if (!ap_start(AP, ap_halt_once))
		return;
	delay_ms(LONG_MS);
	apic_send_ipi(c->apic_id);
	delay_ms(LONG_MS);
	expect_eq("still halted", load(&c->go), 0);
	expect_eq("interrupts", load(&c->ipis), 0);
	end_ap();
}

/* An atomic access across a cache line, for which TCG stops every other CPU */
static void stop_the_world(void)
{
	static u8 line[128] __aligned(64);

	for (u32 i = 0; i < STOPS; i++)
		asm volatile("lock incl %0" : "+m"(*(u32 *)(line + 62)) : : "memory");
}

/* The CPU takes an interrupt that ended an HLT once, whatever happens in its handler. */
static void ipi_comes_once(void)
{
	struct cpu *c = cpu_nr(AP);

	if (!ap_start(AP, idle_once))
		return;
	delay_ms(LONG_MS);
	store(&c->stay_in_ipi, 1);
	apic_send_ipi(c->apic_id);
	expect(wait_for(&c->ipis, 1), "the interrupt does not wake it");
	stop_the_world();
	store(&c->stay_in_ipi, 0);
	expect(wait_for(&c->go, 1), "the CPU is not done");
	expect_eq("interrupts", load(&c->ipis), 1);
	end_ap();
}

static void count_ipis(void)
{
	apic_enable();
	/* Check and halt with IF=0: an interrupt in between would not wake this CPU. */
	while (load(&this_cpu()->ipis) < 20)
		asm volatile("sti; hlt; cli" : : : "memory");
	store(&this_cpu()->go, 1);
}

/* No interrupt is lost, whatever the other CPU is doing when it comes. */
static void every_ipi_arrives(void)
{
	struct cpu *c = cpu_nr(AP);

	if (!ap_start(AP, count_ipis))
		return;
	for (u32 i = 1; i <= 20; i++) {
		apic_send_ipi(c->apic_id);
		if (!expect(wait_for(&c->ipis, i), "interrupt %u is lost", i))
			break;
	}
	expect(wait_for(&c->go, 1), "the CPU is not done");
	end_ap();
}

static void ap_busy_with_nmis(void)
{
	while (load(&this_cpu()->nmis) < 20)
		cpu_relax();
	store(&this_cpu()->go, 1);
}

static void every_nmi_arrives(void)
{
	struct cpu *c = cpu_nr(AP);

	if (!ap_start(AP, ap_busy_with_nmis))
		return;
	for (u32 i = 1; i <= 20; i++) {
		apic_send_nmi(c->apic_id);
		if (!expect(wait_for(&c->nmis, i), "NMI %u is lost", i))
			break;
	}
	expect(wait_for(&c->go, 1), "the CPU is not done");
	end_ap();
}

static void ap_deaf(void)
{
	apic_enable();
	ap_busy();
}

/* What does a new vCPU find in its local APIC? It takes an interrupt that is pending. */
static void ap_looks(void)
{
	struct cpu *c = this_cpu();

	apic_enable();
	c->arg = apic_ipi_pending();
	asm volatile("sti; nop; cli" : : : "memory");
	store(&c->go, 1);
}

/* AP creation resets the local APIC: no request survives. */
static void create_empties(void)
{
	struct cpu *c = cpu_nr(AP);

	if (!ap_start(AP, ap_deaf))
		return;
	apic_send_ipi(c->apic_id);
	delay_ms(LONG_MS);
	if (!ap_destroy(AP))
		return;
	end_ap();
	if (!ap_start(AP, ap_looks))
		return;
	expect(wait_for(&c->go, 1), "the CPU does not look");
	expect_eq("pending", c->arg, 0);
	expect_eq("interrupts", load(&c->ipis), 0);
	end_ap();
}

static const struct selftest tests[] = {
	{ .name = "ipi.nmi-wakes-halted", .run = nmi_wakes_halted },
	{ .name = "ipi.ipi-wakes-idle", .run = ipi_wakes_idle },
	{ .name = "ipi.comes-once", .run = ipi_comes_once },
	{ .name = "ipi.every-ipi-arrives", .run = every_ipi_arrives },
	{ .name = "ipi.every-nmi-arrives", .run = every_nmi_arrives },
	{ .name = "ipi.create-empties", .run = create_empties },
	/* leaves its interrupt pending */
	{ .name = "ipi.ipi-does-not-wake-halted", .run = ipi_does_not_wake_halted },
};

const struct selftest_table ipi_tests = { tests, ARRAY_SIZE(tests) };
