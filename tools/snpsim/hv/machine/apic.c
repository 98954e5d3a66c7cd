// SPDX-License-Identifier: GPL-2.0
/* The local APIC of the CPU that calls. Guest and hypervisor share it. */
#include "machine.h"

#define APIC_DISCARD_STEPS	512	/* each of 256 vectors is taken, then ended */

u32 apic_read(u32 reg)
{
	return mmio_read32(APIC_BASE + reg);
}

void apic_write(u32 reg, u32 v)
{
	mmio_write32(APIC_BASE + reg, v);
}

bool my_apic_is_bsp(void)
{
	return rdmsr(MSR_APIC_BASE) & BIT_ULL(8);
}

static void wait_icr(void)
{
	while (apic_read(APIC_ICR_LOW) & APIC_ICR_BUSY)
		cpu_relax();
}

/* The guest may be in the middle of writing an ICR: give it back its high half. */
void apic_ipi(u32 apic_id, u32 icr)
{
	u32 high = apic_read(APIC_ICR_HIGH);

	wait_icr();
	apic_write(APIC_ICR_HIGH, apic_id << 24);
	apic_write(APIC_ICR_LOW, icr);
	wait_icr();
	apic_write(APIC_ICR_HIGH, high);
}

/* How many bits are set in the eight registers of IRR or ISR? */
u32 apic_count(u32 base)
{
	u32 n = 0;

	for (u32 i = 0; i < 8; i++)
		for (u32 word = apic_read(base + i * 0x10); word; word &= word - 1)
			n++;
	return n;
}

bool apic_enabled(void)
{
	return apic_read(APIC_SVR) & APIC_SVR_ENABLE;
}

/*
 * A local APIC that is disabled accepts no fixed interrupt (APM volume 2, 16.4.7).
 * QEMU's keeps it for later: take it off again, nobody has ever seen it.
 */
void apic_discard(struct vcpu *v)
{
	u32 svr = apic_read(APIC_SVR), tpr = apic_read(APIC_TPR);

	apic_write(APIC_SVR, svr | APIC_SVR_ENABLE);
	apic_write(APIC_TPR, 0);
	for (u32 i = 0; i < APIC_DISCARD_STEPS; i++) {
		if (apic_count(APIC_ISR))
			apic_write(APIC_EOI, 0);
		else if (apic_count(APIC_IRR))
			wait_for_interrupt();
		else
			break;
	}
	v->hv_vector = 0;
	apic_write(APIC_TPR, tpr);
	apic_write(APIC_SVR, svr);
}
