// SPDX-License-Identifier: GPL-2.0
/*
 * The I/O APIC, which is the guest's. The hypervisor reads it for an event, and
 * resets it with the machine.
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

/* How many pins are not masked? Its index register stays as it is. */
u32 ioapic_unmasked(void)
{
	u32 index = mmio_read32(IOAPIC_INDEX), pins = ioapic_pins(), n = 0;

	for (u32 pin = 0; pin < pins; pin++)
		n += !(ioapic_read(IOAPIC_REDIRECTION + pin * 2) & APIC_LVT_MASKED);
	mmio_write32(IOAPIC_INDEX, index);
	return n;
}

/* As the reset of a machine leaves it: every pin is masked. */
void ioapic_reset(void)
{
	u32 pins = ioapic_pins();

	for (u32 pin = 0; pin < pins; pin++) {
		mmio_write32(IOAPIC_INDEX, IOAPIC_REDIRECTION + pin * 2);
		mmio_write32(IOAPIC_DATA, APIC_LVT_MASKED);
	}
	mmio_write32(IOAPIC_INDEX, 0);
}
