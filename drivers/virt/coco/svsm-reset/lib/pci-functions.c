// SPDX-License-Identifier: GPL-2.0-only
/*
 * PCI functions that may write to memory: by DMA, or by an MSI, which is a write as well.
 *
 * The driver walks the bus instead of the kernel's list of devices: a crash kernel knows
 * few of them, and the list has locks. The size of configuration space bounds the walk,
 * also where bridges or capabilities lead round in a circle.
 *
 * Pure: kunit/pci_functions_kunit.c has a bus of its own.
 */
#include <linux/bitmap.h>
#include <linux/bitops.h>
#include <linux/compiler.h>
#include <linux/limits.h>
#include <linux/pci_ids.h>
#include <linux/pci_regs.h>
#include <linux/string.h>

#include "pci-functions.h"

#define SVR_PCI_SLOTS		32
#define SVR_PCI_FUNCTIONS	8
#define SVR_PCI_DEVFN(slot, fn)	((slot) * SVR_PCI_FUNCTIONS + (fn))
#define SVR_PCI_NOBODY		U32_MAX
#define SVR_PCI_HEADER_SHIFT	16	/* PCI_HEADER_TYPE, in the four bytes at 0x0c */
#define SVR_PCI_FLAGS_SHIFT	16	/* of a capability, in its first four bytes */
#define SVR_PCI_CLASS_COMM	(PCI_BASE_CLASS_COMMUNICATION << 24)

/* The root buses, and the buses that a walk has found so far */
struct svr_pci_buses {
	const unsigned long *roots;
	DECLARE_BITMAP(found, SVR_PCI_BUSES);
	/* Behind a port of PCI Express there is only device 0 */
	DECLARE_BITMAP(single, SVR_PCI_BUSES);
};

static bool svr_pci_is_port(u16 flags)
{
	u16 type = (flags & PCI_EXP_FLAGS_TYPE) >> 4;

	return type == PCI_EXP_TYPE_ROOT_PORT ||
	       type == PCI_EXP_TYPE_DOWNSTREAM;
}

/**
 * svr_pci_caps - begin a walk of a function's capabilities
 * @pci: configuration space
 * @f:   the function; its status says that it has some
 *
 * Context: any.
 *
 * Return: the place before the first one.
 */
struct svr_pci_cap svr_pci_caps(const struct svr_pci_access *pci,
				const struct svr_pci_function *f)
{
	return (struct svr_pci_cap){
		.next = svr_pci_read(pci, f, PCI_CAPABILITY_LIST) & ~3u,
	};
}

/**
 * svr_pci_next_cap - go on to the next capability
 * @pci: configuration space
 * @f:   the function
 * @cap: svr_pci_caps(), or the one before
 *
 * Context: any. A list that leads round in a circle ends after SVR_PCI_CAPS of
 * them.
 *
 * Return: true if there is one.
 */
bool svr_pci_next_cap(const struct svr_pci_access *pci,
		      const struct svr_pci_function *f, struct svr_pci_cap *cap)
{
	if (cap->seen == SVR_PCI_CAPS || cap->next < PCI_STD_HEADER_SIZEOF)
		return false;
	cap->seen++;
	cap->pos = cap->next;
	cap->head = svr_pci_read(pci, f, cap->pos);
	cap->next = cap->head >> 8 & 0xfc;
	return true;
}

/* Fills in MSI and MSI-X; returns whether the function is a port with one link */
static bool svr_pci_look_at_caps(const struct svr_pci_access *pci,
				 struct svr_pci_function *f)
{
	struct svr_pci_cap cap = svr_pci_caps(pci, f);
	bool port = false;

	while (svr_pci_next_cap(pci, f, &cap)) {
		u16 flags = cap.head >> SVR_PCI_FLAGS_SHIFT;

		switch (cap.head & 0xff) {
		case PCI_CAP_ID_MSI:
			if (flags & PCI_MSI_FLAGS_ENABLE)
				f->msi = cap.pos;
			break;
		case PCI_CAP_ID_MSIX:
			if (flags & PCI_MSIX_FLAGS_ENABLE)
				f->msix = cap.pos;
			break;
		case PCI_CAP_ID_EXP:
			port = svr_pci_is_port(flags);
			break;
		}
	}
	return port;
}

/* Bus numbers rise on the way down; otherwise nobody has set the bridge up */
static void svr_pci_add_bus(const struct svr_pci_access *pci,
			    const struct svr_pci_function *f, bool port,
			    struct svr_pci_buses *buses)
{
	u8 secondary = svr_pci_read(pci, f, PCI_PRIMARY_BUS) >> 8;

	if (secondary <= f->bus || __test_and_set_bit(secondary, buses->found))
		return;
	if (port)
		__set_bit(secondary, buses->single);
}

/* The chipset's own bridges: some cannot turn mastering off, and none does DMA */
static bool svr_pci_is_chipset(u32 class)
{
	return class >> 16 == PCI_CLASS_BRIDGE_HOST ||
	       class >> 16 == PCI_CLASS_BRIDGE_ISA;
}

/* Reads the class only here: it matters only for a function that is alive */
static void svr_pci_add(const struct svr_pci_access *pci,
			struct svr_pci_list *list, struct svr_pci_function *f)
{
	u32 class = svr_pci_read(pci, f, PCI_CLASS_REVISION);

	if (svr_pci_is_chipset(class))
		return;
	f->console = (class & 0xff000000) == SVR_PCI_CLASS_COMM;
	if (list->count == SVR_PCI_MAX) {
		list->more++;
		return;
	}
	list->functions[list->count] = *f;
	/* An NMI may stop this CPU for good: an entry that is counted is complete */
	barrier();
	list->count++;
}

/* As in pci_bus_generic_read_dev_vendor_id(): some boards answer so where nothing is */
static bool svr_pci_is_somebody(u32 id)
{
	return id && id != SVR_PCI_NOBODY && id != 0xffff && id != 0xffff0000;
}

static bool svr_pci_is_alive(const struct svr_pci_function *f)
{
	return (f->command & PCI_COMMAND_MASTER) || f->msi || f->msix;
}

/*
 * Looks at a function that the kernel has found and the walk does not. The ids of a virtual
 * function read as all ones (PCI Express 5.0, 9.3.4.1.1); its command and its status do
 * not.
 */
static void svr_pci_look_at_hidden(const struct svr_pci_access *pci, u8 bus,
				   u8 devfn, bool root,
				   struct svr_pci_list *list)
{
	struct svr_pci_function f = { .bus = bus, .devfn = devfn, .root = root };
	u32 state = svr_pci_read(pci, &f, PCI_COMMAND);

	if (state == SVR_PCI_NOBODY)
		return;
	f.kind = svr_pci_kind(svr_pci_read(pci, &f, PCI_VENDOR_ID));
	f.command = state;
	if (state >> 16 & PCI_STATUS_CAP_LIST)
		svr_pci_look_at_caps(pci, &f);
	if (svr_pci_is_alive(&f))
		svr_pci_add(pci, list, &f);
}

/* Returns whether the device may have further functions; only function 0 is asked */
static bool svr_pci_look_at(const struct svr_pci_access *pci, u8 bus, u8 devfn,
			    struct svr_pci_buses *buses,
			    struct svr_pci_list *list)
{
	struct svr_pci_function f = { .bus = bus, .devfn = devfn };
	u32 id, state, header;
	bool port = false;
	u8 type;

	id = svr_pci_read(pci, &f, PCI_VENDOR_ID);
	if (!svr_pci_is_somebody(id))
		return false;
	list->seen = true;
	state = svr_pci_read(pci, &f, PCI_COMMAND);
	header = svr_pci_read(pci, &f, PCI_CACHE_LINE_SIZE) >>
		 SVR_PCI_HEADER_SHIFT;
	type = header & PCI_HEADER_TYPE_MASK;

	f.kind = svr_pci_kind(id);
	f.root = test_bit(bus, buses->roots);
	f.command = state;
	f.bridge = type == PCI_HEADER_TYPE_BRIDGE ||
		   type == PCI_HEADER_TYPE_CARDBUS;
	/* The capabilities of a CardBus bridge begin elsewhere; it has no MSI */
	if ((state >> 16 & PCI_STATUS_CAP_LIST) &&
	    type != PCI_HEADER_TYPE_CARDBUS)
		port = svr_pci_look_at_caps(pci, &f);
	if (f.bridge)
		svr_pci_add_bus(pci, &f, port, buses);
	/*
	 * A bridge on a root bus is always listed: svr_pci_reset_buses() uses it. Some
	 * hosts let devices behind it reach memory although it does not master the bus; and
	 * a stop that was cut short has left their bus held in reset.
	 */
	if (svr_pci_is_alive(&f) || (type == PCI_HEADER_TYPE_BRIDGE && f.root))
		svr_pci_add(pci, list, &f);
	return header & PCI_HEADER_TYPE_MFD;
}

/* Has the walk taken too long? Then there may be functions that it has not reached */
static bool svr_pci_is_cut(const struct svr_pci_access *pci,
			   struct svr_pci_list *list)
{
	list->cut = list->cut || pci->late();
	return list->cut;
}

static void svr_pci_walk_bus(const struct svr_pci_access *pci, u8 bus,
			     struct svr_pci_buses *buses,
			     struct svr_pci_list *list)
{
	unsigned int slots = test_bit(bus, buses->single) ? 1 : SVR_PCI_SLOTS;
	unsigned int slot, fn;

	for (slot = 0; slot < slots; slot++) {
		if (svr_pci_is_cut(pci, list))
			return;
		if (!svr_pci_look_at(pci, bus, SVR_PCI_DEVFN(slot, 0), buses,
				     list))
			continue;
		for (fn = 1; fn < SVR_PCI_FUNCTIONS; fn++)
			svr_pci_look_at(pci, bus, SVR_PCI_DEVFN(slot, fn),
					buses, list);
	}
}

/**
 * svr_pci_find - find the functions that are alive
 * @pci:   configuration space
 * @roots: a bit for each root bus, SVR_PCI_BUSES of them
 * @hidden: a bit for each function that a walk does not find, by svr_pci_number(): virtual
 *          ones of SR-IOV, and those that ARI numbers above 7
 * @list:  becomes those with bus mastering, MSI or MSI-X on
 *
 * Context: any.
 */
void svr_pci_find(const struct svr_pci_access *pci, const unsigned long *roots,
		  const unsigned long *hidden, struct svr_pci_list *list)
{
	struct svr_pci_buses buses = { .roots = roots };
	unsigned int bus, number;

	list->count = 0;
	list->more = 0;
	list->cut = false;
	list->seen = false;
	bitmap_copy(buses.found, roots, SVR_PCI_BUSES);
	for (bus = 0; bus < SVR_PCI_BUSES; bus++)
		if (test_bit(bus, buses.found))
			svr_pci_walk_bus(pci, bus, &buses, list);
	for_each_set_bit(number, hidden, SVR_PCI_NUMBERS) {
		if (svr_pci_is_cut(pci, list))
			return;
		svr_pci_look_at_hidden(pci, number >> 8, number & 0xff,
				       test_bit(number >> 8, roots), list);
	}
}

static void svr_pci_flags_off(const struct svr_pci_access *pci,
			      const struct svr_pci_function *f, u8 pos,
			      u16 enable)
{
	if (pos)
		pci->write(f->bus, f->devfn, pos,
			   svr_pci_read(pci, f, pos) &
			   ~((u32)enable << SVR_PCI_FLAGS_SHIFT));
}

/*
 * The upper half of the register is the status, where only a 1 clears anything. INTx goes
 * off first: without MSI a function may fall back to it.
 */
static void svr_pci_stop_one(const struct svr_pci_access *pci,
			     const struct svr_pci_function *f)
{
	u16 command = (f->command & ~PCI_COMMAND_MASTER) |
		      PCI_COMMAND_INTX_DISABLE;

	pci->write(f->bus, f->devfn, PCI_COMMAND, command);
	svr_pci_flags_off(pci, f, f->msi, PCI_MSI_FLAGS_ENABLE);
	svr_pci_flags_off(pci, f, f->msix, PCI_MSIX_FLAGS_ENABLE);
}

static bool svr_pci_flags_stay(const struct svr_pci_access *pci,
			       const struct svr_pci_function *f, u8 pos,
			       u16 enable)
{
	return pos && svr_pci_read(pci, f, pos) >>
			      SVR_PCI_FLAGS_SHIFT & enable;
}

/* All ones: it has gone, or hangs. Nobody can tell which, so it has not stopped */
static bool svr_pci_is_stuck(const struct svr_pci_access *pci,
			     const struct svr_pci_function *f)
{
	u32 state = svr_pci_read(pci, f, PCI_COMMAND);

	return state & PCI_COMMAND_MASTER ||
	       svr_pci_flags_stay(pci, f, f->msi, PCI_MSI_FLAGS_ENABLE) ||
	       svr_pci_flags_stay(pci, f, f->msix, PCI_MSIX_FLAGS_ENABLE);
}

#define SVR_PCI_TURNS	3

/* What others depend on stops last: 0 is a device, 1 one with a console, 2 a bridge */
static unsigned int svr_pci_turn(const struct svr_pci_function *f)
{
	return f->bridge ? 2 : f->console;
}

static void svr_pci_stop_all(const struct svr_pci_access *pci,
			     struct svr_pci_list *list)
{
	unsigned int turn, i;

	for (turn = 0; turn < SVR_PCI_TURNS; turn++) {
		for (i = 0; i < list->count; i++) {
			struct svr_pci_function *f = &list->functions[i];

			if (svr_pci_turn(f) != turn)
				continue;
			svr_pci_stop_one(pci, f);
			f->stuck = svr_pci_is_stuck(pci, f);
		}
	}
}

/* Has a reset stopped what did not stop by itself? It may not answer yet */
static bool svr_pci_reset_has_stopped(const struct svr_pci_access *pci,
				      const struct svr_pci_function *f)
{
	return f->lost &&
	       (svr_pci_read(pci, f, PCI_COMMAND) ==
			SVR_PCI_NOBODY ||
		!svr_pci_is_stuck(pci, f));
}

/**
 * svr_pci_stop - stop the DMA and the interrupts of these functions
 * @pci:  configuration space
 * @list: svr_pci_find()
 *
 * Turns off bus mastering, INTx, MSI and MSI-X of all of them before it resets any: a reset
 * may take as long as the host's disk does, and may take other functions away. Then it ends
 * requests under way where that can be done, and resets what is behind a bridge. A function
 * that is not reset still decodes its addresses, for what is still printed. Context: any.
 *
 * Return: how many have not stopped, including those for which there was no room or no
 * time.
 */
unsigned int svr_pci_stop(const struct svr_pci_access *pci,
			  struct svr_pci_list *list)
{
	unsigned int stuck = list->more + list->cut;
	unsigned int i;

	svr_pci_stop_all(pci, list);
	for (i = 0; i < list->count; i++)
		if (!svr_pci_end_requests(pci, &list->functions[i]))
			list->functions[i].stuck = true;
	svr_pci_reset_buses(pci, list);
	for (i = 0; i < list->count; i++) {
		struct svr_pci_function *f = &list->functions[i];

		if (f->stuck && svr_pci_reset_has_stopped(pci, f))
			f->stuck = false;
		stuck += f->stuck;
	}
	return stuck;
}

static void svr_pci_flags_on(const struct svr_pci_access *pci,
			     const struct svr_pci_function *f, u8 pos,
			     u16 enable)
{
	if (pos)
		pci->write(f->bus, f->devfn, pos,
			   svr_pci_read(pci, f, pos) |
			   (u32)enable << SVR_PCI_FLAGS_SHIFT);
}

static void svr_pci_start_one(const struct svr_pci_access *pci,
			      const struct svr_pci_function *f)
{
	svr_pci_flags_on(pci, f, f->msi, PCI_MSI_FLAGS_ENABLE);
	svr_pci_flags_on(pci, f, f->msix, PCI_MSIX_FLAGS_ENABLE);
	pci->write(f->bus, f->devfn, PCI_COMMAND, f->command);
}

/**
 * svr_pci_start - undo svr_pci_stop()
 * @pci:  configuration space
 * @list: what was stopped
 *
 * A function that has been reset stays as it is: it has lost its addresses. A virtio device
 * waits for its driver to set it up again. Context: any.
 */
void svr_pci_start(const struct svr_pci_access *pci,
		   const struct svr_pci_list *list)
{
	unsigned int turn, i;

	/* In the opposite order of svr_pci_stop() */
	for (turn = SVR_PCI_TURNS; turn--;) {
		for (i = 0; i < list->count; i++) {
			const struct svr_pci_function *f = &list->functions[i];

			if (svr_pci_turn(f) == turn && !f->lost)
				svr_pci_start_one(pci, f);
		}
	}
}
