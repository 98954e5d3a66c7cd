// SPDX-License-Identifier: GPL-2.0
/*
 * ACPI tables. QEMU has them as files, and a script that says where firmware puts them and
 * which pointers and checksums it fills in (QEMU, hw/acpi/bios-linker-loader.c).
 */
#include "svsm.h"

#define NAME		56
#define MAX_FILES	8
#define SCRIPT_ROOM	8192

enum command { ALLOCATE = 1, ADD_POINTER = 2, ADD_CHECKSUM = 3 };

struct step {
	u32 command;
	char file[NAME];		/* the one that is changed, or allocated */
	union {
		u32 align;
		struct {
			char target[NAME];
			u32 offset;
			u8 size;
		} __packed pointer;
		struct {
			u32 offset, start, length;
		} __packed sum;
		u8 rest[68];
	};
} __packed;

static_assert(sizeof(struct step) == 128, "a step of the script");

static struct file {
	const char *name;
	u64 offset, size;
} files[MAX_FILES];

static unsigned int n_files;
static u64 used;

static struct file *find(const char *name)
{
	for (unsigned int i = 0; i < n_files; i++)
		if (!strncmp(files[i].name, name, NAME))
			return &files[i];
	svsm_fatal("the ACPI script names a file that it has not allocated", n_files);
}

static void allocate(u8 *area, u64 room, const struct step *s)
{
	u64 align = s->align ? s->align : 1, offset = (used + align - 1) & ~(align - 1);
	u32 size;
	u16 selector = fwcfg_find(s->file, &size);

	if (!selector || n_files == MAX_FILES || offset > room || size > room - offset ||
	    !fwcfg_fetch(selector, area + offset, size, BOUNCE, BOUNCE_SIZE))
		svsm_fatal("a file of ACPI tables", size);
	files[n_files++] = (struct file){ s->file, offset, size };
	used = offset + size;
}

static void add_pointer(u8 *area, u64 at, const struct step *s)
{
	const struct file *f = find(s->file);
	u32 offset = s->pointer.offset, size = s->pointer.size;
	u64 value = 0;

	if (size > sizeof(value) || offset > f->size || size > f->size - offset)
		svsm_fatal("a pointer outside of its ACPI file", offset);
	memcpy(&value, area + f->offset + offset, size);
	value += at + find(s->pointer.target)->offset;
	memcpy(area + f->offset + offset, &value, size);
}

static void add_checksum(u8 *area, const struct step *s)
{
	const struct file *f = find(s->file);
	u8 *bytes = area + f->offset, sum = 0;

	if (s->sum.offset >= f->size || s->sum.start > f->size ||
	    s->sum.length > f->size - s->sum.start)
		svsm_fatal("a checksum outside of its ACPI file", s->sum.offset);
	for (u32 i = 0; i < s->sum.length; i++)
		sum += bytes[s->sum.start + i];
	bytes[s->sum.offset] -= sum;
}

/* Link the tables in `area`, for a copy that will be at `at`. */
void acpi_link(u8 *area, u64 at, u64 room, u64 *rsdp)
{
	static u8 script[SCRIPT_ROOM] __aligned(8);
	u32 size;
	u16 selector = fwcfg_find("etc/table-loader", &size);

	if (!selector || size > SCRIPT_ROOM ||
	    !fwcfg_fetch(selector, script, size, BOUNCE, BOUNCE_SIZE))
		svsm_fatal("no script for ACPI tables", size);
	for (u32 i = 0; i < size / sizeof(struct step); i++) {
		const struct step *s = (const struct step *)script + i;

		if (s->command == ALLOCATE)
			allocate(area, room, s);
		else if (s->command == ADD_POINTER)
			add_pointer(area, at, s);
		else if (s->command == ADD_CHECKSUM)
			add_checksum(area, s);
	}
	*rsdp = at + find("etc/acpi/rsdp")->offset;
}
