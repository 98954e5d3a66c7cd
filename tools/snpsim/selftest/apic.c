// SPDX-License-Identifier: GPL-2.0
/* The local APIC, in this CPU's mode: memory-mapped after a launch. */
#include "snp.h"

#define LAPIC		0xfee00000UL
#define LAPIC_EOI	(LAPIC + 0x0b0)
#define LAPIC_SVR	(LAPIC + 0x0f0)
#define LAPIC_IRR	(LAPIC + 0x200)
#define LAPIC_ICR_LOW	(LAPIC + 0x300)
#define LAPIC_ICR_HIGH	(LAPIC + 0x310)
#define LAPIC_LVT_TIMER	(LAPIC + 0x320)
#define LAPIC_LVT_ERROR	(LAPIC + 0x370)
#define LVT_STEP	0x10
#define LVT_MASKED	BIT(16)
#define SVR_ENABLED	BIT(8)
#define SPURIOUS	0xff
#define ICR_NMI		0x400
#define ICR_INIT	0x4500	/* with the level asserted */
#define ICR_STARTUP	0x4600
#define MSR_OF(pa)	(0x800 + ((pa) - LAPIC) / 16)
#define ICR_BUSY	BIT(12)
#define TIMER_VECTOR	0xec

static bool by_msr(void)
{
	return rdmsr(MSR_APIC_BASE) & APIC_BASE_X2APIC;
}

static u32 read_reg(u64 pa)
{
	return by_msr() ? rdmsr(MSR_OF(pa)) : mmio_read(pa);
}

static void write_reg(u64 pa, u32 v)
{
	if (by_msr())
		wrmsr(MSR_OF(pa), v);
	else
		mmio_write(pa, v);
}

void apic_enable(void)
{
	write_reg(LAPIC_SVR, SVR_ENABLED | SPURIOUS);
}

void apic_eoi(void)
{
	write_reg(LAPIC_EOI, 0);
}

static void send(u32 apic_id, u32 what)
{
	if (by_msr()) {
		wrmsr(MSR_X2APIC_ICR, (u64)apic_id << 32 | what);
		return;
	}
	mmio_write(LAPIC_ICR_HIGH, apic_id << 24);
	mmio_write(LAPIC_ICR_LOW, what);
	while (mmio_read(LAPIC_ICR_LOW) & ICR_BUSY)
		cpu_relax();
}

void apic_send_nmi(u32 apic_id)
{
	send(apic_id, ICR_NMI);
}

void apic_send_ipi(u32 apic_id)
{
	send(apic_id, TRAP_IPI);
}

/* Vectors below 16 are reserved. */
void apic_send_illegal(u32 apic_id)
{
	send(apic_id, 0);
}

void apic_send_init(u32 apic_id)
{
	send(apic_id, ICR_INIT);
}

void apic_send_sipi(u32 apic_id)
{
	send(apic_id, ICR_STARTUP);
}

/* Is apic_send_ipi()'s interrupt pending on this CPU? */
bool apic_ipi_pending(void)
{
	return read_reg(LAPIC_IRR + TRAP_IPI / 32 * 0x10) & BIT(TRAP_IPI % 32);
}

/* Is any LVT entry unmasked, or any interrupt pending? */
bool apic_armed(void)
{
	/* Ignore LINT0 and LINT1, which firmware sets up. */
	return !(mmio_read(LAPIC_LVT_TIMER) & LVT_MASKED) ||
	       !(mmio_read(LAPIC_LVT_ERROR) & LVT_MASKED) || apic_ipi_pending();
}

/* Leave something that could interrupt, or mask everything and disable the APIC. */
void apic_lvt(bool armed)
{
	apic_enable();
	for (u64 lvt = LAPIC_LVT_TIMER; lvt <= LAPIC_LVT_ERROR; lvt += LVT_STEP)
		write_reg(lvt, LVT_MASKED);
	if (armed)
		write_reg(LAPIC_LVT_TIMER, TIMER_VECTOR);
	else
		write_reg(LAPIC_SVR, SPURIOUS);
}
