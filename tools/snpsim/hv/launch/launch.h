/* SPDX-License-Identifier: GPL-2.0 */
/* What is launched, and launched again after EXECUTE: one interface, one path. */
#ifndef SNPSIM_LAUNCH_H
#define SNPSIM_LAUNCH_H

#include "machine/vcpu.h"

struct launch_image {
	const char *name;
	/* Check the image once; ends the run with a clear line if it is no good. */
	void (*check)(void);
	/* Page states and contents of a launch, from pristine copies. */
	void (*place)(void);
	/* Registers in which the boot vCPU starts. */
	void (*set_regs)(struct vcpu *v);
};

extern const struct launch_image linux_image;

void launch_init(void);
void launch(struct vcpu *v);
void launch_anew(void);
bool launch_is_new(void);

/* Helpers for images. */
void launch_fill_secrets(void *page, bool intact);
u64 initrd_gpa(void);
bool unit_is_launched(u64 unit);
void linux_build_efi(u8 *boot_params);
void linux_memory_map(void);

/* Types of the EFI memory map (UEFI 2.10, 7.2). */
enum efi_memory {
	EFI_RESERVED = 0, EFI_RUNTIME_CODE = 5, EFI_RUNTIME_DATA = 6, EFI_CONVENTIONAL = 7,
	EFI_ACPI_RECLAIM = 9,
};

struct mem_range {
	u64 start, end;
	enum efi_memory type;
};

extern struct mem_range mem_map[];
extern int mem_map_len;

/* platform.c, acpi.c, fwcfg.c: what firmware would do before an OS */
void platform_init(void);
void acpi_place_tables(void);
u64 acpi_rsdp(void);
u32 fwcfg_find(const char *name, u16 *selector);
void fwcfg_read(u16 selector, void *buf, u32 len);

#endif
