// SPDX-License-Identifier: GPL-2.0-only
/*
 * Stop the devices before the call.
 *
 * The reset of a machine stops them; the SVSM touches none, and the kernel stops few for a
 * restart and none after a panic (pci_device_shutdown() leaves it to the firmware's "big
 * hammer"). A device that goes on writes to shared memory of the next kernel, and
 * interrupts that kernel by vectors of this one.
 *
 * The driver reaches configuration space by its two ports, as the kernel does by default.
 * It cannot take the kernel's lock, which is not exported, and which a stopped CPU may
 * hold. A CPU that was between the two accesses has been stopped; code of this CPU that was
 * interrupted there finds the address as it was. With ap_policy=force a CPU that could not
 * be stopped may get in between: then a write may go elsewhere, as may all that such a CPU
 * does.
 *
 * The walk does not find a virtual function of SR-IOV, nor one that ARI numbers above 7,
 * though each has its registers there like any other. So a bitmap has those that the kernel
 * knows. A kernel with CONFIG_PCI_IOV that enumerates PCI turns all virtual functions off
 * (sriov_init()), so a crash kernel has none that it does not know; one without that option
 * does not find them.
 */
#define pr_fmt(fmt) "svsm-reset: " fmt

#include <linux/bitmap.h>
#include <linux/bits.h>
#include <linux/console.h>
#include <linux/delay.h>
#include <linux/io.h>
#include <linux/limits.h>
#include <linux/notifier.h>
#include <linux/pci.h>
#include <linux/printk.h>
#include <linux/string.h>

#include "lib/pci-functions.h"
#include "lib/record-codec.h"
#include "reset/reset.h"
#include "reset/trace.h"
#include "reset/wait.h"
#include "svsm-reset.h"

#define SVR_PCI_ADDRESS		0xcf8
#define SVR_PCI_DATA		0xcfc
#define SVR_PCI_ENABLE		BIT(31)
#define SVR_PCI_HOLD_MS		2

/*
 * For the search for devices, and again for the waits until they stop. The search takes a
 * few milliseconds, but the host may wait at each access for a device that does not answer.
 * Every device that was found is told to stop, however long that takes the host.
 */
#define SVR_DEVICES_US		(2 * USEC_PER_SEC)

/* Root buses of domain 0, which is all that the ports reach */
static DECLARE_BITMAP(svr_pci_roots, SVR_PCI_BUSES);
/* Functions of domain 0 that a walk does not find, as the kernel knows them */
static DECLARE_BITMAP(svr_pci_hidden, SVR_PCI_NUMBERS);
/* There are devices that the ports do not reach */
static bool svr_pci_unreached;
/* The second list is for a CPU that goes on in place of one that was stopped here */
static struct svr_pci_list svr_alive[2];
static bool svr_begun;
static bool svr_done;
/* The devices that were told to stop; NULL before that */
static const struct svr_pci_list *svr_stopped;
static unsigned int svr_stuck;
static struct svr_wait svr_pci_time;

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

static u8 svr_pci_port_read_byte(u8 bus, u8 devfn, u8 reg)
{
	svr_pci_select(bus, devfn, reg & ~3);
	return inb(SVR_PCI_DATA + (reg & 3));
}

static void svr_pci_port_write_byte(u8 bus, u8 devfn, u8 reg, u8 val)
{
	svr_pci_select(bus, devfn, reg & ~3);
	outb(val, SVR_PCI_DATA + (reg & 3));
}

/* PCI 3.0, 4.3.2, wants 1 ms; twice that, as pci_reset_secondary_bus() of Linux */
static void svr_pci_hold(void)
{
	mdelay(SVR_PCI_HOLD_MS);
}

static bool svr_pci_late(void)
{
	return svr_wait_over(&svr_pci_time);
}

static const struct svr_pci_access svr_pci_ports = {
	.read = svr_pci_port_read,
	.write = svr_pci_port_write,
	.read_byte = svr_pci_port_read_byte,
	.write_byte = svr_pci_port_write_byte,
	.hold = svr_pci_hold,
	.late = svr_pci_late,
};

static bool svr_pci_is_hidden(const struct pci_dev *dev)
{
	return !pci_domain_nr(dev->bus) &&
	       (dev->is_virtfn ||
		(pci_ari_enabled(dev->bus) && PCI_SLOT(dev->devfn)));
}

static void svr_pci_mark(const struct pci_dev *dev)
{
	if (svr_pci_is_hidden(dev))
		set_bit(svr_pci_number(dev->bus->number, dev->devfn),
			svr_pci_hidden);
}

/* In process context: virtual functions come and go */
static int svr_pci_changed(struct notifier_block *nb, unsigned long what,
			   void *data)
{
	const struct pci_dev *dev = to_pci_dev(data);

	if (what == BUS_NOTIFY_ADD_DEVICE)
		svr_pci_mark(dev);
	else if (what == BUS_NOTIFY_REMOVED_DEVICE && !pci_domain_nr(dev->bus))
		clear_bit(svr_pci_number(dev->bus->number, dev->devfn),
			  svr_pci_hidden);
	return NOTIFY_OK;
}

static struct notifier_block svr_pci_watch = {
	.notifier_call = svr_pci_changed,
};

static void svr_pci_watch_begin(void)
{
	struct pci_dev *dev = NULL;

	bitmap_zero(svr_pci_hidden, SVR_PCI_NUMBERS);
	if (bus_register_notifier(&pci_bus_type, &svr_pci_watch))
		pr_warn("virtual PCI functions that are made from now on are not stopped before a reset\n");
	for_each_pci_dev(dev)
		svr_pci_mark(dev);
}

/**
 * svr_devices_init - find the buses that devices are on
 *
 * Context: process, may sleep.
 */
void svr_devices_init(void)
{
	struct pci_bus *bus = NULL;

	bitmap_zero(svr_pci_roots, SVR_PCI_BUSES);
	svr_pci_unreached = false;
	while ((bus = pci_find_next_bus(bus))) {
		if (pci_domain_nr(bus)) {
			svr_pci_unreached = true;
			pr_warn("PCI domain %d: its devices are not stopped before a reset\n",
				pci_domain_nr(bus));
		} else {
			__set_bit(bus->number, svr_pci_roots);
		}
	}
	svr_pci_watch_begin();
}

/**
 * svr_devices_exit - undo svr_devices_init()
 *
 * Context: process, may sleep; no reset can begin.
 */
void svr_devices_exit(void)
{
	/* Does nothing where it was not registered */
	bus_unregister_notifier(&pci_bus_type, &svr_pci_watch);
}

static void svr_report_stuck(const struct svr_pci_list *list)
{
	unsigned int i;

	for (i = 0; i < list->count; i++) {
		const struct svr_pci_function *f = &list->functions[i];

		if (!f->stuck)
			continue;
		svr_warn("PCI device %02x:%02x.%x did not stop\n",
			 f->bus, PCI_SLOT(f->devfn), PCI_FUNC(f->devfn));
		trace_device_stuck(f->bus, f->devfn);
	}
	if (list->more)
		svr_warn("%u PCI devices beyond the first %u were not stopped\n",
			 list->more, SVR_PCI_MAX);
	if (svr_pci_unreached)
		svr_warn("some PCI devices are out of reach and were not stopped\n");
	if (list->cut)
		svr_warn("the PCI devices answer too slowly, some may not have been stopped\n");
}

/* A communication device carries a console only if the kernel prints on virtio */
static bool svr_prints_on_virtio(void)
{
	struct console *con;
	bool prints = false;
	int cookie;

	cookie = console_srcu_read_lock();
	for_each_console_srcu(con)
		if (!strcmp(con->name, "hvc") &&
		    (console_srcu_read_flags(con) & CON_ENABLED))
			prints = true;
	console_srcu_read_unlock(cookie);
	return prints;
}

static bool svr_stops_a_console(const struct svr_pci_list *list)
{
	unsigned int i;

	for (i = 0; i < list->count; i++)
		if (list->functions[i].console)
			return svr_prints_on_virtio();
	return false;
}

/*
 * The driver of such a console waits without a bound for the device to take a line; and a
 * virtio device has lost its state even if it is started again.
 */
static void svr_print_no_more(void)
{
	svr_log_mute();
	console_loglevel = CONSOLE_LOGLEVEL_SILENT;
}

/**
 * svr_devices_stop - stop every device that may write to memory
 *
 * Where one of them carries a console, nothing is printed from then on, only logged.
 *
 * Context: any, NMI included; interrupts off, the other CPUs stopped. Does nothing when
 * called again, unless the first call was cut short: then it is all done again.
 *
 * Return: how many did not stop.
 */
unsigned int svr_devices_stop(void)
{
	struct svr_pci_list *list = &svr_alive[svr_begun];
	u32 address;

	if (svr_done)
		return svr_stuck;
	address = inl(SVR_PCI_ADDRESS);
	/* Functions that are half stopped are not found again, so stop those of the first list */
	if (svr_begun)
		svr_pci_stop(&svr_pci_ports, &svr_alive[0]);
	svr_begun = true;
	svr_pci_time = svr_wait_begin(SVR_DEVICES_US);
	svr_pci_find(&svr_pci_ports, svr_pci_roots, svr_pci_hidden, list);
	/* A host may have configuration space in memory only */
	if (!list->seen && !bitmap_empty(svr_pci_roots, SVR_PCI_BUSES))
		svr_pci_unreached = true;
	if (svr_stops_a_console(list))
		svr_print_no_more();
	svr_pci_time = svr_wait_begin(SVR_DEVICES_US);
	svr_stuck = svr_pci_stop(&svr_pci_ports, list) + svr_pci_unreached;
	outl(address, SVR_PCI_ADDRESS);
	svr_stopped = list;
	svr_done = true;
	svr_report_stuck(list);
	return svr_stuck;
}

/**
 * svr_devices_record - record the devices that did not stop
 * @rec: the record of this reset
 *
 * Context: as svr_devices_stop(). Does nothing if that was not called.
 */
void svr_devices_record(struct svr_record *rec)
{
	const struct svr_pci_list *list = svr_stopped;
	const struct svr_pci_function *f;
	unsigned int i;

	if (!list)
		return;
	for (f = list->functions; f < list->functions + list->count; f++)
		if (f->stuck)
			svr_record_add_device(rec,
					      svr_pci_number(f->bus, f->devfn));
	/* The others are counted without their numbers */
	for (i = 0; i < list->more + list->cut + svr_pci_unreached; i++)
		svr_record_add_device(rec, 0);
}

/**
 * svr_devices_start - let the devices go on, since there has been no reset
 *
 * Context: as svr_devices_stop(), whose effect it undoes.
 */
void svr_devices_start(void)
{
	u32 address;

	if (!svr_begun)
		return;
	address = inl(SVR_PCI_ADDRESS);
	/* The first list goes last: it has what was before anything was stopped */
	svr_pci_start(&svr_pci_ports, &svr_alive[1]);
	svr_pci_start(&svr_pci_ports, &svr_alive[0]);
	outl(address, SVR_PCI_ADDRESS);
}
