// SPDX-License-Identifier: GPL-2.0
/*
 * Linux at its 64-bit entry, as a boot loader in an SNP guest starts it (Linux,
 * Documentation/arch/x86/boot.rst and zero-page.rst).
 */
#include "svsm.h"

#define HDR_SETUP_SECTS		0x1f1
#define HDR_JUMP		0x201
#define HDR_MAGIC		0x202
#define HDR_VERSION		0x206
#define HDR_INIT_SIZE		0x260
#define HDR_XLOADFLAGS		0x236
#define XLF_KERNEL_64		1
#define VERSION_MIN		0x20c
#define MAGIC			0x53726448	/* "HdrS" */

#define BP_ACPI_RSDP		0x070
#define BP_E820_ENTRIES		0x1e8
#define BP_TYPE_OF_LOADER	0x210
#define BP_RAMDISK		0x218
#define BP_RAMDISK_SIZE		0x21c
#define BP_CMDLINE		0x228
#define BP_SETUP_DATA		0x250
#define BP_E820_TABLE		0x2d0

#define E820_RAM		1
#define E820_RESERVED		2
#define E820_ACPI		3

#define SETUP_CC_BLOB		7
#define CC_BLOB_MAGIC		0x45444d41	/* "AMDE" */

struct e820_entry {
	u64 start, size;
	u32 type;
} __packed;

struct cc_setup_data {
	u64 next;
	u32 type, len, cc_blob;
} __packed;

struct cc_blob {
	u32 magic;
	u16 version, reserved0;
	u64 secrets;
	u32 secrets_len, reserved1;
	u64 cpuid;
	u32 cpuid_len, reserved2;
} __packed;

struct map_entry guest_map[MAX_MAP];
unsigned int guest_map_len;

static u32 header32(unsigned int offset)
{
	return *(const u32 *)(image.setup + offset);
}

static u64 kernel_end(void)
{
	return GUEST_KERNEL + header32(HDR_INIT_SIZE);
}

static u64 linux_initrd(void)
{
	return (image.acpi_at - image.initrd_size) & PAGE_MASK;
}

static void check(void)
{
	u16 version = *(const u16 *)(image.setup + HDR_VERSION);

	if (header32(HDR_MAGIC) != MAGIC || version < VERSION_MIN ||
	    !(header32(HDR_XLOADFLAGS) & XLF_KERNEL_64))
		svsm_fatal("the kernel has no 64-bit entry", version);
	if (kernel_end() > own.info.base ||
	    linux_initrd() < own.info.base + own.info.size)
		svsm_fatal("there is no room for kernel and initial ram disk", kernel_end());
}

static void add(u64 start, u64 end, enum efi_type type)
{
	if (start >= end)
		return;
	if (guest_map_len == MAX_MAP)
		svsm_fatal("the map of memory is full", start);
	guest_map[guest_map_len++] = (struct map_entry){ start, end, type };
}

/* Memory of this program is reserved: between the two parts, and at the end of the second. */
static void make_map(void)
{
	u64 base = own.info.base, limit = base + own.info.size;
	u64 tables_end = image.acpi_at + ACPI_SIZE;

	guest_map_len = 0;
	add(0, GUEST_CC, EFI_CONVENTIONAL);
	add(GUEST_CC, GUEST_EFI, EFI_ACPI_RECLAIM);
	add(GUEST_EFI, GUEST_EFI_CODE, EFI_RUNTIME_DATA);
	add(GUEST_EFI_CODE, GUEST_BOOT_PARAMS, EFI_RUNTIME_CODE);
	add(GUEST_BOOT_PARAMS, GUEST_LOW_END, EFI_CONVENTIONAL);
	add(GUEST_LOW_END, 0x100000, EFI_RESERVED);
	add(0x100000, base, EFI_CONVENTIONAL);
	add(base, limit, EFI_RESERVED);
	add(limit, image.acpi_at, EFI_CONVENTIONAL);
	add(image.acpi_at, tables_end, EFI_ACPI_RECLAIM);
	add(tables_end, memory_low_top(), EFI_RESERVED);
	add(FOUR_GIB, memory_top(), EFI_CONVENTIONAL);
}

/* Does the launch validate this 2 MiB? The guest has the rest to validate. */
bool unit_is_launched(u64 start)
{
	u64 end = start + HUGE_SIZE;

	return !start || (end > GUEST_KERNEL && start < kernel_end()) ||
	       (end > linux_initrd() && start < image.acpi_at + ACPI_SIZE);
}

/* The secrets page keeps what the guest has written to it, as long as it was never given up. */
static void place_pages(void)
{
	bool keep = page_record(GUEST_SECRETS) == PAGE_BY_LAUNCH;
	u64 top = memory_low_top();

	for (u64 pa = 0; pa < top; pa += HUGE_SIZE) {
		if (!unit_is_launched(pa))
			continue;
		if (!pa && keep) {
			pages_launch(0, GUEST_SECRETS);
			pages_launch(GUEST_SECRETS + PAGE_SIZE, HUGE_SIZE);
		} else {
			pages_launch(pa, pa + HUGE_SIZE);
		}
	}
}

static void place_cc_blob(void)
{
	struct cc_setup_data *d = private(GUEST_CC);
	struct cc_blob *b = private(GUEST_CC_BLOB);

	d->type = SETUP_CC_BLOB;
	d->len = sizeof(d->cc_blob);
	d->cc_blob = GUEST_CC_BLOB;
	b->magic = CC_BLOB_MAGIC;
	b->version = 1;
	b->secrets = GUEST_SECRETS;
	b->secrets_len = PAGE_SIZE;
	b->cpuid = GUEST_CPUID;
	b->cpuid_len = PAGE_SIZE;
}

static u32 e820_type(enum efi_type type)
{
	if (type == EFI_CONVENTIONAL)
		return E820_RAM;
	return type == EFI_ACPI_RECLAIM ? E820_ACPI : E820_RESERVED;
}

static void place_boot_params(void)
{
	u8 *bp = private(GUEST_BOOT_PARAMS);
	struct e820_entry *e = (struct e820_entry *)(bp + BP_E820_TABLE);

	memcpy(bp + HDR_SETUP_SECTS, image.setup + HDR_SETUP_SECTS,
	       HDR_MAGIC + image.setup[HDR_JUMP] - HDR_SETUP_SECTS);
	bp[BP_TYPE_OF_LOADER] = 0xff;
	*(u32 *)(bp + BP_RAMDISK) = image.initrd_size ? linux_initrd() : 0;
	*(u32 *)(bp + BP_RAMDISK_SIZE) = image.initrd_size;
	*(u32 *)(bp + BP_CMDLINE) = GUEST_CMDLINE;
	*(u64 *)(bp + BP_SETUP_DATA) = GUEST_CC;
	*(u64 *)(bp + BP_ACPI_RSDP) = image.rsdp;
	bp[BP_E820_ENTRIES] = guest_map_len;
	for (unsigned int i = 0; i < guest_map_len; i++)
		e[i] = (struct e820_entry){ guest_map[i].start,
					    guest_map[i].end - guest_map[i].start,
					    e820_type(guest_map[i].type) };
	efi_place(bp);
}

/* The first 4 GiB, one to one, all of it private */
static void place_tables(void)
{
	u64 *gdt = private(GUEST_GDT), *pml4 = private(GUEST_TABLES);
	u64 *pdpt = pml4 + 512, *pd = pdpt + 512;

	gdt[2] = 0x00af9b000000ffff;
	gdt[3] = 0x00cf93000000ffff;
	pml4[0] = (u64)pdpt | CBIT | PTE_PRESENT_RW;
	for (u64 i = 0; i < 4; i++)
		pdpt[i] = (u64)(pd + i * 512) | CBIT | PTE_PRESENT_RW;
	for (u64 i = 0; i < 4 * 512; i++)
		pd[i] = i * HUGE_SIZE | CBIT | PTE_LARGE | PTE_PRESENT_RW;
}

void linux_place(u32 boot)
{
	check();
	make_map();
	place_pages();
	memcpy(private(GUEST_KERNEL), image.kernel, image.kernel_size);
	memcpy(private(linux_initrd()), image.initrd, image.initrd_size);
	memcpy(private(image.acpi_at), image.acpi, ACPI_SIZE);
	place_cc_blob();
	cpuid_place(GUEST_CPUID);
	secrets_place(GUEST_SECRETS, GUEST_CA);
	cmdline_place(boot);
	place_boot_params();
	place_tables();
}
