// SPDX-License-Identifier: GPL-2.0
/*
 * A minimal EFI system table: what Linux needs to find ACPI, the CC blob and the
 * unaccepted-memory table, and so to validate its own memory. No runtime services.
 */
#include "launch.h"
#include "machine.h"

#define EFI_SIGNATURE		0x5453595320494249UL	/* "IBI SYST" */
#define EFI_REVISION		(2 << 16 | 70)
#define EFI_CONVENTIONAL	7
#define EFI_ACPI_RECLAIM	9
#define EFI_RESERVED		0
#define EFI_MEMORY_WB		8
#define UNIT_SHIFT		21
#define UNIT_SIZE		BIT_ULL(UNIT_SHIFT)
#define BP_EFI_INFO		0x1c0

struct efi_table_header {
	u64 signature;
	u32 revision, size, crc, rsvd;
} __packed;

struct efi_system_table {
	struct efi_table_header hdr;
	u64 vendor;
	u32 vendor_revision, pad;
	u64 console[6];
	u64 runtime, boot;
	u64 tables_len, tables;
} __packed;

struct efi_config_table {
	u8 guid[16];
	u64 address;
} __packed;

struct efi_memory_desc {
	u32 type, pad;
	u64 phys, virt, pages, attr;
} __packed;

struct unaccepted_table {
	u32 version, unit_size;
	u64 phys_base, size;
	u8 bitmap[];
} __packed;

struct efi_info {
	char signature[4];
	u32 systab, desc_size, desc_version, memmap, memmap_size;
	u32 systab_hi, memmap_hi;
} __packed;

/* ACPI 2.0 8868e871-.., CC blob 067b1f5f-.., unaccepted memory d5d1de3c-.. */
static const u8 guids[3][16] = {
	{ 0x71, 0xe8, 0x68, 0x88, 0xf1, 0xe4, 0xd3, 0x11,
	  0xbc, 0x22, 0x00, 0x80, 0xc7, 0x3c, 0x88, 0x81 },
	{ 0x5f, 0x1f, 0x7b, 0x06, 0x26, 0xcf, 0xc5, 0x44,
	  0x85, 0x54, 0x93, 0xd7, 0x77, 0x91, 0x2d, 0x42 },
	{ 0x3c, 0xde, 0xd1, 0xd5, 0x5c, 0x10, 0xf9, 0x44,
	  0x9e, 0xa9, 0xbc, 0xef, 0x98, 0x12, 0x00, 0x31 },
};

#define EFI_TABLES		(GUEST_EFI_PAGE + 0x100)
#define EFI_VENDOR		(GUEST_EFI_PAGE + 0x200)
#define EFI_MEMMAP		(GUEST_EFI_PAGE + 0x400)

static void build_memmap(void)
{
	struct efi_memory_desc *d = (void *)EFI_MEMMAP;

	for (int i = 0; i < mem_map_len; i++, d++) {
		d->type = mem_map[i].type == 1 ? EFI_CONVENTIONAL :
			  mem_map[i].type == 3 ? EFI_ACPI_RECLAIM : EFI_RESERVED;
		d->phys = mem_map[i].start;
		d->pages = (mem_map[i].end - mem_map[i].start) >> PAGE_SHIFT;
		d->attr = EFI_MEMORY_WB;
	}
}

/* One bit for each 2 MiB of RAM that the guest has to validate. */
static void build_unaccepted(void)
{
	struct unaccepted_table *t = (void *)GUEST_UNACCEPTED_PAGE;
	u64 units = ram_high_top() >> UNIT_SHIFT, room;

	room = GUEST_RESERVED_END - GUEST_UNACCEPTED_PAGE - sizeof(*t);
	memset(t, 0, GUEST_RESERVED_END - GUEST_UNACCEPTED_PAGE);
	t->version = 1;
	t->unit_size = UNIT_SIZE;
	t->size = min((units + 7) / 8, room);
	for (u64 u = 0; u < t->size * 8; u++)
		if (page_is_ram(u << UNIT_SHIFT) && !unit_is_launched(u))
			t->bitmap[u / 8] |= 1 << u % 8;
}

void linux_build_efi(u8 *boot_params)
{
	struct efi_system_table *st = (void *)GUEST_EFI_PAGE;
	struct efi_config_table *ct = (void *)EFI_TABLES;
	struct efi_info *info = (void *)(boot_params + BP_EFI_INFO);
	u16 *vendor = (u16 *)EFI_VENDOR;
	u64 address[3] = { acpi_rsdp(), GUEST_CC_PAGE + 0x40, GUEST_UNACCEPTED_PAGE };

	memset(st, 0, PAGE_SIZE);
	st->hdr = (struct efi_table_header){ EFI_SIGNATURE, EFI_REVISION, sizeof(*st), 0, 0 };
	st->vendor = EFI_VENDOR;
	for (const char *s = "snpsim"; *s; s++)
		*vendor++ = *s;
	st->tables_len = ARRAY_SIZE(address);
	st->tables = EFI_TABLES;
	for (unsigned int i = 0; i < ARRAY_SIZE(address); i++) {
		memcpy(ct[i].guid, guids[i], 16);
		ct[i].address = address[i];
	}
	build_memmap();
	build_unaccepted();
	memcpy(info->signature, "EL64", 4);
	info->systab = GUEST_EFI_PAGE;
	info->desc_size = sizeof(struct efi_memory_desc);
	info->desc_version = 1;
	info->memmap = EFI_MEMMAP;
	info->memmap_size = mem_map_len * sizeof(struct efi_memory_desc);
}
