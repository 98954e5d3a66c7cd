// SPDX-License-Identifier: GPL-2.0
/*
 * The host's IOMMU. A device reaches what the host may reach: shared pages. It is QEMU's
 * intel-iommu (hw/i386/intel_iommu.c), driven as in "Intel Virtualization Technology for
 * Directed I/O". All devices use one table of second-level translations, which are
 * identities. A table for each bus says which functions are let through.
 *
 * The guest is not told of the IOMMU (iommu_hide()) and cannot reach it. At fidelity fast
 * there is none, and every access of a device passes.
 */
#include "lib/config.h"
#include "lib/lib.h"
#include "lib/x86.h"
#include "machine/iommu.h"
#include "machine/pci.h"
#include "machine/rmp.h"
#include "machine/rom.h"

#define IOMMU_BASE		0xfed90000UL
#define REG_VERSION		0x00
#define REG_CAPABILITIES	0x08		/* 64 bits */
#define REG_EXTENDED		0x10		/* 64 bits */
#define REG_COMMAND		0x18
#define REG_STATUS		0x1c
#define REG_ROOT		0x20		/* 64 bits */
#define REG_CONTEXT_HIGH	0x2c		/* the upper half of a 64-bit command */
#define REG_FAULT_STATUS	0x34

#define COMMAND_TRANSLATE	BIT_ULL(31)
#define COMMAND_SET_ROOT	BIT_ULL(30)
#define COMMANDS_THAT_STAY	0x96ffffffU	/* in the status; the others are one-shot */
#define CONTEXT_INVALIDATE_ALL	((u32)BIT_ULL(31) | BIT_ULL(29))
#define IOTLB_HIGH		12		/* upper half, from the offset in EXTENDED */
#define IOTLB_INVALIDATE_ALL	((u32)BIT_ULL(31) | BIT_ULL(28))
#define FAULT_OVERFLOW		BIT_ULL(0)
#define RECORD_ADDRESS		0
#define RECORD_SOURCE		8
#define RECORD_HIGH		12
#define RECORD_VALID		((u32)BIT_ULL(31))
#define RECORD_READ		((u32)BIT_ULL(30))
#define RECORD_REASON(high)	((high) & 0xff)
#define REASON_NOT_LET		2		/* the function has no context entry */

#define ENTRY_PRESENT		1UL
#define ENTRY_RW		3UL
#define WIDTH_39		1UL		/* three levels, which QEMU's IOMMU always has */
#define DOMAIN			BIT_ULL(8)
#define ENTRIES			512
#define FUNCTIONS		256
#define ACPI_HEADER		36
#define ACPI_CHECKSUM		9
#define COMMAND_TIMEOUT_NS	1000000000UL

struct root_entry {
	u64 low, high;
};

static u64 *pages, tables;
static struct root_entry (*contexts)[FUNCTIONS];
static u64 iotlb_high, record;
static bool present, stale;

bool iommu_present(void)
{
	return present;
}

static u32 get(u64 reg)
{
	return mmio_read32(IOMMU_BASE + reg);
}

static void set(u64 reg, u32 v)
{
	mmio_write32(IOMMU_BASE + reg, v);
}

static u64 get64(u64 reg)
{
	return get(reg) | (u64)get(reg + 4) << 32;
}

/* Update the translation of a page whose state has changed. */
void iommu_update(u64 gfn)
{
	u64 entry = 0;

	if (!present)
		return;
	if ((rmp[gfn] & PAGE_STATE) == PAGE_SHARED)
		entry = page_host(gfn) | ENTRY_RW;
	if (pages[gfn] && !entry)
		stale = true;
	WRITE_ONCE(pages[gfn], entry);
}

/* Flush what devices may have cached of pages that are no longer shared. Called under sim_lock. */
void iommu_sync(void)
{
	if (!stale)
		return;
	stale = false;
	set(iotlb_high, IOTLB_INVALIDATE_ALL);
}

/* Let a function's accesses through, or keep them out. */
void iommu_let(u32 function, bool let)
{
	struct root_entry *context = &contexts[PCI_BUS(function)][function & 0xff];

	WRITE_ONCE(context->low, let ? tables | ENTRY_PRESENT : 0);
	set(REG_CONTEXT_HIGH, CONTEXT_INVALIDATE_ALL);
	set(iotlb_high, IOTLB_INVALIDATE_ALL);
}

/*
 * The IOMMU sets the overflow bit if a fault finds no free record, and records nothing
 * until the bit is cleared.
 */
static void forget_overflow(void)
{
	if (get(REG_FAULT_STATUS) & FAULT_OVERFLOW)
		set(REG_FAULT_STATUS, FAULT_OVERFLOW);
}

/* Take the oldest blocked access that has not been reported. */
bool iommu_take_fault(struct iommu_fault *f)
{
	u32 high = get(record + RECORD_HIGH);

	if (!(high & RECORD_VALID)) {
		forget_overflow();
		return false;
	}
	f->gpa = get64(record + RECORD_ADDRESS) & PAGE_MASK;
	f->function = get(record + RECORD_SOURCE) & 0xffff;
	f->write = !(high & RECORD_READ);
	f->kept_out = RECORD_REASON(high) == REASON_NOT_LET;
	set(record + RECORD_HIGH, RECORD_VALID);
	forget_overflow();
	return true;
}

static void switch_on(u32 bit)
{
	u64 start = now_ns();

	set(REG_COMMAND, (get(REG_STATUS) & COMMANDS_THAT_STAY) | bit);
	while (!(get(REG_STATUS) & bit))
		if (now_ns() - start > COMMAND_TIMEOUT_NS)
			hv_panic("IOMMU: command %x does not complete", bit);
}

static u64 make_tables(u64 leaves)
{
	u64 directories = (leaves + ENTRIES - 1) / ENTRIES;
	u64 *top = alloc_pages(1), *directory = alloc_pages(directories);

	pages = alloc_pages(leaves);
	for (u64 i = 0; i < leaves; i++)
		directory[i] = (u64)(pages + i * ENTRIES) | ENTRY_RW;
	for (u64 i = 0; i < directories; i++)
		top[i] = (u64)(directory + i * ENTRIES) | ENTRY_RW;
	return (u64)top;
}

static u64 make_roots(void)
{
	struct root_entry *root = alloc_pages(1);

	contexts = alloc_pages(PCI_BUSES);
	for (u32 bus = 0; bus < PCI_BUSES; bus++) {
		root[bus].low = (u64)contexts[bus] | ENTRY_PRESENT;
		for (u32 f = 0; f < FUNCTIONS; f++)
			contexts[bus][f] = (struct root_entry){
				tables | ENTRY_PRESENT, DOMAIN | WIDTH_39,
			};
	}
	return (u64)root;
}

/*
 * Rename the IOMMU's ACPI table, so that no guest recognises it. Works before and after
 * the tables are linked: a table's checksum covers all of it.
 */
void iommu_hide(u8 *tables, u32 len)
{
	for (u32 i = 0; i + ACPI_HEADER <= len; i++) {
		u32 length = *(u32 *)(tables + i + 4);

		if (memcmp(tables + i, "DMAR", 4) || length < ACPI_HEADER || length > len - i)
			continue;
		tables[i] = 'x';
		tables[i + ACPI_CHECKSUM] += 'D' - 'x';
	}
}

/* Call after rmp_init(), which says how much memory to cover. */
void iommu_init(void)
{
	u32 version = get(REG_VERSION);
	u64 root, gfn = IOMMU_BASE >> PAGE_SHIFT;

	/* At fidelity fast ignore an IOMMU that the user may have added. */
	if (config->fidelity == FIDELITY_FAST || !version || version == ~0U)
		return;
	iotlb_high = (get64(REG_EXTENDED) >> 8 & 0x3ff) * 16 + IOTLB_HIGH;
	record = (get64(REG_CAPABILITIES) >> 24 & 0x3ff) * 16;
	tables = make_tables((rmp_pages() + ENTRIES - 1) / ENTRIES);
	present = true;
	for (u64 g = 0; g < rmp_pages(); g++)
		iommu_update(g);
	root = make_roots();
	set(REG_ROOT, root);
	set(REG_ROOT + 4, root >> 32);
	switch_on(COMMAND_SET_ROOT);
	set(REG_CONTEXT_HIGH, CONTEXT_INVALIDATE_ALL);
	set(iotlb_high, IOTLB_INVALIDATE_ALL);
	switch_on(COMMAND_TRANSLATE);
	page_set(gfn, PAGE_HV);
}
