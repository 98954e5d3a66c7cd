// SPDX-License-Identifier: GPL-2.0
/*
 * A minimal EFI system table: what Linux needs to find ACPI, the CC blob and the
 * unaccepted-memory table, and so to validate its own memory. The runtime services do
 * nothing, but without any kexec hands no EFI tables on. Optionally those for variables
 * work (efi/).
 */
#include "efi/efivars.h"
#include "efi/runtime.h"
#include "launch/launch.h"
#include "lib/config.h"
#include "lib/layout.h"
#include "lib/lib.h"
#include "machine/rmp.h"

#define EFI_SIGNATURE		0x5453595320494249UL	/* "IBI SYST" */
#define EFI_RUNTIME_SIGNATURE	0x56524553544e5552UL	/* "RUNTSERV" */
#define EFI_REVISION		(2 << 16 | 80)
#define EFI_MEMORY_WB		8
#define EFI_MEMORY_RUNTIME	BIT_ULL(63)
#define EFI_RT_SET_VIRTUAL_MAP	0x80
#define EFI_RT_VARIABLES	0x2070	/* get, get next, set, query */
#define UNIT_SHIFT		21
#define UNIT_SIZE		BIT_ULL(UNIT_SHIFT)
#define BP_EFI_INFO		0x1c0

struct efi_system_table {
	struct efi_table_header hdr;
	u64 vendor;
	u32 vendor_revision, pad;
	u64 console[6];
	u64 runtime, boot;
	u64 tables_len, tables;
} __packed;

#define SET_VIRTUAL_ADDRESS_MAP	4
#define GET_VARIABLE		6
#define GET_NEXT_VARIABLE_NAME	7
#define SET_VARIABLE		8
#define QUERY_VARIABLE_INFO	13

/* Says which services work, so that nobody has to find out by calling (UEFI 2.10, 4.6.2). */
struct efi_rt_properties {
	u16 version, length;
	u32 supported;
} __packed;

struct efi_config_table {
	u8 guid[16];
	u64 address;
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

/*
 * ACPI 2.0 8868e871-.., CC blob 067b1f5f-.., unaccepted memory d5d1de3c-..,
 * runtime properties eb66918a-..
 */
#define N_TABLES		4

static const u8 guids[N_TABLES][16] = {
	{ 0x71, 0xe8, 0x68, 0x88, 0xf1, 0xe4, 0xd3, 0x11,
	  0xbc, 0x22, 0x00, 0x80, 0xc7, 0x3c, 0x88, 0x81 },
	{ 0x5f, 0x1f, 0x7b, 0x06, 0x26, 0xcf, 0xc5, 0x44,
	  0x85, 0x54, 0x93, 0xd7, 0x77, 0x91, 0x2d, 0x42 },
	{ 0x3c, 0xde, 0xd1, 0xd5, 0x5c, 0x10, 0xf9, 0x44,
	  0x9e, 0xa9, 0xbc, 0xef, 0x98, 0x12, 0x00, 0x31 },
	{ 0x8a, 0x91, 0x66, 0xeb, 0xef, 0x7e, 0x2a, 0x40,
	  0x84, 0x2e, 0x93, 0x1d, 0x21, 0xc3, 0x8a, 0xe9 },
};

#define EFI_TABLES		(GUEST_EFI_PAGE + 0x100)
#define EFI_VENDOR		(GUEST_EFI_PAGE + 0x200)
#define EFI_RT_PROPERTIES	(GUEST_EFI_PAGE + 0x280)
#define EFI_MEMMAP		(GUEST_EFI_PAGE + 0x400)

/* mov $EFI_UNSUPPORTED, %rax; ret */
static const u8 unsupported[] = { 0x48, 0xb8, 3, 0, 0, 0, 0, 0, 0, 0x80, 0xc3 };
/* xor %eax, %eax; ret: nothing here has to be relocated */
static const u8 success[] = { 0x31, 0xc0, 0xc3 };

#define CODE_UNSUPPORTED	GUEST_EFI_CODE_PAGE
#define CODE_SUCCESS		(GUEST_EFI_CODE_PAGE + 0x20)
#define CODE_VARIABLES		(GUEST_EFI_CODE_PAGE + 0x100)

static bool is_runtime(enum efi_memory type)
{
	return type == EFI_RUNTIME_CODE || type == EFI_RUNTIME_DATA;
}

static void build_memmap(void)
{
	struct efi_memory_desc *d = (void *)EFI_MEMMAP;

	for (int i = 0; i < mem_map_len; i++, d++) {
		d->type = mem_map[i].type;
		d->phys = mem_map[i].start;
		d->pages = (mem_map[i].end - mem_map[i].start) >> PAGE_SHIFT;
		d->attr = EFI_MEMORY_WB | (is_runtime(d->type) ? EFI_MEMORY_RUNTIME : 0);
	}
}

/* One bit for each 2 MiB of RAM that the guest has to validate. */
static void build_unaccepted(void)
{
	struct unaccepted_table *t = (void *)GUEST_UNACCEPTED_PAGE;
	u64 units = ram_high_top() >> UNIT_SHIFT, room;

	room = GUEST_EFI_PAGE - GUEST_UNACCEPTED_PAGE - sizeof(*t);
	memset(t, 0, GUEST_EFI_PAGE - GUEST_UNACCEPTED_PAGE);
	t->version = 1;
	t->unit_size = UNIT_SIZE;
	t->size = min((units + 7) / 8, room);
	for (u64 u = 0; u < t->size * 8; u++)
		if (page_is_ram(u << UNIT_SHIFT) && !unit_is_launched(u))
			t->bitmap[u / 8] |= 1 << u % 8;
}

/* They do port I/O, so SetVirtualAddressMap must move them (efi/runtime.c). */
static void add_variables(struct efi_runtime_table *rt)
{
	memcpy((void *)CODE_VARIABLES, efi_runtime_code, efi_runtime_code_end - efi_runtime_code);
	rt->service[GET_VARIABLE] = CODE_VARIABLES + EFIVAR_ENTRY(EFIVAR_GET);
	rt->service[GET_NEXT_VARIABLE_NAME] = CODE_VARIABLES + EFIVAR_ENTRY(EFIVAR_NEXT);
	rt->service[SET_VARIABLE] = CODE_VARIABLES + EFIVAR_ENTRY(EFIVAR_SET);
	rt->service[SET_VIRTUAL_ADDRESS_MAP] = CODE_VARIABLES +
					       EFIVAR_ENTRY(EFIVAR_SET_VIRTUAL_MAP);
	rt->service[QUERY_VARIABLE_INFO] = CODE_VARIABLES + EFIVAR_ENTRY(EFIVAR_QUERY);
}

static void build_runtime(void)
{
	struct efi_runtime_table *rt = (void *)EFI_RUNTIME;
	struct efi_rt_properties *p = (void *)EFI_RT_PROPERTIES;

	memset((void *)GUEST_EFI_CODE_PAGE, 0, PAGE_SIZE);
	memcpy((void *)CODE_UNSUPPORTED, unsupported, sizeof(unsupported));
	memcpy((void *)CODE_SUCCESS, success, sizeof(success));
	rt->hdr = (struct efi_table_header){ EFI_RUNTIME_SIGNATURE, EFI_REVISION, sizeof(*rt),
					     0, 0 };
	for (int i = 0; i < N_RUNTIME_SERVICES; i++)
		rt->service[i] = i == SET_VIRTUAL_ADDRESS_MAP ? CODE_SUCCESS : CODE_UNSUPPORTED;
	*p = (struct efi_rt_properties){ 1, sizeof(*p), EFI_RT_SET_VIRTUAL_MAP };
	if (option(OPT_EFIVARS)) {
		add_variables(rt);
		p->supported |= EFI_RT_VARIABLES;
	}
}

void linux_build_efi(u8 *boot_params)
{
	struct efi_system_table *st = (void *)GUEST_EFI_PAGE;
	struct efi_config_table *ct = (void *)EFI_TABLES;
	struct efi_info *info = (void *)(boot_params + BP_EFI_INFO);
	u16 *vendor = (u16 *)EFI_VENDOR;
	u64 address[N_TABLES] = { acpi_rsdp(), GUEST_CC_PAGE + 0x40, GUEST_UNACCEPTED_PAGE,
				  EFI_RT_PROPERTIES };

	memset(st, 0, PAGE_SIZE);
	st->hdr = (struct efi_table_header){ EFI_SIGNATURE, EFI_REVISION, sizeof(*st), 0, 0 };
	st->vendor = EFI_VENDOR;
	for (const char *s = "snpsim"; *s; s++)
		*vendor++ = *s;
	build_runtime();
	st->runtime = EFI_RUNTIME;
	st->tables_len = N_TABLES;
	st->tables = EFI_TABLES;
	for (unsigned int i = 0; i < N_TABLES; i++) {
		memcpy(ct[i].guid, guids[i], 16);
		ct[i].address = address[i];
	}
	build_memmap();
	build_unaccepted();
	memcpy(info->signature, "EL64", 4);
	info->systab = GUEST_EFI_PAGE;
	info->desc_size = sizeof(struct efi_memory_desc);
	info->desc_version = EFI_MEMORY_DESC_VERSION;
	info->memmap = EFI_MEMMAP;
	info->memmap_size = mem_map_len * sizeof(struct efi_memory_desc);
}
