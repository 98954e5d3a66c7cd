// SPDX-License-Identifier: GPL-2.0
/*
 * What is launched: a kernel, an initial ram disk, a command line and ACPI tables, from
 * QEMU's fw_cfg. They are read once and kept, so that a guest that starts again is the same
 * one. Nobody has measured them: the launch digest says which program this is, no more.
 */
#include "svsm.h"

/* Selectors of items (QEMU include/standard-headers/linux/qemu_fw_cfg.h) */
#define KERNEL_SIZE	0x08
#define INITRD_SIZE	0x0b
#define KERNEL_DATA	0x11
#define INITRD_DATA	0x12
#define CMDLINE_SIZE	0x14
#define CMDLINE_DATA	0x15
#define SETUP_SIZE	0x17
#define SETUP_DATA	0x18

struct image image;

static void fetch(u16 selector, void *to, u64 size)
{
	if (size && !fwcfg_fetch(selector, to, size, BOUNCE, BOUNCE_SIZE))
		svsm_fatal("fw_cfg does not give an item", selector);
}

static u64 page_up(u64 n)
{
	return (n + PAGE_SIZE - 1) & PAGE_MASK;
}

static void read_cmdline(void)
{
	u32 size = fwcfg_number(CMDLINE_SIZE);

	if (size > sizeof(image.cmdline) - 1)
		svsm_fatal("the command line is too long", size);
	fetch(CMDLINE_DATA, image.cmdline, size);
	image.cmdline[size] = 0;
}

/* Everything goes to the top of the memory below 4 GiB, which the guest then has not. */
void image_load(void)
{
	u64 setup_size = fwcfg_number(SETUP_SIZE), kernel_size = fwcfg_number(KERNEL_SIZE);
	u64 initrd_size = fwcfg_number(INITRD_SIZE), top = memory_low_top(), size, base;
	u8 *at;

	size = page_up(setup_size) + page_up(kernel_size) + page_up(initrd_size) + ACPI_SIZE;
	base = (top - size) & HUGE_MASK;
	if (setup_size < PAGE_SIZE / 4 || size > top / 2)
		svsm_fatal("no kernel that could be launched", setup_size);
	pages_psc(BOUNCE, BOUNCE + BOUNCE_SIZE, PSC_SHARED);
	memory_reserve(base, top);
	at = private(base);
	image.setup = at;
	fetch(SETUP_DATA, at, setup_size);
	image.kernel = at += page_up(setup_size);
	fetch(KERNEL_DATA, at, kernel_size);
	image.initrd = at += page_up(kernel_size);
	fetch(INITRD_DATA, at, initrd_size);
	image.setup_size = setup_size;
	image.kernel_size = kernel_size;
	image.initrd_size = initrd_size;
	image.acpi = at + page_up(initrd_size);
	image.acpi_at = base - ACPI_SIZE;
	acpi_link(image.acpi, image.acpi_at, ACPI_SIZE, &image.rsdp);
	read_cmdline();
}
