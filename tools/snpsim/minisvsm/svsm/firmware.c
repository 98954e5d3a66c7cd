// SPDX-License-Identifier: GPL-2.0
/*
 * Firmware as it is launched: entered at the reset vector, with the sections that it asks for
 * and its image as the file has it. All other memory is firmware's to make private and to
 * validate.
 */
#include "svsm.h"

#define RESET_RIP	0xfff0
#define RESET_CS	0xf000
#define RESET_CS_BASE	0xffff0000UL
#define RESET_CR0	0x60000010UL	/* CD, NW, ET */
#define CR4_MCE		BIT(6)

static const u8 *copy;			/* of the image */
static bool started;

/* The image is kept where firmware does not get at it: at the end of the memory below 4 GiB. */
void firmware_load(void)
{
	u64 base = (memory_low_top() - firmware.size) & HUGE_MASK;

	if (base < own.info.base + own.info.size)
		svsm_fatal("there is no room for a copy of firmware", base);
	memory_reserve(base, memory_low_top());
	memcpy(private(base), (void *)FIRMWARE_VA, firmware.size);
	copy = private(base);
	firmware.copy = base;
	own_give_back();
}

/* What the guest has written to its secrets page stays, as long as it was never given up. */
static void place_section(const struct firmware_section *s)
{
	if (s->type == FIRMWARE_SECRETS && page_record(s->gpa) == PAGE_BY_LAUNCH) {
		secrets_place(s->gpa, firmware.ca);
		return;
	}
	pages_launch(s->gpa, (u64)s->gpa + s->size);
	if (s->type == FIRMWARE_SECRETS)
		secrets_place(s->gpa, firmware.ca);
	else if (s->type == FIRMWARE_CPUID)
		cpuid_place(s->gpa);
}

/*
 * The host may have made a page of the image shared: firmware reads its variables there as from
 * a flash chip. Such a page, too, is what it was at first.
 */
static void place_image(void)
{
	bool changed;

	if (started)
		pages_psc(firmware.base, FOUR_GIB, PSC_PRIVATE);
	for (u64 at = 0; at < firmware.size; at += PAGE_SIZE) {
		u32 rc = pvalidate(FIRMWARE_VA + at, false, true, &changed);

		if (rc)
			svsm_fatal("a page of firmware cannot be validated", rc);
		page_rights(FIRMWARE_VA + at, false, RIGHTS_ALL);
	}
	memcpy((void *)FIRMWARE_VA, copy, firmware.size);
}

static void add(struct memory_map_entry **e, u64 start, u64 end)
{
	const struct memory_map_entry *limit =
		(const struct memory_map_entry *)((u8 *)private(firmware.map) + firmware.map_size);

	if (start >= end)
		return;
	if (*e >= limit - 1)
		svsm_fatal("firmware has no room for the map of memory", firmware.map_size);
	*(*e)++ = (struct memory_map_entry){
		.first = start >> PAGE_SHIFT, .pages = (end - start) >> PAGE_SHIFT,
	};
}

/* The guest's memory, without this program's own; the pages behind the last entry are zero. */
static void place_map(void)
{
	struct memory_map_entry *e = private(firmware.map);

	add(&e, 0, own.info.base);
	add(&e, own.info.base + own.info.size, firmware.copy);
	add(&e, FOUR_GIB, memory_top());
}

void firmware_place(void)
{
	for (u32 i = 0; i < firmware.sections; i++)
		place_section(&firmware.section[i]);
	place_map();
	place_image();
	started = true;
}

/* As at reset */
void firmware_vmsa(struct vmsa *v)
{
	struct vmsa_seg data = { .attrib = 0x93, .limit = 0xffff };
	u32 eax = 1, ebx, ecx = 0, edx;

	vmsa_flat(v, RESET_RIP);
	v->cs = (struct vmsa_seg){ RESET_CS, 0x9b, 0xffff, RESET_CS_BASE };
	v->ds = data;
	v->es = data;
	v->fs = data;
	v->gs = data;
	v->ss = data;
	v->gdtr.limit = 0xffff;
	v->idtr.limit = 0xffff;
	v->efer = EFER_SVME;
	v->cr0 = RESET_CR0;
	v->cr4 = CR4_MCE;
	v->x87_fcw = 0x40;
	v->x87_ftw = 0x5555;
	v->sev_features = SEV_FEATURE_SNP;
	asm volatile("cpuid" : "+a"(eax), "=b"(ebx), "+c"(ecx), "=d"(edx));
	v->rdx = eax;
}
