// SPDX-License-Identifier: GPL-2.0
/* The local APIC of the CPU that calls. Guest and hypervisor share it. */
#include "machine.h"

static u64 apic_base(void)
{
	return rdmsr(MSR_APIC_BASE) & GENMASK_ULL(51, 12);
}

u32 apic_read(u32 reg)
{
	return mmio_read32(apic_base() + reg);
}

void apic_write(u32 reg, u32 v)
{
	mmio_write32(apic_base() + reg, v);
}

u32 my_apic_id(void)
{
	u32 r[4];

	cpuid(1, 0, r);
	return r[1] >> 24;
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
