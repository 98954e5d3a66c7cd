// SPDX-License-Identifier: GPL-2.0
/*
 * A Linux kernel image (bzImage), started at its 64-bit entry as a boot loader in
 * an SNP guest would: Documentation/arch/x86/boot.rst and zero-page.rst.
 */
#include "host/host.h"
#include "launch/launch.h"
#include "lib/config.h"
#include "lib/layout.h"
#include "lib/lib.h"
#include "lib/x86.h"
#include "machine/fwcfg.h"
#include "machine/rmp.h"
#include "machine/svm.h"
#include "machine/vcpu.h"

#define HDR_SETUP_SECTS		0x1f1
#define HDR_BOOT_FLAG		0x1fe
#define HDR_JUMP		0x201
#define HDR_MAGIC		0x202
#define HDR_VERSION		0x206
#define HDR_XLOADFLAGS		0x236
#define HDR_INIT_SIZE		0x260
#define XLF_KERNEL_64		1
#define VERSION_MIN		0x20c

#define BP_ACPI_RSDP		0x070
#define BP_E820_ENTRIES		0x1e8
#define BP_TYPE_OF_LOADER	0x210
#define BP_RAMDISK		0x218
#define BP_RAMDISK_SIZE		0x21c
#define BP_CMDLINE		0x228
#define BP_SETUP_DATA		0x250
#define BP_E820_TABLE		0x2d0

#define SETUP_CC_BLOB		7
#define CC_BLOB_OFFSET		0x40
#define CC_BLOB_MAGIC		0x45444d41	/* "AMDE" */
#define UNIT_SHIFT		21
#define MAX_RANGES		16
#define E820_RAM		1
#define E820_RESERVED		2
#define E820_ACPI		3
#define CMDLINE_SIZE		4096

struct e820_entry {
	u64 addr, size;
	u32 type;
} __packed;

struct setup_data {
	u64 next;
	u32 type, len;
	u32 cc_blob;
} __packed;

struct cc_blob {
	u32 magic;
	u16 version, rsvd0;
	u64 secrets;
	u32 secrets_len, rsvd1;
	u64 cpuid;
	u32 cpuid_len, rsvd2;
} __packed;

struct mem_range mem_map[MAX_RANGES];
int mem_map_len;

static const u8 *bzimage(void)
{
	return (const u8 *)config->kernel;
}

static u32 init_size(void)
{
	return *(const u32 *)(bzimage() + HDR_INIT_SIZE);
}

static u64 setup_size(void)
{
	u32 sects = bzimage()[HDR_SETUP_SECTS];

	return ((sects ? sects : 4) + 1) * 512;
}

static u64 acpi_gpa(void)
{
	return ram_low_top() - GUEST_ACPI_SIZE;
}

u64 initrd_gpa(void)
{
	return (acpi_gpa() - config->initrd_len) & PAGE_MASK;
}

/* The CLI has checked the header; this checks what only memory can tell. */
static void linux_check(void)
{
	const u8 *bz = bzimage();

	if (memcmp(bz + HDR_MAGIC, "HdrS", 4) || *(const u16 *)(bz + HDR_VERSION) < VERSION_MIN ||
	    !(*(const u16 *)(bz + HDR_XLOADFLAGS) & XLF_KERNEL_64))
		hv_panic("the kernel is no bzImage with a 64-bit entry");
	if (GUEST_KERNEL + (u64)init_size() > initrd_gpa() || initrd_gpa() > acpi_gpa())
		hv_panic("kernel and initrd do not fit into %lu MiB", config->memory >> 20);
	linux_memory_map();
}

static void add_range(u64 start, u64 end, enum efi_memory type)
{
	if (start < end)
		mem_map[mem_map_len++] = (struct mem_range){ start, end, type };
}

static u32 e820_type(enum efi_memory type)
{
	if (type == EFI_CONVENTIONAL)
		return E820_RAM;
	return type == EFI_ACPI_RECLAIM ? E820_ACPI : E820_RESERVED;
}

void linux_memory_map(void)
{
	mem_map_len = 0;
	add_range(0, GUEST_CC_PAGE, EFI_CONVENTIONAL);
	add_range(GUEST_CC_PAGE, GUEST_EFI_PAGE, EFI_ACPI_RECLAIM);
	add_range(GUEST_EFI_PAGE, GUEST_EFI_CODE_PAGE, EFI_RUNTIME_DATA);
	add_range(GUEST_EFI_CODE_PAGE, GUEST_RESERVED_END, EFI_RUNTIME_CODE);
	add_range(GUEST_RESERVED_END, 0x9f000, EFI_CONVENTIONAL);
	add_range(0x9f000, 0x100000, EFI_RESERVED);
	add_range(0x100000, acpi_gpa(), EFI_CONVENTIONAL);
	add_range(acpi_gpa(), ram_low_top(), EFI_ACPI_RECLAIM);
	add_range(1UL << 32, ram_high_top(), EFI_CONVENTIONAL);
}

/*
 * Is this 2 MiB unit part of the launch? At fidelity fast all are. Otherwise only what the
 * loader places is, and the guest validates the rest itself.
 */
bool unit_is_launched(u64 unit)
{
	u64 start = unit << UNIT_SHIFT, end = start + BIT_ULL(UNIT_SHIFT);

	if (config->fidelity == FIDELITY_FAST)
		return true;
	return start == 0 ||
	       (end > GUEST_KERNEL && start < GUEST_KERNEL + (u64)init_size()) ||
	       (end > initrd_gpa() && start < ram_low_top());
}

/*
 * Clear what the last boot has left, except for the secrets page. A device clears a whole
 * unit at its first page: where a CPU writes to a page with code that QEMU has translated,
 * each write looks for that code again.
 */
static void clear_page(u64 gfn)
{
	u64 start = gfn << PAGE_SHIFT, unit = BIT_ULL(UNIT_SHIFT);

	if (start >= unit) {
		if (!(start & (unit - 1)))
			fwcfg_zero((void *)start, min(unit, ram_low_top() - start));
	} else if (gfn != GUEST_SECRETS_PAGE >> PAGE_SHIFT) {
		page_zero(gfn);
	}
}

static void place_page(u64 gfn)
{
	if (unit_is_launched(gfn >> (UNIT_SHIFT - PAGE_SHIFT))) {
		page_set(gfn, PAGE_VALID | PAGE_LAUNCH);
		if (!launch_is_new() && config->fidelity != FIDELITY_FAST)
			clear_page(gfn);
	} else if (launch_is_new()) {
		page_set(gfn, PAGE_SHARED);
	}
}

static void place_pages(void)
{
	for (int i = 0; i < mem_map_len; i++) {
		if (mem_map[i].type == EFI_RESERVED)
			continue;
		for (u64 a = mem_map[i].start; a < mem_map[i].end; a += PAGE_SIZE)
			place_page(a >> PAGE_SHIFT);
	}
}

static void place_cc_blob(bool secrets_intact)
{
	struct setup_data *sd = (void *)GUEST_CC_PAGE;
	struct cc_blob *cc = (void *)(GUEST_CC_PAGE + CC_BLOB_OFFSET);

	memset(sd, 0, PAGE_SIZE);
	sd->type = SETUP_CC_BLOB;
	sd->len = sizeof(sd->cc_blob);
	sd->cc_blob = GUEST_CC_PAGE + CC_BLOB_OFFSET;
	cc->magic = CC_BLOB_MAGIC;
	cc->version = 1;
	cc->secrets = GUEST_SECRETS_PAGE;
	cc->secrets_len = PAGE_SIZE;
	cc->cpuid = GUEST_CPUID_PAGE;
	cc->cpuid_len = PAGE_SIZE;
	memset((void *)GUEST_CA_PAGE, 0, PAGE_SIZE);
	fill_cpuid_page((void *)GUEST_CPUID_PAGE);
	launch_fill_secrets(secrets_intact);
}

static void place_cmdline(void)
{
	char *line = (char *)GUEST_CMDLINE;

	memset(line, 0, CMDLINE_SIZE);
	launch_command_line(line, CMDLINE_SIZE);
}

static void place_boot_params(void)
{
	u8 *bp = (u8 *)GUEST_BOOT_PARAMS;
	const u8 *bz = bzimage();
	struct e820_entry *e = (void *)(bp + BP_E820_TABLE);

	memset(bp, 0, PAGE_SIZE);
	memcpy(bp + HDR_SETUP_SECTS, bz + HDR_SETUP_SECTS, 0x202 + bz[HDR_JUMP] - HDR_SETUP_SECTS);
	bp[BP_TYPE_OF_LOADER] = 0xff;
	if (config->initrd_len) {
		*(u32 *)(bp + BP_RAMDISK) = initrd_gpa();
		*(u32 *)(bp + BP_RAMDISK_SIZE) = config->initrd_len;
	}
	*(u32 *)(bp + BP_CMDLINE) = GUEST_CMDLINE;
	*(u64 *)(bp + BP_SETUP_DATA) = GUEST_CC_PAGE;
	*(u64 *)(bp + BP_ACPI_RSDP) = acpi_rsdp();
	bp[BP_E820_ENTRIES] = mem_map_len;
	for (int i = 0; i < mem_map_len; i++)
		e[i] = (struct e820_entry){ mem_map[i].start, mem_map[i].end - mem_map[i].start,
					    e820_type(mem_map[i].type) };
	linux_build_efi(bp);
}

/* Map the first 4 GiB one to one, with the C-bit everywhere. */
static void place_page_tables(void)
{
	u64 *gdt = (u64 *)GUEST_GDT, *pml4 = (u64 *)GUEST_PAGE_TABLES;
	u64 *pdpt = pml4 + 512, *pd = pdpt + 512;

	memset(gdt, 0, PAGE_SIZE);
	gdt[2] = 0x00af9b000000ffff;
	gdt[3] = 0x00cf93000000ffff;
	memset(pml4, 0, 6 * PAGE_SIZE);
	pml4[0] = (u64)pdpt | CBIT_MASK | PTE_PRESENT | PTE_WRITE;
	for (u64 i = 0; i < 4; i++)
		pdpt[i] = (u64)(pd + i * 512) | CBIT_MASK | PTE_PRESENT | PTE_WRITE;
	for (u64 i = 0; i < 4 * 512; i++)
		pd[i] = i << 21 | CBIT_MASK | PTE_LARGE | PTE_PRESENT | PTE_WRITE;
}

static void linux_place(void)
{
	u64 setup = setup_size();
	bool secrets_intact = launch_secrets_intact();

	place_pages();
	memcpy((void *)GUEST_KERNEL, bzimage() + setup, config->kernel_len - setup);
	memcpy((void *)initrd_gpa(), (void *)config->initrd, config->initrd_len);
	place_cc_blob(secrets_intact);
	acpi_place_tables();
	place_cmdline();
	place_boot_params();
	place_page_tables();
}

static void linux_set_regs(struct vcpu *v)
{
	struct vmcb_save *s = &v->cur->vmcb->save;

	s->cs = (struct vmcb_seg){ 0x10, 0xa9b, 0xffffffff, 0 };
	s->ds = (struct vmcb_seg){ 0x18, 0xc93, 0xffffffff, 0 };
	s->es = s->ds;
	s->ss = s->ds;
	s->fs = s->ds;
	s->gs = s->ds;
	s->gdtr = (struct vmcb_seg){ 0, 0, 4 * 8 - 1, GUEST_GDT };
	s->idtr = (struct vmcb_seg){ 0 };
	s->cr0 = CR0_PG | CR0_ET | CR0_PE;
	s->cr4 = CR4_PAE;
	s->cr3 = GUEST_PAGE_TABLES | CBIT_MASK;
	s->efer = EFER_SVME | EFER_LME | EFER_LMA;
	s->rip = GUEST_KERNEL + 0x200;
	v->cur->reg[RSI] = GUEST_BOOT_PARAMS;
}

const struct launch_image linux_image = {
	.name = "linux",
	.check = linux_check,
	.place = linux_place,
	.set_regs = linux_set_regs,
	.vmpl = GUEST_VMPL,
};
