// SPDX-License-Identifier: GPL-2.0
/*
 * What masks NMIs, and what does not unmask them. The host keeps the mask, so neither a
 * new VMSA nor EXECUTE changes it.
 */
#include "tests.h"

#define AP	1
#define LEFT_MS	20

static void complete(void)
{
	struct ghcb_call done = { .code = GHCB_NMI_COMPLETE };

	ghcb_event(&done);
}

/* The AP stays in an NMI that it never completes. */
static void ap_in_nmi(void)
{
	struct cpu *c = this_cpu();

	store(&c->stay_in_nmi, 1);
	store(&c->go, 1);
	while (!load(&c->nmis))
		cpu_relax();
}

static void ap_completes(void)
{
	struct cpu *c = this_cpu();

	store(&c->go, 1);
	delay_ms(2 * LEFT_MS);
	store(&c->arg, c->nmis);
	complete();
	store(&c->go, 2);
}

/* Destroy an AP inside an NMI and create it anew. What becomes of another NMI? */
static void recreated(bool pending, u64 nmis)
{
	struct cpu *c = cpu_nr(AP);

	if (!ap_start(AP, ap_in_nmi) || !expect(wait_for(&c->go, 1), "the AP is not ready"))
		return;
	apic_send_nmi(c->apic_id);
	if (!expect(wait_for(&c->nmis, 1), "no NMI arrives"))
		return;
	if (pending) {
		apic_send_nmi(c->apic_id);
		delay_ms(LEFT_MS);
	}
	if (!ap_destroy(AP) || !expect_eq("DELETE_VCPU", ap_delete(AP), SVSM_SUCCESS) ||
	    !ap_start(AP, ap_completes) || !expect(wait_for(&c->go, 1), "the AP is not ready"))
		return;
	if (!pending)
		apic_send_nmi(c->apic_id);
	if (expect(wait_for(&c->go, 2), "the AP does not complete the NMI"))
		delay_ms(LEFT_MS);
	expect_eq("NMIs before it is complete", c->arg, 0);
	expect_eq("NMIs after that", load(&c->nmis), nmis);
	expect_eq("DELETE_VCPU", ap_delete(AP), SVSM_SUCCESS);
}

static void create_keeps_mask(void)
{
	recreated(false, 1);
}

static void create_drops_pending(void)
{
	recreated(true, 0);
}

/* Boot 1 resets the guest inside an NMI. Boot 2 gets no NMI until it completes that one. */
static void execute_keeps_mask(void)
{
	struct cpu *c = this_cpu();

	if (boot == 1) {
		c->nmi_work = execute;
		apic_send_nmi(c->apic_id);
		delay_ms(LEFT_MS);
		expect(false, "no reset out of the NMI");
		return;
	}
	apic_send_nmi(c->apic_id);
	delay_ms(LEFT_MS);
	expect_eq("NMIs before it is complete", load(&c->nmis), 0);
	complete();
	delay_ms(LEFT_MS);
	expect_eq("NMIs after that", load(&c->nmis), 1);
}

static void send_and_execute(void)
{
	apic_send_nmi(this_cpu()->apic_id);
	delay_ms(LEFT_MS);
	execute();
}

/* An NMI that waits behind the mask waits for boot 2. */
static void execute_keeps_pending(void)
{
	struct cpu *c = this_cpu();

	if (boot == 1) {
		c->nmi_work = send_and_execute;
		apic_send_nmi(c->apic_id);
		delay_ms(LEFT_MS);
		expect(false, "no reset out of the NMI");
		return;
	}
	expect_eq("NMIs before it is complete", load(&c->nmis), 0);
	complete();
	delay_ms(LEFT_MS);
	expect_eq("NMIs after that", load(&c->nmis), 1);
}

static void second_nmi(void)
{
	struct cpu *c = this_cpu();

	if (load(&c->nmis) > 1)
		return;
	complete();
	apic_send_nmi(c->apic_id);
	delay_ms(LEFT_MS);
	store(&c->arg, c->nmis);
}

/* With --host vnmi NMI_COMPLETE counts for nothing: the IRET does. */
static void vnmi(void)
{
	struct cpu *c = this_cpu();

	c->nmi_work = second_nmi;
	apic_send_nmi(c->apic_id);
	delay_ms(LEFT_MS);
	/* The host notices the IRET when this CPU takes interrupts, or exits. */
	asm volatile("sti; nop; nop; cli" : : : "memory");
	c->nmi_work = NULL;
	expect_eq("NMIs inside the first", c->arg, 1);
	expect_eq("NMIs after it", load(&c->nmis), 2);
}

/* For an NMI the host runs a vCPU without a VMSA, which ends the VM. */
static void last_nmi(const struct cpu *c)
{
	apic_send_nmi(c->apic_id);
	delay_ms(LEFT_MS);
	expect(false, "the VM goes on after an NMI to a vCPU without a VMSA");
}

static void nmi_to_destroyed(void)
{
	if (ap_start(AP, ap_halt) && ap_destroy(AP))
		last_nmi(cpu_nr(AP));
}

static void nmi_to_deleted(void)
{
	if (!ap_start(AP, ap_halt))
		return;
	delay_ms(LEFT_MS);
	expect_eq("DELETE_VCPU", ap_delete(AP), SVSM_SUCCESS);
	delay_ms(LEFT_MS);
	last_nmi(cpu_nr(AP));
}

/* The AP is destroyed inside an NMI that it never completed, and cannot take the next one. */
static void destroyed_masked(void)
{
	struct cpu *c = cpu_nr(AP);

	if (!ap_start(AP, ap_in_nmi) || !expect(wait_for(&c->go, 1), "the AP is not ready"))
		return;
	apic_send_nmi(c->apic_id);
	if (!expect(wait_for(&c->nmis, 1), "no NMI arrives") || !ap_destroy(AP))
		return;
	last_nmi(c);
}

/* The AP halts inside an NMI. Another NMI is not delivered, but ends the HLT. */
static void ap_halts_in_nmi(void)
{
	struct cpu *c = this_cpu();

	store(&c->go, 1);
	asm volatile("hlt" : : : "memory");
	store(&c->go, 2);
	while (!load(&c->arg))
		cpu_relax();
}

static void masked_ends_hlt(void)
{
	struct cpu *c = cpu_nr(AP);

	if (!ap_start(AP, ap_busy))
		return;
	c->nmi_work = ap_halts_in_nmi;
	apic_send_nmi(c->apic_id);
	if (!expect(wait_for(&c->go, 1), "no NMI arrives"))
		return;
	delay_ms(LEFT_MS);
	expect_eq("halts", load(&c->go), 1);
	apic_send_nmi(c->apic_id);
	expect(wait_for(&c->go, 2), "the HLT does not end");
	expect_eq("NMIs", load(&c->nmis), 1);
	c->nmi_work = NULL;
	if (ap_destroy(AP))
		expect_eq("DELETE_VCPU", ap_delete(AP), SVSM_SUCCESS);
}

static const struct selftest tests[] = {
	{ .name = "nmi.create-keeps-mask", .run = create_keeps_mask },
	{ .name = "nmi.create-drops-pending", .run = create_drops_pending },
	{ .name = "nmi.execute-keeps-mask", .run = execute_keeps_mask, .alone = true },
	{ .name = "nmi.execute-keeps-pending", .run = execute_keeps_pending, .alone = true },
	{ .name = "nmi.vnmi", .run = vnmi, .alone = true },
	{ .name = "nmi.destroyed", .run = nmi_to_destroyed, .alone = true },
	{ .name = "nmi.deleted", .run = nmi_to_deleted, .alone = true },
	{ .name = "nmi.destroyed-masked", .run = destroyed_masked, .alone = true },
	{ .name = "nmi.masked-ends-hlt", .run = masked_ends_hlt },
};

const struct selftest_table nmi_tests = { tests, ARRAY_SIZE(tests) };
