// SPDX-License-Identifier: GPL-2.0
/*
 * What OVMF says of itself in its image: a table that ends 32 bytes before the image does,
 * and is read backwards (edk2, OvmfPkg/ResetVector/Ia16/ResetVectorVtf0.asm). An entry of it
 * says where the sections are that a launch makes for SEV, another one where an SVSM leaves
 * the map of memory (IgvmMetadata.asm). The image is part of the file, and not trusted more
 * than that.
 */
#include "svsm.h"

#define TABLE_END		0x20	/* bytes behind the table */
#define GUID_SIZE		16

/* IGVM metadata */
#define IGVM_PARAMETERS		0x100	/* an area */
#define IGVM_MEMORY_MAP		0x101	/* a place within it */

struct table_entry {			/* behind its data */
	u16 size;			/* with the data */
	u8 guid[GUID_SIZE];
} __packed;

struct metadata {
	char signature[4];
	u32 size, version, count;
	struct firmware_section section[];
} __packed;

static const u8 guid_table[GUID_SIZE] = {	/* 96b582de-1fb2-45f7-baea-a366c55a082d */
	0xde, 0x82, 0xb5, 0x96, 0xb2, 0x1f, 0xf7, 0x45,
	0xba, 0xea, 0xa3, 0x66, 0xc5, 0x5a, 0x08, 0x2d,
};

static const u8 guid_sev[GUID_SIZE] = {		/* dc886566-984a-4798-a75e-5585a7bf67cc */
	0x66, 0x65, 0x88, 0xdc, 0x4a, 0x98, 0x98, 0x47,
	0xa7, 0x5e, 0x55, 0x85, 0xa7, 0xbf, 0x67, 0xcc,
};

static const u8 guid_igvm[GUID_SIZE] = {	/* 784fa70e-3176-4677-8a20-04b68699e374 */
	0x0e, 0xa7, 0x4f, 0x78, 0x76, 0x31, 0x77, 0x46,
	0x8a, 0x20, 0x04, 0xb6, 0x86, 0x99, 0xe3, 0x74,
};

struct firmware firmware;

static const u8 *image_end(void)
{
	return (const u8 *)FIRMWARE_VA + firmware.size;
}

/* The entry that ends at @end, or NULL if what is there is not within the image */
static const struct table_entry *entry_before(const u8 *end)
{
	const struct table_entry *e = (const struct table_entry *)end - 1;

	if ((u64)e < FIRMWARE_VA || e->size < sizeof(*e) || e->size > end - (u8 *)FIRMWARE_VA)
		return NULL;
	return e;
}

static void __noreturn bad_image(const void *where)
{
	svsm_fatal("firmware's image is damaged", (u64)where);
}

/* Is there a table at all? */
static bool has_table(void)
{
	const struct table_entry *e = entry_before(image_end() - TABLE_END);

	return e && !memcmp(e->guid, guid_table, GUID_SIZE);
}

/* The data of an entry of the table, 4 bytes, or NULL if there is none */
static const u32 *find_entry(const u8 *guid)
{
	const u8 *at = image_end() - TABLE_END;
	const struct table_entry *e = entry_before(at);
	const u8 *start = at - e->size;

	for (at = (const u8 *)e; at > start; at -= e->size) {
		e = entry_before(at);
		if (!e || e->size > at - start)
			bad_image(at);
		if (memcmp(e->guid, guid, GUID_SIZE))
			continue;
		if (e->size != sizeof(*e) + sizeof(u32))
			bad_image(e);
		return (const u32 *)(at - e->size);
	}
	return NULL;
}

/* Metadata that an entry of the table points to, or NULL if there is no such entry */
static const struct metadata *find(const u8 *guid, const char *signature)
{
	const u32 *from_end = find_entry(guid);
	const struct metadata *m;

	if (!from_end)
		return NULL;
	m = (const struct metadata *)(image_end() - *from_end);
	if ((u64)m < FIRMWARE_VA || (const u8 *)m > image_end() - sizeof(*m) ||
	    memcmp(m->signature, signature, sizeof(m->signature)) || m->version != 1 ||
	    !m->count || m->count > FIRMWARE_SECTIONS ||
	    (const u8 *)&m->section[m->count] > image_end())
		bad_image(m);
	return m;
}

/* Whole pages of the guest's memory, none of them this program's */
static void take_section(const struct firmware_section *s)
{
	if ((s->gpa | s->size) & ~PAGE_MASK || !s->size)
		svsm_fatal("firmware wants a section that is not whole pages", s->gpa);
	for (u64 pa = s->gpa; pa < (u64)s->gpa + s->size; pa += PAGE_SIZE)
		if (!page_is_ram(pa))
			svsm_fatal("firmware wants a section where the guest has no memory", pa);
	if (s->type == FIRMWARE_CAA)
		firmware.ca = s->gpa;
	firmware.section[firmware.sections++] = *s;
}

/* Where the map of memory goes: a place within the area for parameters */
static void take_map(const struct metadata *m)
{
	const struct firmware_section *area = NULL;

	for (u32 i = 0; i < m->count; i++) {
		const struct firmware_section *s = &m->section[i];

		if (s->type == IGVM_PARAMETERS)
			area = s;
		if (s->type != IGVM_MEMORY_MAP)
			continue;
		if (!area || s->gpa > area->size || s->size > area->size - s->gpa)
			bad_image(s);
		firmware.map = (u64)area->gpa + s->gpa;
		firmware.map_size = s->size;
	}
}

/* The launch has made the place for it. */
static bool map_is_in_a_section(void)
{
	for (u32 i = 0; i < firmware.sections; i++) {
		const struct firmware_section *s = &firmware.section[i];

		if (s->type == FIRMWARE_MEMORY && firmware.map >= s->gpa &&
		    firmware.map + firmware.map_size <= (u64)s->gpa + s->size)
			return true;
	}
	return false;
}

/*
 * Map the image that the file has at the end of the first 4 GiB. Returns false if it is no
 * OVMF. One that does not read a map of memory would take this program's memory for its own.
 */
bool firmware_find(u64 base)
{
	const struct metadata *sev, *igvm;

	firmware = (struct firmware){ .base = base, .size = FOUR_GIB - base };
	for (u64 at = 0; at < firmware.size; at += PAGE_SIZE)
		map_page(FIRMWARE_VA + at, base + at);
	if (!has_table())
		return false;
	sev = find(guid_sev, "ASEV");
	if (!sev)
		svsm_fatal("firmware cannot be an SNP guest's", base);
	for (u32 i = 0; i < sev->count; i++)
		take_section(&sev->section[i]);
	igvm = find(guid_igvm, "IGVM");
	if (igvm)
		take_map(igvm);
	if (!firmware.ca || !firmware.map)
		svsm_fatal("firmware has no calling area, or takes no map of memory", base);
	if (!map_is_in_a_section())
		svsm_fatal("firmware wants the map of memory outside of its sections",
			   firmware.map);
	return true;
}
