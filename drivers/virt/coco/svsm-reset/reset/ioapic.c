// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mask the I/O APICs before the call.
 *
 * The kernel does this in machine_shutdown(), which comes after us, and the SVSM
 * touches no device: a pin that stays open delivers its old vector to the next
 * kernel. With the PIT on pin 2 that is vector 0x30, which the next kernel takes
 * for IRQ 0 of the 8259 and never ends in the local APIC. Then no device
 * interrupt of a lower priority arrives there.
 *
 * The kernel's own functions for this are not exported, and take a lock that a
 * stopped CPU may hold. So the driver maps the registers once, and writes them
 * without a lock when nothing else runs.
 */
#define pr_fmt(fmt) "svsm-reset: " fmt

#include <linux/acpi.h>
#include <linux/io.h>
#include <linux/minmax.h>
#include <linux/printk.h>

#include "reset/reset.h"
#include "svsm-reset.h"

#define SVR_IOAPIC_MAX		8
#define SVR_IOAPIC_LEN		0x20
#define SVR_IOAPIC_INDEX	0x00
#define SVR_IOAPIC_DATA		0x10
#define SVR_IOAPIC_VERSION	0x01
#define SVR_IOAPIC_PINS(ver)	((((ver) >> 16) & 0xff) + 1)
/* The index has eight bits */
#define SVR_IOAPIC_PINS_MAX	120
#define SVR_IOAPIC_PIN_LOW(pin)	(0x10 + 2 * (pin))
#define SVR_IOAPIC_MASKED	BIT(16)
/* One fault of the host spoils one pass; another one mends that, and the third one sees it */
#define SVR_IOAPIC_PASSES	3

static void __iomem *svr_ioapics[SVR_IOAPIC_MAX];
static unsigned int svr_ioapic_count;

static void svr_ioapic_map(const struct acpi_subtable_header *sub)
{
	const struct acpi_madt_io_apic *entry = (const void *)sub;
	void __iomem *regs;

	if (sub->type != ACPI_MADT_TYPE_IO_APIC || sub->length < sizeof(*entry))
		return;
	if (svr_ioapic_count == SVR_IOAPIC_MAX) {
		pr_warn("more than %u I/O APICs, the rest stays unmasked at a reset\n",
			SVR_IOAPIC_MAX);
		return;
	}
	regs = ioremap(entry->address, SVR_IOAPIC_LEN);
	if (!regs) {
		pr_warn("I/O APIC at 0x%x cannot be mapped and stays unmasked at a reset\n",
			entry->address);
		return;
	}
	svr_ioapics[svr_ioapic_count++] = regs;
}

/**
 * svr_ioapic_init - find and map the I/O APICs
 *
 * A machine whose MADT names no I/O APIC has none to mask.
 *
 * Context: process.
 */
void svr_ioapic_init(void)
{
	if (!svr_madt_walk(svr_ioapic_map))
		pr_warn("no MADT, I/O APICs stay unmasked at a reset\n");
}

/**
 * svr_ioapic_exit - undo svr_ioapic_init()
 *
 * Context: process; no reset can begin.
 */
void svr_ioapic_exit(void)
{
	while (svr_ioapic_count)
		iounmap(svr_ioapics[--svr_ioapic_count]);
}

static u32 svr_ioapic_read(void __iomem *regs, u32 reg)
{
	writel(reg, regs + SVR_IOAPIC_INDEX);
	return readl(regs + SVR_IOAPIC_DATA);
}

static void svr_ioapic_write(void __iomem *regs, u32 reg, u32 val)
{
	writel(reg, regs + SVR_IOAPIC_INDEX);
	writel(val, regs + SVR_IOAPIC_DATA);
}

/* Masks the pins of one I/O APIC. Returns whether one of them was open. */
static bool svr_ioapic_mask_pins(void __iomem *regs)
{
	u32 pins = SVR_IOAPIC_PINS(svr_ioapic_read(regs, SVR_IOAPIC_VERSION));
	bool open = false;
	u32 pin;

	for (pin = 0; pin < min_t(u32, pins, SVR_IOAPIC_PINS_MAX); pin++) {
		u32 reg = SVR_IOAPIC_PIN_LOW(pin);
		u32 low = svr_ioapic_read(regs, reg);

		if (low & SVR_IOAPIC_MASKED)
			continue;
		svr_ioapic_write(regs, reg, low | SVR_IOAPIC_MASKED);
		open = true;
	}
	return open;
}

/**
 * svr_ioapic_mask - mask every pin of every I/O APIC
 *
 * Each access is a request to the host. If the host drops one, the next one goes to
 * another register. So the driver goes through the pins until it finds none open, and
 * at least twice.
 *
 * Code that was in the middle of an access has been stopped or interrupted, and
 * goes on only if the call comes back; the kernel selects the register anew for
 * each access of its own.
 *
 * Context: any, interrupts off, all other CPUs stopped. At most 11,568 accesses, if the
 * host says that each of SVR_IOAPIC_MAX has SVR_IOAPIC_PINS_MAX pins, and that all
 * are open at each of SVR_IOAPIC_PASSES: 23 ms at 2 us each.
 */
void svr_ioapic_mask(void)
{
	unsigned int i, pass;

	for (i = 0; i < svr_ioapic_count; i++) {
		bool open = true;

		for (pass = 0; pass < SVR_IOAPIC_PASSES && (open || pass < 2); pass++)
			open = svr_ioapic_mask_pins(svr_ioapics[i]);
		if (open)
			svr_warn("the host does not mask all pins of an I/O APIC, the next kernel may get their interrupts\n");
	}
}
