// SPDX-License-Identifier: GPL-2.0
/*
 * Firmware (OVMF) as the launch image: entered at the reset vector, with what its SEV
 * metadata asks for, region by region. The command has read the metadata and has checked
 * it. All other memory is firmware's to validate.
 */
#include "host/host.h"
#include "launch/launch.h"
#include "lib/config.h"
#include "lib/layout.h"
#include "lib/lib.h"
#include "machine/rmp.h"
#include "machine/rom.h"
#include "machine/svm.h"
#include "machine/vcpu.h"

#define FOUR_GIB		BIT_ULL(32)

/* What a launch has made of a region. */
struct placed {
	u64 lost, changed;		/* pages */
	bool kept;
};

static const u8 no_image[PAGE_SIZE] __aligned(8);
static struct placed image_placed, section_placed[MAX_SECTIONS];

static u64 image_gpa(void)
{
	return FOUR_GIB - config->firmware_len;
}

static u64 section_of_type(u32 type)
{
	for (u32 i = 0; i < config->sections; i++)
		if (config->section[i].type == type)
			return config->section[i].gpa;
	hv_panic("the firmware has no section of type %u", type);
}

/* The host converts what lies between the sections. Without sections there is nothing. */
void firmware_open_gaps(void)
{
	u64 low = ~0UL, high = 0;

	for (u32 i = 0; i < config->sections; i++) {
		const struct sev_section *s = &config->section[i];

		if (s->gpa < low)
			low = s->gpa;
		if ((u64)s->gpa + s->size > high)
			high = (u64)s->gpa + s->size;
	}
	host_shares_in(low, high);
}

static void firmware_check(void)
{
	launch_pages.secrets = section_of_type(SECTION_SECRETS);
	launch_pages.ca = section_of_type(SECTION_SVSM_CAA);
	firmware_open_gaps();
	firmware_cfg_init();
}

static bool image_is_kept(void)
{
	return !launch_is_new() && config->image == IMAGE_KEEP;
}

static bool pages_differ(const void *a, const void *b)
{
	const u64 *x = a, *y = b;

	for (u64 i = 0; i < PAGE_SIZE / sizeof(*x); i++)
		if (x[i] != y[i])
			return true;
	return false;
}

/*
 * One page of a region, valid again. A page that the guest has had converted, or has
 * validated anew, holds nothing that belongs there.
 */
static void place_page(u64 gpa, const u8 *contents, struct placed *p)
{
	u64 gfn = gpa >> PAGE_SHIFT;
	bool lost = page_state(gpa) != PAGE_VALID || (page_flags(gpa) & PAGE_GUEST);

	if (!launch_is_new()) {
		p->lost += lost;
		p->changed += pages_differ((void *)gpa, contents);
	}
	if (page_state(gpa) == PAGE_SHARED && page_is_rom(gpa))
		rom_discard(gpa);
	page_set(gfn, PAGE_VALID | PAGE_LAUNCH);
	if (!p->kept || lost)
		memcpy((void *)gpa, contents, PAGE_SIZE);
}

static const char *region_name(u32 type)
{
	switch (type) {
	case SECTION_SEC_MEM:
		return "sec-mem";
	case SECTION_SECRETS:
		return "secrets";
	case SECTION_CPUID:
		return "cpuid";
	case SECTION_SVSM_CAA:
		return "svsm-caa";
	case SECTION_KERNEL_HASHES:
		return "kernel-hashes";
	default:
		return "image";
	}
}

static void event_region(u64 gpa, u64 size, u32 type, const struct placed *p)
{
	event_object_begin(NULL);
	event_str("type", region_name(type));
	event_hex("gpa", gpa);
	event_u64("pages", size >> PAGE_SHIFT);
	event_u64("lost", p->lost);
	event_u64("changed", p->changed);
	event_bool("kept", p->kept);
	event_object_end();
}

static void place_image(void)
{
	struct placed *p = &image_placed;

	*p = (struct placed){ .kept = image_is_kept() };
	for (u64 a = image_gpa(); a < FOUR_GIB; a += PAGE_SIZE)
		place_page(a, rom_pristine(a), p);
}

static void place_section(const struct sev_section *s, struct placed *p, bool secrets_intact)
{
	*p = (struct placed){
		.kept = (s->type == SECTION_SEC_MEM && image_is_kept()) ||
			(s->type == SECTION_SECRETS && secrets_intact),
	};
	for (u64 a = s->gpa; a < (u64)s->gpa + s->size; a += PAGE_SIZE)
		place_page(a, no_image, p);
	if (s->type == SECTION_CPUID)
		fill_cpuid_page((void *)(u64)s->gpa);
	else if (s->type == SECTION_SECRETS)
		launch_fill_secrets(secrets_intact);
	else if (s->type == SECTION_KERNEL_HASHES)
		kernel_hashes_fill();
}

static void event_regions(void)
{
	event_begin("regions");
	event_array_begin("regions");
	event_region(image_gpa(), config->firmware_len, 0, &image_placed);
	for (u32 i = 0; i < config->sections; i++) {
		const struct sev_section *s = &config->section[i];

		event_region(s->gpa, s->size, s->type, &section_placed[i]);
	}
	event_array_end();
	event_end();
}

static void firmware_place(void)
{
	bool secrets_intact = !launch_is_new() && launch_secrets_intact();

	if (launch_is_new())
		launch_share_ram();
	firmware_cfg_next_boot();
	place_image();
	for (u32 i = 0; i < config->sections; i++)
		place_section(&config->section[i], &section_placed[i], secrets_intact);
}

/* As at reset, except the processor's name in EDX. */
static void firmware_set_regs(struct vcpu *v)
{
	u32 r[4];

	guest_cpuid(NULL, 1, 0, r);
	v->cur->reg[RDX] = r[0];
}

const struct launch_image firmware_image = {
	.name = "firmware",
	.check = firmware_check,
	.place = firmware_place,
	.set_regs = firmware_set_regs,
	.report = event_regions,
	.is_firmware = true,
	.vmpl = GUEST_VMPL,
};
