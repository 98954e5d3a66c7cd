// SPDX-License-Identifier: GPL-2.0-only
/*
 * Stop the devices before the call.
 *
 * The reset of a machine stops them; the SVSM touches none, and the kernel stops few for
 * a restart and none after a panic (pci_device_shutdown() leaves it to the firmware's
 * "big hammer"). One that goes on writes to the memory of the next kernel wherever that
 * is shared, and interrupts it by vectors of this one.
 *
 * Configuration space is reached by its two ports, as the kernel does by default, but
 * without its lock, which a stopped CPU may hold and which is not exported. Whoever was
 * between the two has been stopped, or is interrupted by this CPU and finds the address
 * as it was.
 */
#define pr_fmt(fmt) "svsm-reset: " fmt

#include <linux/bitmap.h>
#include <linux/bits.h>
#include <linux/io.h>
#include <linux/limits.h>
#include <linux/pci.h>
#include <linux/printk.h>

#include "pci-functions.h"
#include "svsm-reset.h"

#define SVR_PCI_ADDRESS		0xcf8
#define SVR_PCI_DATA		0xcfc
#define SVR_PCI_ENABLE		BIT(31)

/* Root buses of domain 0, which is all that the ports reach */
static DECLARE_BITMAP(svr_pci_roots, SVR_PCI_BUSES);
static struct svr_pci_list svr_alive;
static unsigned int svr_stuck;
static bool svr_tried;

static void svr_pci_select(u8 bus, u8 devfn, u8 reg)
{
	outl(SVR_PCI_ENABLE | bus << 16 | devfn << 8 | reg, SVR_PCI_ADDRESS);
}

static u32 svr_pci_port_read(u8 bus, u8 devfn, u8 reg)
{
	svr_pci_select(bus, devfn, reg);
	return inl(SVR_PCI_DATA);
}

static void svr_pci_port_write(u8 bus, u8 devfn, u8 reg, u32 val)
{
	svr_pci_select(bus, devfn, reg);
	outl(val, SVR_PCI_DATA);
}

static const struct svr_pci_access svr_pci_ports = {
	.read = svr_pci_port_read,
	.write = svr_pci_port_write,
};

/**
 * svr_devices_init - find the buses that devices are on
 *
 * Context: process, may sleep.
 */
void svr_devices_init(void)
{
	struct pci_bus *bus = NULL;

	bitmap_zero(svr_pci_roots, SVR_PCI_BUSES);
	while ((bus = pci_find_next_bus(bus))) {
		if (pci_domain_nr(bus))
			pr_warn("PCI domain %d: its devices are not stopped before a reset\n",
				pci_domain_nr(bus));
		else
			__set_bit(bus->number, svr_pci_roots);
	}
}

static void svr_report_stuck(void)
{
	unsigned int i;

	for (i = 0; i < svr_alive.count; i++) {
		const struct svr_pci_function *f = &svr_alive.functions[i];

		if (f->stuck)
			svr_warn("PCI device %02x:%02x.%x did not stop\n",
				 f->bus, PCI_SLOT(f->devfn), PCI_FUNC(f->devfn));
	}
	if (svr_alive.more)
		svr_warn("%u PCI devices more than %u were not stopped\n",
			 svr_alive.more, SVR_PCI_MAX);
}

static bool svr_console_may_be_stopped(void)
{
	unsigned int i;

	for (i = 0; i < svr_alive.count; i++)
		if (svr_alive.functions[i].console)
			return true;
	return false;
}

/**
 * svr_devices_stop - stop every device that may write to memory
 *
 * Where a console sits on one of them nothing is printed any more, only logged: its
 * driver might wait for ever.
 *
 * Context: any, NMI included; interrupts off, the other CPUs stopped. Does nothing when
 * called again.
 *
 * Return: how many did not stop.
 */
unsigned int svr_devices_stop(void)
{
	u32 address;

	if (svr_tried || bitmap_empty(svr_pci_roots, SVR_PCI_BUSES))
		return svr_stuck;
	svr_tried = true;
	address = inl(SVR_PCI_ADDRESS);
	svr_pci_find(&svr_pci_ports, svr_pci_roots, &svr_alive);
	if (svr_console_may_be_stopped())
		svr_log_mute();
	svr_stuck = svr_pci_stop(&svr_pci_ports, &svr_alive);
	outl(address, SVR_PCI_ADDRESS);
	svr_report_stuck();
	return svr_stuck;
}

/**
 * svr_devices_start - there has been no reset: let the devices go on
 *
 * One that a console sits on may have lost its state, and what is printed then would wait
 * for it for ever: the kernel is told to print nothing.
 *
 * Context: as svr_devices_stop(), whose effect it undoes.
 */
void svr_devices_start(void)
{
	u32 address;

	if (!svr_tried)
		return;
	address = inl(SVR_PCI_ADDRESS);
	svr_pci_start(&svr_pci_ports, &svr_alive);
	outl(address, SVR_PCI_ADDRESS);
	if (svr_console_may_be_stopped())
		console_loglevel = CONSOLE_LOGLEVEL_SILENT;
	svr_tried = false;
}
