/* SPDX-License-Identifier: GPL-2.0 */
/* What is launched, and launched again after EXECUTE: one interface, one path. */
#ifndef SNPSIM_LAUNCH_H
#define SNPSIM_LAUNCH_H

#include "machine/vcpu.h"

struct launch_image {
	const char *name;
	/* Check the image once; ends the run with a clear line if it cannot be used. */
	void (*check)(void);
	/* Page states and contents of a launch, from pristine copies. */
	void (*place)(void);
	/* Registers in which the boot vCPU starts. */
	void (*set_regs)(struct vcpu *v);
	/* Events about what has been placed, or NULL. */
	void (*report)(void);
	/* The image itself sets up the machine of a new VM (platform.c). */
	bool is_firmware;
	/* The VMPL that it starts at. */
	u32 vmpl;
};

/* The pages through which the SVSM and the guest talk. */
struct launch_pages {
	u64 secrets;
	u64 ca;				/* calling area of the boot vCPU */
};

extern struct launch_pages launch_pages;
extern const struct launch_image linux_image, firmware_image, vmpl0_image;

void launch_init(void);
void launch(struct vcpu *v);
void launch_anew(void);
bool launch_is_new(void);

/* Helpers for images. */
bool launch_secrets_intact(void);
void launch_fill_secrets(bool intact);
void launch_fill_all_secrets(void *page);
void launch_share_ram(void);
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

/* platform.c, acpi.c: what firmware would do before an OS */
void platform_init(void);
void acpi_place_tables(void);
u64 acpi_rsdp(void);

/* parameters.c */
size_t launch_command_line(char *line, size_t size);
/* firmware.c */
void firmware_open_gaps(void);
/* firmware_cfg.c: what firmware finds different in QEMU's fw_cfg */
void firmware_cfg_init(void);
void firmware_cfg_next_boot(void);
const char *firmware_cmdline(u32 *len);
/* kernel_hashes.c */
void kernel_hashes_fill(void);

#endif
