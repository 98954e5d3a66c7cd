// SPDX-License-Identifier: GPL-2.0
/*
 * A minimal EFI system table (UEFI 2.10), by which Linux finds the map of the memory that it
 * has to validate itself. The runtime services do nothing; without any, kexec would hand no
 * EFI tables on.
 */
#include "svsm.h"

#define SIGNATURE		0x5453595320494249UL	/* "IBI SYST" */
#define RUNTIME_SIGNATURE	0x56524553544e5552UL	/* "RUNTSERV" */
#define REVISION		(2 << 16 | 100)
#define MEMORY_WB		8
#define MEMORY_RUNTIME		BIT(63)
#define BP_EFI_INFO		0x1c0
#define DESC_VERSION		1
#define RT_SET_VIRTUAL_MAP	0x80
#define SERVICES		14
#define SET_VIRTUAL_MAP		4	/* its place among the services */

#define RUNTIME			(GUEST_EFI + 0x080)
#define TABLES			(GUEST_EFI + 0x180)
#define VENDOR			(GUEST_EFI + 0x200)
#define PROPERTIES		(GUEST_EFI + 0x280)
#define MEMMAP			(GUEST_EFI + 0x400)
#define CODE_UNSUPPORTED	GUEST_EFI_CODE
#define CODE_SUCCESS		(GUEST_EFI_CODE + 0x20)

struct table_header {
	u64 signature;
	u32 revision, size, crc, reserved;
} __packed;

struct system_table {
	struct table_header header;
	u64 vendor;
	u32 vendor_revision, pad;
	u64 console[6], runtime, boot, tables_len, tables;
} __packed;

struct runtime_table {
	struct table_header header;
	u64 service[SERVICES];
} __packed;

struct rt_properties {
	u16 version, size;
	u32 supported;
} __packed;

struct config_table {
	u8 guid[16];
	u64 address;
} __packed;

struct memory_desc {
	u32 type, pad;
	u64 start, virt, pages, attributes;
} __packed;

struct unaccepted_table {
	u32 version, unit_size;
	u64 base, size;
	u8 bitmap[];
} __packed;

struct efi_info {
	char signature[4];
	u32 systab, desc_size, desc_version, memmap, memmap_size, systab_hi, memmap_hi;
} __packed;

/* mov $EFI_UNSUPPORTED, %rax; ret */
static const u8 unsupported[] = { 0x48, 0xb8, 3, 0, 0, 0, 0, 0, 0, 0x80, 0xc3 };
/* xor %eax, %eax; ret: nothing has to be relocated */
static const u8 success[] = { 0x31, 0xc0, 0xc3 };

static bool is_runtime(enum efi_type type)
{
	return type == EFI_RUNTIME_CODE || type == EFI_RUNTIME_DATA;
}

static void place_memmap(void)
{
	struct memory_desc *d = private(MEMMAP);

	for (unsigned int i = 0; i < guest_map_len; i++) {
		d[i].type = guest_map[i].type;
		d[i].start = guest_map[i].start;
		d[i].pages = (guest_map[i].end - guest_map[i].start) >> PAGE_SHIFT;
		d[i].attributes = MEMORY_WB | (is_runtime(d[i].type) ? MEMORY_RUNTIME : 0);
	}
}

/* A bit for each 2 MiB that nobody has validated. None of them is partly this program's. */
static void place_unaccepted(void)
{
	struct unaccepted_table *t = private(GUEST_UNACCEPTED);
	u64 units = (memory_top() + HUGE_SIZE - 1) / HUGE_SIZE;
	u64 room = GUEST_EFI - GUEST_UNACCEPTED - sizeof(*t);

	t->version = 1;
	t->unit_size = HUGE_SIZE;
	t->size = (units + 7) / 8;
	if (t->size > room)
		svsm_fatal("more memory than the guest can be told of", memory_top());
	for (u64 u = 0; u < units; u++)
		if (page_is_ram(u * HUGE_SIZE) && !unit_is_launched(u * HUGE_SIZE))
			t->bitmap[u / 8] |= 1 << u % 8;
}

static void place_runtime(void)
{
	struct runtime_table *rt = private(RUNTIME);
	struct rt_properties *p = private(PROPERTIES);

	memcpy(private(CODE_UNSUPPORTED), unsupported, sizeof(unsupported));
	memcpy(private(CODE_SUCCESS), success, sizeof(success));
	rt->header = (struct table_header){ RUNTIME_SIGNATURE, REVISION, sizeof(*rt), 0, 0 };
	for (int i = 0; i < SERVICES; i++)
		rt->service[i] = i == SET_VIRTUAL_MAP ? CODE_SUCCESS : CODE_UNSUPPORTED;
	*p = (struct rt_properties){ 1, sizeof(*p), RT_SET_VIRTUAL_MAP };
}

static const struct config_table found_by_guid[] = {
	{ { 0x71, 0xe8, 0x68, 0x88, 0xf1, 0xe4, 0xd3, 0x11,	/* ACPI 2.0 */
	    0xbc, 0x22, 0x00, 0x80, 0xc7, 0x3c, 0x88, 0x81 }, 0 },
	{ { 0x5f, 0x1f, 0x7b, 0x06, 0x26, 0xcf, 0xc5, 0x44,	/* CC blob */
	    0x85, 0x54, 0x93, 0xd7, 0x77, 0x91, 0x2d, 0x42 }, GUEST_CC_BLOB },
	{ { 0x3c, 0xde, 0xd1, 0xd5, 0x5c, 0x10, 0xf9, 0x44,	/* unaccepted memory */
	    0x9e, 0xa9, 0xbc, 0xef, 0x98, 0x12, 0x00, 0x31 }, GUEST_UNACCEPTED },
	{ { 0x8a, 0x91, 0x66, 0xeb, 0xef, 0x7e, 0x2a, 0x40,	/* runtime properties */
	    0x84, 0x2e, 0x93, 0x1d, 0x21, 0xc3, 0x8a, 0xe9 }, PROPERTIES },
};

void efi_place(u8 *boot_params)
{
	struct system_table *st = private(GUEST_EFI);
	struct config_table *ct = private(TABLES);
	struct efi_info *info = (struct efi_info *)(boot_params + BP_EFI_INFO);
	u16 *vendor = private(VENDOR);

	st->header = (struct table_header){ SIGNATURE, REVISION, sizeof(*st), 0, 0 };
	st->vendor = VENDOR;
	for (const char *s = "minisvsm"; *s; s++)
		*vendor++ = *s;
	place_runtime();
	st->runtime = RUNTIME;
	st->tables_len = ARRAY_SIZE(found_by_guid);
	st->tables = TABLES;
	memcpy(ct, found_by_guid, sizeof(found_by_guid));
	ct[0].address = image.rsdp;
	place_memmap();
	place_unaccepted();
	memcpy(info->signature, "EL64", 4);
	info->systab = GUEST_EFI;
	info->desc_size = sizeof(struct memory_desc);
	info->desc_version = DESC_VERSION;
	info->memmap = MEMMAP;
	info->memmap_size = guest_map_len * sizeof(struct memory_desc);
}
