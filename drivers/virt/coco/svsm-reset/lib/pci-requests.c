// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a device still has in hand: requests that it has taken and not yet answered, and
 * the rings where it would go on as soon as it masters the bus again.
 *
 * Without bus mastering, hardware writes no answer. A device that is a program in the host
 * may have looked up where the data go when it took the request, and write them there
 * whenever they come. Only a reset of the device ends such a request, and only two kinds
 * can be reset by configuration space alone:
 *
 * - virtio, whose status register can be reached by a capability (Virtual I/O Device 1.2,
 *   4.1.4.9), in place of a BAR that a crash kernel may not have mapped. Some hosts ignore
 *   the bus mastering of virtio devices.
 * - QEMU's own devices (Red Hat's vendor ID) with a function level reset, such as its NVMe
 *   controller. QEMU has done it before the write returns.
 *
 * The next kernel turns bus mastering on when a driver takes the device, and some drivers
 * do not reset it then (vmxnet3 of Linux 6.12): it goes on with the dead kernel's rings. So
 * what is behind a bridge is reset with its bus, as a reset of the machine would do it.
 *
 * A host that waits for its disk waits here, as it would when the machine is reset.
 *
 * Pure: kunit/pci_requests_kunit.c has devices of its own.
 */
#include <linux/bits.h>
#include <linux/limits.h>
#include <linux/pci_ids.h>
#include <linux/pci_regs.h>
#include <linux/virtio_pci.h>

#include "pci-functions.h"

/* As virtio_pci_modern_dev.c of Linux: transitional and modern ones */
#define SVR_VIRTIO_FIRST	0x1000
#define SVR_VIRTIO_LAST		0x107f
#define SVR_VIRTIO_STATUS_SIZE	1
/* A virtio IOMMU is left alone: once it is reset, it lets the other devices through */
#define SVR_VIRTIO_IOMMU	0x1057
/*
 * How often the status is read, until it is 0 or the time is up. QEMU has reset the device
 * before the first read.
 */
#define SVR_VIRTIO_READS	10000
#define SVR_VIRTIO_TYPE_SHIFT	24	/* of its capabilities, in their first four bytes */
#define SVR_EXP_SIZE		(PCI_EXP_DEVCTL + 4)	/* as much of the capability as is used */
#define SVR_BRIDGE_CTL_SHIFT	16	/* in the four bytes at PCI_INTERRUPT_LINE */
#define SVR_BRIDGE_CTL_DISCARDED BIT(10)	/* Discard Timer Status */

/* The places of the two capabilities that lead to the status register */
struct svr_virtio {
	u8 common;
	u8 window;
};

/**
 * svr_pci_kind - how can the requests of this function be ended?
 * @id: vendor and device, as in configuration space
 *
 * Context: any.
 *
 * Return: the kind.
 */
enum svr_pci_kind svr_pci_kind(u32 id)
{
	u16 vendor = id, device = id >> 16;

	if (vendor == PCI_VENDOR_ID_REDHAT)
		return SVR_PCI_QEMU;
	if (vendor == PCI_VENDOR_ID_REDHAT_QUMRANET &&
	    device >= SVR_VIRTIO_FIRST && device <= SVR_VIRTIO_LAST &&
	    device != SVR_VIRTIO_IOMMU)
		return SVR_PCI_VIRTIO;
	return SVR_PCI_PLAIN;
}

/* Without the bit in the status register there is no list, whatever its pointer says */
static struct svr_pci_cap svr_pci_caps_if_any(const struct svr_pci_access *pci,
					      const struct svr_pci_function *f)
{
	if (svr_pci_read(pci, f, PCI_COMMAND) >> 16 & PCI_STATUS_CAP_LIST)
		return svr_pci_caps(pci, f);
	return (struct svr_pci_cap){};
}

/* The first common configuration is the one that counts (4.1.4.1) */
static struct svr_virtio svr_virtio_find(const struct svr_pci_access *pci,
					 const struct svr_pci_function *f)
{
	struct svr_pci_cap cap = svr_pci_caps_if_any(pci, f);
	struct svr_virtio virtio = {};

	while (svr_pci_next_cap(pci, f, &cap)) {
		u8 type = cap.head >> SVR_VIRTIO_TYPE_SHIFT;

		if ((cap.head & 0xff) != PCI_CAP_ID_VNDR)
			continue;
		if (type == VIRTIO_PCI_CAP_COMMON_CFG && !virtio.common)
			virtio.common = cap.pos;
		/* With the window's data behind it */
		if (type == VIRTIO_PCI_CAP_PCI_CFG && !virtio.window &&
		    cap.pos <= PCI_CFG_SPACE_SIZE -
			       sizeof(struct virtio_pci_cfg_cap))
			virtio.window = cap.pos;
	}
	return virtio;
}

/* Has the window show the status register; false where there is none to show */
static bool svr_virtio_aim(const struct svr_pci_access *pci,
			   const struct svr_pci_function *f,
			   struct svr_virtio virtio)
{
	u32 bar, offset, length;

	if (!virtio.common || !virtio.window ||
	    virtio.common > PCI_CFG_SPACE_SIZE - sizeof(struct virtio_pci_cap))
		return false;
	bar = svr_pci_read(pci, f, virtio.common + VIRTIO_PCI_CAP_BAR);
	offset = svr_pci_read(pci, f, virtio.common + VIRTIO_PCI_CAP_OFFSET);
	length = svr_pci_read(pci, f, virtio.common + VIRTIO_PCI_CAP_LENGTH);
	if (length <= VIRTIO_PCI_COMMON_STATUS ||
	    offset > U32_MAX - VIRTIO_PCI_COMMON_STATUS)
		return false;
	pci->write(f->bus, f->devfn, virtio.window + VIRTIO_PCI_CAP_BAR,
		   bar & 0xff);
	pci->write(f->bus, f->devfn, virtio.window + VIRTIO_PCI_CAP_OFFSET,
		   offset + VIRTIO_PCI_COMMON_STATUS);
	pci->write(f->bus, f->devfn, virtio.window + VIRTIO_PCI_CAP_LENGTH,
		   SVR_VIRTIO_STATUS_SIZE);
	return true;
}

/* A device without the window is a legacy one, which no SNP guest can use */
static bool svr_virtio_reset(const struct svr_pci_access *pci,
			     const struct svr_pci_function *f)
{
	struct svr_virtio virtio = svr_virtio_find(pci, f);
	u8 data = virtio.window + sizeof(struct virtio_pci_cap);
	unsigned int i;

	if (!svr_virtio_aim(pci, f, virtio))
		return true;
	/*
	 * As a byte: the device has to make its own access by the window's length (4.1.4.9.1),
	 * but cloud-hypervisor's has the size of this one, and ignores any but a byte's.
	 */
	pci->write_byte(f->bus, f->devfn, data, 0);
	/* Read at least once: the write alone may have used up the time */
	for (i = 0; i < SVR_VIRTIO_READS; i++) {
		u8 status = pci->read_byte(f->bus, f->devfn, data);

		/* All ones: it has gone */
		if (!status || status == U8_MAX)
			return true;
		if (pci->late())
			return false;
	}
	return false;
}

static bool svr_pci_has_flr(const struct svr_pci_access *pci,
			    const struct svr_pci_function *f, u8 pos)
{
	return svr_pci_read(pci, f, pos + PCI_EXP_DEVCAP) &
	       PCI_EXP_DEVCAP_FLR;
}

static u8 svr_pci_express(const struct svr_pci_access *pci,
			  const struct svr_pci_function *f)
{
	struct svr_pci_cap cap = svr_pci_caps_if_any(pci, f);

	while (svr_pci_next_cap(pci, f, &cap))
		if ((cap.head & 0xff) == PCI_CAP_ID_EXP)
			return cap.pos;
	return 0;
}

/* The status in the upper half is written with zeros, which clear nothing there */
static void svr_pci_flr(const struct svr_pci_access *pci,
			struct svr_pci_function *f)
{
	u8 pos = svr_pci_express(pci, f);
	u16 control;

	/* None, or no room for it at the end of configuration space */
	if (!pos || pos > PCI_CFG_SPACE_SIZE - SVR_EXP_SIZE ||
	    !svr_pci_has_flr(pci, f, pos))
		return;
	control = svr_pci_read(pci, f, pos + PCI_EXP_DEVCTL);
	pci->write(f->bus, f->devfn, pos + PCI_EXP_DEVCTL,
		   control | PCI_EXP_DEVCTL_BCR_FLR);
	f->lost = true;
}

/**
 * svr_pci_end_requests - end the requests that this function has taken
 * @pci: configuration space
 * @f:   the function, which no longer masters the bus
 *
 * A function that cannot be reset this way is left as it is. Context: any. Waits for as
 * long as the host takes, and for SVR_VIRTIO_READS reads.
 *
 * Return: false if the function was reset, and did not say that it was done.
 */
bool svr_pci_end_requests(const struct svr_pci_access *pci,
			  struct svr_pci_function *f)
{
	switch (f->kind) {
	case SVR_PCI_VIRTIO:
		return svr_virtio_reset(pci, f);
	case SVR_PCI_QEMU:
		/* A bridge has another meaning for that bit */
		if (!f->bridge)
			svr_pci_flr(pci, f);
		return true;
	default:
		return true;
	}
}

/* A 1 clears the status, so it is written as 0. A bridge that has gone is left alone */
static void svr_pci_hold_bus(const struct svr_pci_access *pci,
			     const struct svr_pci_function *f, bool hold)
{
	u32 val = svr_pci_read(pci, f, PCI_INTERRUPT_LINE);

	if (val == U32_MAX)
		return;
	val &= ~((u32)(PCI_BRIDGE_CTL_BUS_RESET | SVR_BRIDGE_CTL_DISCARDED) <<
		 SVR_BRIDGE_CTL_SHIFT);
	if (hold)
		val |= PCI_BRIDGE_CTL_BUS_RESET << SVR_BRIDGE_CTL_SHIFT;
	pci->write(f->bus, f->devfn, PCI_INTERRUPT_LINE, val);
}

static bool svr_pci_resets(const struct svr_pci_function *f)
{
	return f->bridge && f->root;
}

static bool svr_pci_hold_buses(const struct svr_pci_access *pci,
			       const struct svr_pci_list *list, bool hold)
{
	bool any = false;
	unsigned int i;

	for (i = 0; i < list->count; i++) {
		if (!svr_pci_resets(&list->functions[i]))
			continue;
		svr_pci_hold_bus(pci, &list->functions[i], hold);
		any = true;
	}
	return any;
}

/* The functions behind this bridge have lost their settings */
static void svr_pci_lose_behind(const struct svr_pci_access *pci,
				const struct svr_pci_function *bridge,
				struct svr_pci_list *list)
{
	u32 buses = svr_pci_read(pci, bridge, PCI_PRIMARY_BUS);
	u8 first = buses >> 8, last = buses >> 16;
	unsigned int i;

	for (i = 0; i < list->count; i++) {
		struct svr_pci_function *f = &list->functions[i];

		if (!f->root && f->bus >= first && f->bus <= last)
			f->lost = true;
	}
}

/**
 * svr_pci_reset_buses - reset what is behind bridges
 * @pci:  configuration space
 * @list: functions that have been stopped, with all bridges on root buses
 *
 * Through the bridges on root buses: each passes the reset on to every bus below it (PCI
 * Express 5.0, 6.6.1). To do it again does no harm, and ends a reset that was cut short.
 * Context: any. Waits as long as the host takes to reset the devices.
 */
void svr_pci_reset_buses(const struct svr_pci_access *pci,
			 struct svr_pci_list *list)
{
	unsigned int i;

	if (!svr_pci_hold_buses(pci, list, true))
		return;
	pci->hold();
	svr_pci_hold_buses(pci, list, false);
	for (i = 0; i < list->count; i++)
		if (svr_pci_resets(&list->functions[i]))
			svr_pci_lose_behind(pci, &list->functions[i], list);
}
