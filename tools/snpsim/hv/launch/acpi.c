// SPDX-License-Identifier: GPL-2.0
/*
 * ACPI tables. QEMU makes them, with a script that tells firmware where to put them and
 * how to link them (QEMU docs/specs/acpi_*, hw/acpi/bios-linker-loader.c). They are linked
 * once, and copied into guest memory at each launch.
 */
#include "launch/launch.h"
#include "lib/layout.h"
#include "lib/lib.h"
#include "machine/fwcfg.h"
#include "machine/iommu.h"
#include "machine/rmp.h"

#define CMD_ALLOCATE		1
#define CMD_ADD_POINTER		2
#define CMD_ADD_CHECKSUM	3
#define NAME_SIZE		56
#define MAX_FILES		8

struct loader_entry {
	u32 command;
	union {
		struct {
			char file[NAME_SIZE];
			u32 align;
			u8 zone;
		} __packed alloc;
		struct {
			char dest[NAME_SIZE], src[NAME_SIZE];
			u32 offset;
			u8 size;
		} __packed pointer;
		struct {
			char file[NAME_SIZE];
			u32 offset, start, length;
		} __packed checksum;
		u8 pad[124];
	};
} __packed;

struct acpi_file {
	char name[NAME_SIZE];
	u32 offset, size;		/* in the area */
};

static u8 *area;			/* linked tables, for area_gpa */
static u64 area_gpa, area_used, rsdp;
static struct acpi_file files[MAX_FILES];
static int n_files;

u64 acpi_rsdp(void)
{
	return rsdp;
}

static struct acpi_file *find_file(const char *name)
{
	for (int i = 0; i < n_files; i++)
		if (!strcmp(files[i].name, name))
			return &files[i];
	hv_panic("ACPI loader: no file '%s'", name);
}

static void allocate(struct loader_entry *e)
{
	struct acpi_file *f = &files[n_files];
	u32 align = e->alloc.align ? e->alloc.align : 1;
	u16 selector;

	e->alloc.file[NAME_SIZE - 1] = 0;
	if (n_files == MAX_FILES)
		hv_panic("ACPI loader: too many files");
	copy_string(f->name, e->alloc.file, NAME_SIZE);
	f->size = fwcfg_find(f->name, &selector);
	f->offset = align_up(area_used, align);
	if (!f->size || f->offset + f->size > GUEST_ACPI_SIZE)
		hv_panic("ACPI loader: '%s' does not fit", f->name);
	fwcfg_read(selector, area + f->offset, f->size);
	area_used = f->offset + f->size;
	n_files++;
	if (!strcmp(f->name, "etc/acpi/rsdp"))
		rsdp = area_gpa + f->offset;
}

static void add_pointer(struct loader_entry *e)
{
	struct acpi_file *dest, *src;
	u64 v = 0;

	e->pointer.dest[NAME_SIZE - 1] = 0;
	e->pointer.src[NAME_SIZE - 1] = 0;
	dest = find_file(e->pointer.dest);
	src = find_file(e->pointer.src);
	if (e->pointer.size > 8 || e->pointer.offset + e->pointer.size > dest->size)
		hv_panic("ACPI loader: pointer outside of '%s'", dest->name);
	memcpy(&v, area + dest->offset + e->pointer.offset, e->pointer.size);
	v += area_gpa + src->offset;
	memcpy(area + dest->offset + e->pointer.offset, &v, e->pointer.size);
}

static void add_checksum(struct loader_entry *e)
{
	struct acpi_file *f;
	u8 sum = 0;

	e->checksum.file[NAME_SIZE - 1] = 0;
	f = find_file(e->checksum.file);
	if ((u64)e->checksum.start + e->checksum.length > f->size || e->checksum.offset >= f->size)
		hv_panic("ACPI loader: checksum outside of '%s'", f->name);
	for (u32 i = 0; i < e->checksum.length; i++)
		sum += area[f->offset + e->checksum.start + i];
	area[f->offset + e->checksum.offset] -= sum;
}

static void link_tables(void)
{
	struct loader_entry *script;
	u16 selector;
	u32 size;

	area = alloc_pages(GUEST_ACPI_SIZE >> PAGE_SHIFT);
	area_gpa = ram_low_top() - GUEST_ACPI_SIZE;
	size = fwcfg_find("etc/table-loader", &selector);
	if (!size)
		hv_panic("QEMU offers no ACPI tables");
	script = alloc_pages((size + PAGE_SIZE - 1) >> PAGE_SHIFT);
	fwcfg_read(selector, script, size);
	for (u32 i = 0; i < size / sizeof(*script); i++) {
		switch (script[i].command) {
		case CMD_ALLOCATE:
			allocate(&script[i]);
			break;
		case CMD_ADD_POINTER:
			add_pointer(&script[i]);
			break;
		case CMD_ADD_CHECKSUM:
			add_checksum(&script[i]);
			break;
		}
	}
	if (!rsdp)
		hv_panic("QEMU offers no RSDP");
	iommu_hide(area, area_used);
}

void acpi_place_tables(void)
{
	if (!area)
		link_tables();
	memcpy((void *)area_gpa, area, GUEST_ACPI_SIZE);
}
