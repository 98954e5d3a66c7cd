// SPDX-License-Identifier: GPL-2.0
/*
 * A program at VMPL 0 as the launch image, in place of the built-in SVSM: the pages of an
 * IGVM file, and the VMSA in which the boot CPU starts.
 */
#include "host/host.h"
#include "launch/launch.h"
#include "lib/config.h"
#include "lib/launch_list.h"
#include "lib/layout.h"
#include "lib/lib.h"
#include "machine/rmp.h"
#include "machine/rom.h"
#include "machine/vapic.h"
#include "machine/vcpu.h"
#include "machine/vmsa.h"

static const struct launch_list *const list = (const struct launch_list *)HV_IMAGES;
static const struct launch_range *vmsa;

static const void *contents(const struct launch_range *r)
{
	return (const u8 *)list + r->offset;
}

static void vmpl0_check(void)
{
	if (list->magic != LAUNCH_LIST_MAGIC || list->size > config->launch_list_len ||
	    list->size > HV_LIST_ROM - HV_IMAGES)
		hv_panic("no list for a launch at VMPL 0");
	for (u32 i = 0; i < list->ranges; i++) {
		const struct launch_range *r = &list->range[i];

		if (r->kind == LAUNCH_VMSA)
			vmsa = r;
		else if (r->kind == LAUNCH_SECRETS)
			launch_pages.secrets = r->gpa;
	}
	if (!vmsa || !vmsa->offset)
		hv_panic("the list for a launch at VMPL 0 has no VMSA");
	firmware_open_gaps();
	if (rom_is_there())
		firmware_cfg_init();
}

/* A page of the image is valid from here on, for VMPL 0 alone. */
static void place_page(const struct launch_range *r, u64 gpa, const void *from)
{
	void *to = (void *)gpa;

	if (r->kind != LAUNCH_SHARED)
		page_set(gpa >> PAGE_SHIFT,
			 r->kind == LAUNCH_REQUIRED ? PAGE_PRIVATE : PAGE_VALID | PAGE_LAUNCH);
	if (r->kind == LAUNCH_REQUIRED)
		page_poison(gpa >> PAGE_SHIFT);
	else if (from)
		memcpy(to, from, PAGE_SIZE);
	else
		memset(to, 0, PAGE_SIZE);
	if (r->kind == LAUNCH_CPUID)
		answer_cpuid_page(to);
	else if (r->kind == LAUNCH_SECRETS)
		launch_fill_all_secrets(to);
}

static void vmpl0_place(void)
{
	launch_share_ram();
	for (u32 i = 0; i < list->ranges; i++) {
		const struct launch_range *r = &list->range[i];

		if (r->kind == LAUNCH_VMSA)
			continue;
		for (u64 n = 0; n < r->pages; n++) {
			u64 gpa = r->gpa + (n << PAGE_SHIFT);

			if (!page_is_ram(gpa) && !page_is_rom(gpa))
				hv_panic("a launch at VMPL 0 wants memory at %lx", gpa);
			place_page(r, gpa, r->offset ? contents(r) + (n << PAGE_SHIFT) : NULL);
		}
	}
}

static void vmpl0_set_regs(struct vcpu *v)
{
	vcpu_load(v, v->cur, contents(vmsa), vmsa->gpa);
	vapic_reset(v);
}

const struct launch_image vmpl0_image = {
	.name = "vmpl0",
	.check = vmpl0_check,
	.place = vmpl0_place,
	.set_regs = vmpl0_set_regs,
	.vmpl = 0,
};
