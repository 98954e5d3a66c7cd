// SPDX-License-Identifier: GPL-2.0
/*
 * The I/O APIC belongs to the guest. The hypervisor reads it for an event, and resets it
 * with the machine.
 */
#include "lib/x86.h"
#include "machine/apic.h"

static u32 ioapic_read(u32 reg)
{
	mmio_write32(IOAPIC_INDEX, reg);
	return mmio_read32(IOAPIC_DATA);
}

static u32 ioapic_pins(void)
{
	return (ioapic_read(IOAPIC_VERSION) >> 16 & 0xff) + 1;
}

/* How many pins are not masked? The index register keeps its value. */
u32 ioapic_unmasked(void)
{
	u32 index = mmio_read32(IOAPIC_INDEX), pins = ioapic_pins(), n = 0;

	for (u32 pin = 0; pin < pins; pin++)
		n += !(ioapic_read(IOAPIC_REDIRECTION + pin * 2) & APIC_LVT_MASKED);
	mmio_write32(IOAPIC_INDEX, index);
	return n;
}

/* Mask every pin, as a machine reset does. */
void ioapic_reset(void)
{
	u32 pins = ioapic_pins();

	for (u32 pin = 0; pin < pins; pin++) {
		mmio_write32(IOAPIC_INDEX, IOAPIC_REDIRECTION + pin * 2);
		mmio_write32(IOAPIC_DATA, APIC_LVT_MASKED);
	}
	mmio_write32(IOAPIC_INDEX, 0);
}
