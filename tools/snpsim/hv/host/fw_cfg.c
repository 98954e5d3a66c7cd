// SPDX-License-Identifier: GPL-2.0
/*
 * QEMU's fw_cfg device as firmware finds it: QEMU's own, except for a few items. Firmware
 * asks it for memory, ACPI tables and kernel. QEMU's answers would not fit: its machine
 * has more memory than the guest, and an IOMMU that is the host's.
 *
 * The guest uses a port, byte by byte, or DMA. Descriptor and buffer of a DMA must be
 * shared: QEMU ignores the guest's page states.
 */
#include "host/host.h"
#include "lib/config.h"
#include "lib/lib.h"
#include "lib/x86.h"
#include "machine/fwcfg.h"
#include "machine/iommu.h"
#include "machine/rmp.h"
#include "machine/rom.h"
#include "machine/svm.h"

#define PORT_SELECTOR		0x510
#define PORT_DATA		0x511
#define PORT_DMA_HIGH		0x514
#define PORT_DMA_LOW		0x518
#define PORT_LAST		0x51b
#define MAX_ITEMS		4

static struct fw_cfg_item {
	const u8 *data;
	u32 len;
	u16 selector;
} items[MAX_ITEMS];

static u32 n_items, dma_high, offset;
static const struct fw_cfg_item *current;	/* ours; NULL: the item is QEMU's */
static u8 *tables;				/* ACPI tables without the IOMMU's */
static u32 tables_room;
static u16 tables_selector;

/* Serve our data under one of QEMU's selectors. The data must stay in place. */
void fw_cfg_serve(u16 selector, const void *data, u32 len)
{
	u32 i = 0;

	while (i < n_items && items[i].selector != selector)
		i++;
	if (i == MAX_ITEMS)
		hv_panic("fw_cfg: too many items");
	if (i == n_items)
		n_items++;
	items[i] = (struct fw_cfg_item){ data, len, selector };
}

void fw_cfg_init(void)
{
	tables_room = fwcfg_find("etc/acpi/tables", &tables_selector);
	if (!tables_room)
		hv_panic("QEMU offers no ACPI tables");
	tables = alloc_pages((tables_room + PAGE_SIZE - 1) >> PAGE_SHIFT);
}

/* QEMU makes the tables anew when they are selected, to fit what firmware has set up. */
static void refresh_tables(void)
{
	u16 selector;
	u32 len = fwcfg_find("etc/acpi/tables", &selector);

	if (!len || len > tables_room)
		hv_panic("fw_cfg: the ACPI tables now have %u bytes", len);
	fwcfg_read(selector, tables, len);
	iommu_hide(tables, len);
	fw_cfg_serve(selector, tables, len);
}

static void select(u16 selector)
{
	if (selector == tables_selector)
		refresh_tables();
	offset = 0;
	current = NULL;
	for (u32 i = 0; i < n_items; i++)
		if (items[i].selector == selector)
			current = &items[i];
	if (!current)
		out16(PORT_SELECTOR, selector);
}

static u8 next_byte(void)
{
	return offset < current->len ? current->data[offset++] : 0;
}

/* Copy from our item. Behind its end there are zeros. */
static void copy_item(u8 *buf, u32 len)
{
	u32 there = offset < current->len ? current->len - offset : 0;
	u32 n = min(there, len);

	memcpy(buf, current->data + offset, n);
	memset(buf + n, 0, len - n);
	offset += n;
}

static bool transfer(u32 control, u64 address, u32 len)
{
	u8 *buf = NULL;

	if (control & FWCFG_DMA_SELECT)
		select(control >> 16);
	if (len && (control & (FWCFG_DMA_READ | FWCFG_DMA_WRITE))) {
		buf = shared_ptr(address, len);
		if (!buf || page_is_rom((u64)buf + len - 1))
			return false;
	}
	if (!current)
		return fwcfg_transfer(control & ~FWCFG_DMA_SELECT & 0xffff, buf, len);
	if (control & FWCFG_DMA_READ)
		copy_item(buf, len);
	else if (control & FWCFG_DMA_WRITE)
		return false;
	else if (control & FWCFG_DMA_SKIP)
		offset += min(len, current->len - min(offset, current->len));
	return true;
}

/* Read each word of the descriptor once: it is in shared memory. */
static void dma(u64 gpa)
{
	struct fwcfg_dma *d = shared_ptr(gpa, sizeof(*d));
	u32 control, len;
	u64 address;

	if (!d || page_is_rom(gpa)) {
		hv_log("fw_cfg: DMA descriptor at %lx is not in shared memory", gpa);
		return;
	}
	control = __builtin_bswap32(READ_ONCE(d->control));
	len = __builtin_bswap32(READ_ONCE(d->length));
	address = __builtin_bswap64(READ_ONCE(d->address));
	if (transfer(control, address, len)) {
		WRITE_ONCE(d->control, 0);
	} else {
		hv_log("fw_cfg: DMA %x of %u bytes at %lx refused", control, len, address);
		WRITE_ONCE(d->control, __builtin_bswap32(FWCFG_DMA_ERROR));
	}
}

bool fw_cfg_port(u16 port)
{
	return rom_is_there() && port >= PORT_SELECTOR && port <= PORT_LAST;
}

void fw_cfg_watch(void)
{
	for (u16 port = PORT_SELECTOR; fw_cfg_port(port); port++)
		svm_watch_ports(&port, 1);
}

static u32 in_sized(u16 port, int size)
{
	return size == 1 ? in8(port) : size == 2 ? in16(port) : in32(port);
}

/* One access of the guest. Takes sim_lock, unless this CPU holds it. */
u32 fw_cfg_access(u16 port, int size, bool in, u32 val)
{
	bool locked = lock_unless_ours(&sim_lock);

	if (in && port == PORT_DATA && size == 1 && current)
		val = next_byte();
	else if (in)
		val = in_sized(port, size);
	else if (port == PORT_SELECTOR && size == 2)
		select(val);
	else if (port == PORT_DMA_HIGH && size == 4)
		dma_high = __builtin_bswap32(val);
	else if (port == PORT_DMA_LOW && size == 4)
		dma((u64)dma_high << 32 | __builtin_bswap32(val));
	if (locked)
		unlock(&sim_lock);
	return val;
}
