// SPDX-License-Identifier: GPL-2.0
/*
 * What a guest leaves active at EXECUTE, which the simulator's event has to list. The
 * runner looks at the event; these tests only set things up.
 */
#include "pci.h"
#include "tests.h"

#define AP		1
#define CAP_MSI		0x05
#define CAP_MSIX	0x11
#define MSI_ENABLE	BIT(16)
#define MSIX_ENABLE	BIT(31)
#define AHCI		BDF(0, 31, 2)
#define AHCI_ID		0x29228086
#define BRIDGE		BDF(0, 4, 0)	/* -device pcie-root-port,addr=4 */
#define BEHIND		BDF(7, 0, 0)	/* ... and what is on its bus */

#define RTC_SECONDS_ALARM	0x01
#define RTC_B		0x0b
#define RTC_B_AIE	BIT(5)
#define MARK		0x2a

#define HPET_CONFIG	0xfed00010UL
#define HPET_TIMER1	0xfed00120UL
#define HPET_ENABLE	BIT(0)
#define HPET_INT	BIT(2)

static bool capability_on(u32 bdf, u32 id, u32 enable)
{
	u32 at = pci_get(bdf, REG_CAPS) & 0xff;

	for (; at; at = pci_get(bdf, at) >> 8 & 0xff)
		if ((pci_get(bdf, at) & 0xff) == id) {
			pci_set(bdf, at, pci_get(bdf, at) | enable);
			return true;
		}
	return expect(false, "no capability %x at %x", id, bdf);
}

/* First by a byte, then by all four */
static void msi_off(u32 bdf)
{
	u32 at = pci_get(bdf, REG_CAPS) & 0xff;

	for (; at; at = pci_get(bdf, at) >> 8 & 0xff)
		if ((pci_get(bdf, at) & 0xff) == CAP_MSI) {
			outb(PCI_DATA + 2, 0);
			pci_set(bdf, at, pci_get(bdf, at) & ~(u32)MSI_ENABLE);
		}
}

/* A function on the first bus */
static void devices(void)
{
	if (boot > 1)
		return;
	if (!expect_eq("AHCI controller", pci_get(AHCI, REG_ID), AHCI_ID))
		return;
	bus_master_on(AHCI);
	if (capability_on(AHCI, CAP_MSI, MSI_ENABLE))
		execute();
}

static bool command_is(const char *how, u32 command)
{
	return expect_eq(how, pci_get(AHCI, REG_COMMAND) & 0xffff, command);
}

/* A host whose device does not stop, however it is told to; its other bits are as written */
static void stuck(void)
{
	u32 stopped = COMMAND_MEMORY | COMMAND_INTX_OFF;

	if (boot > 1)
		return;
	bus_master_on(AHCI);
	if (!capability_on(AHCI, CAP_MSI, MSI_ENABLE))
		return;
	pci_set(AHCI, REG_COMMAND, stopped);
	if (!command_is("by 4 bytes", stopped | COMMAND_MASTER))
		return;
	outw(PCI_DATA, 0);
	if (!command_is("by 2 bytes", COMMAND_MASTER))
		return;
	outb(PCI_DATA, 0);
	if (!command_is("by one byte", COMMAND_MASTER))
		return;
	msi_off(AHCI);
	execute();
}

/* Only the function's interrupts */
static void msi(void)
{
	if (boot == 1 && capability_on(AHCI, CAP_MSI, MSI_ENABLE))
		execute();
}

/* A function behind a bridge, which then masters the bus as well */
static void bridge(void)
{
	if (boot > 1)
		return;
	pci_set(BRIDGE, REG_BUSES, BEHIND >> 16 << 16 | BEHIND >> 16 << 8);
	if (!expect((pci_get(BEHIND, REG_ID) & 0xffff) == 0x1af4, "no device on its bus"))
		return;
	bus_master_on(BRIDGE);
	if (capability_on(BEHIND, CAP_MSIX, MSIX_ENABLE))
		execute();
}

static void quiet(void)
{
	if (boot == 1)
		execute();
}

/* One timer of the HPET, which is enabled, and the alarm of the RTC */
static void timers(void)
{
	if (boot > 1)
		return;
	cmos_set(RTC_B, cmos_get(RTC_B) | RTC_B_AIE);
	mmio_write(HPET_CONFIG, mmio_read(HPET_CONFIG) | HPET_ENABLE);
	mmio_write(HPET_TIMER1, mmio_read(HPET_TIMER1) | HPET_INT);
	execute();
}

/* A timer that would interrupt if the HPET were enabled */
static void hpet_off(void)
{
	if (boot > 1)
		return;
	mmio_write(HPET_TIMER1, mmio_read(HPET_TIMER1) | HPET_INT);
	execute();
}

/* The simulator looks, and both index registers keep their values. */
static void indexes(void)
{
	if (boot == 1) {
		cmos_set(RTC_SECONDS_ALARM, MARK);
		pci_get(AHCI, REG_COMMAND);
		execute();
		return;
	}
	expect_eq("CMOS", inb(CMOS_DATA), MARK);
	expect_eq("PCI", inl(PCI_ADDRESS), BIT(31) | AHCI | REG_COMMAND);
}

static void ap_in_x2apic(void)
{
	wrmsr(MSR_APIC_BASE, rdmsr(MSR_APIC_BASE) | APIC_BASE_X2APIC);
	store(&this_cpu()->go, 1);
	halt_forever();
}

/* The caller has disabled its local APIC; the AP is in x2APIC mode. */
static void apics(void)
{
	if (boot > 1 || !ap_start(AP, ap_in_x2apic) ||
	    !expect(wait_for(&cpu_nr(AP)->go, 1), "the AP is not in x2APIC mode"))
		return;
	delay_ms(20);
	wrmsr(MSR_APIC_BASE, rdmsr(MSR_APIC_BASE) & ~APIC_BASE_ENABLE);
	execute();
}

static const struct selftest tests[] = {
	{ .name = "left.devices", .run = devices, .alone = true },
	{ .name = "left.stuck", .run = stuck, .alone = true },
	{ .name = "left.msi", .run = msi, .alone = true },
	{ .name = "left.bridge", .run = bridge, .alone = true },
	{ .name = "left.quiet", .run = quiet, .alone = true },
	{ .name = "left.timers", .run = timers, .alone = true },
	{ .name = "left.hpet-off", .run = hpet_off, .alone = true },
	{ .name = "left.indexes", .run = indexes, .alone = true },
	{ .name = "left.apics", .run = apics, .alone = true },
};

const struct selftest_table left_tests = { tests, ARRAY_SIZE(tests) };
