// SPDX-License-Identifier: GPL-2.0
/* Launch, and launch again: the same code, whatever the image is. */
#include "host/host.h"
#include "launch/launch.h"
#include "lib/config.h"
#include "lib/layout.h"
#include "lib/lib.h"
#include "machine/apic.h"
#include "machine/iommu.h"
#include "machine/npt.h"
#include "machine/rmp.h"
#include "machine/rom.h"
#include "machine/run_end.h"
#include "machine/secrets.h"
#include "machine/svm.h"
#include "machine/vcpu.h"
#include "psp/psp.h"
#include "svsm/svsm.h"

#define FOUR_GIB		BIT_ULL(32)
#define VGA_HOLE		0xa0000UL
#define ONE_MIB			0x100000UL

static bool new_vm = true;
static const struct launch_image *image = &linux_image;
struct launch_pages launch_pages = { GUEST_SECRETS_PAGE, GUEST_CA_PAGE };

void launch_init(void)
{
	if (config->firmware_len)
		image = &firmware_image;
	else if (vmpl0_is_guest())
		image = &vmpl0_image;
	image->check();
	report_secrets_at(launch_pages.secrets);
}

/* Make the next launch that of a new VM, not of one that the SVSM has reset. */
void launch_anew(void)
{
	new_vm = true;
}

bool launch_is_new(void)
{
	return new_vm;
}

/* Give the guest the keys of a VMPL and of those below. */
static void make_secrets(u8 *s, u32 vmpl)
{
	*(u32 *)s = SECRETS_VERSION;
	for (u32 i = vmpl; i < PSP_VMPCKS; i++)
		memcpy(s + SECRETS_VMPCK + i * PSP_KEY_SIZE, psp_key(i), PSP_KEY_SIZE);
}

/* Call before the launch sets page states. */
bool launch_secrets_intact(void)
{
	return page_state(launch_pages.secrets) == PAGE_VALID &&
	       !(page_flags(launch_pages.secrets) & PAGE_GUEST);
}

/*
 * The launch validates the secrets page, not the guest, so a reset changes only the SVSM's
 * own fields. It writes the whole page if the guest has had it converted, or if the SVSM
 * is one that restores it.
 */
void launch_fill_secrets(bool intact)
{
	static u8 pristine[PAGE_SIZE];
	u8 *s = (u8 *)launch_pages.secrets;

	if (new_vm) {
		psp_launch();
		memset(pristine, 0, PAGE_SIZE);
		make_secrets(pristine, GUEST_VMPL);
	}
	if (new_vm || !intact || config->secrets == SECRETS_PRISTINE)
		memcpy(s, pristine, PAGE_SIZE);
	*(u64 *)(s + SECRETS_SVSM_BASE) = HV_BASE;
	*(u64 *)(s + SECRETS_SVSM_SIZE) = HV_SIZE;
	*(u64 *)(s + SECRETS_SVSM_CAA) = launch_pages.ca;
	*(u32 *)(s + SECRETS_SVSM_VERSION) = 1;
	s[SECRETS_SVSM_VMPL] = GUEST_VMPL;
}

/* The secrets page of a program at VMPL 0, which gives the guest what it should have. */
void launch_fill_all_secrets(void *page)
{
	if (new_vm)
		psp_launch();
	memset(page, 0, PAGE_SIZE);
	make_secrets(page, 0);
}

static void share(u64 start, u64 end)
{
	for (u64 a = start; a < end; a += PAGE_SIZE)
		page_set(a >> PAGE_SHIFT, PAGE_SHARED);
}

/* What QEMU gives to a new VM: nothing of it is the guest's yet. */
void launch_share_ram(void)
{
	rom_restore();
	share(0, VGA_HOLE);
	share(ONE_MIB, ram_low_top());
	share(FOUR_GIB, ram_high_top());
}

/* Fidelity full-once: what comes after the first reset is strict. */
static void end_full(void)
{
	struct sim_config *c = (struct sim_config *)HV_CONFIG;

	c->fidelity = FIDELITY_STRICT;
	npt_map_mmio();
}

void launch(struct vcpu *v)
{
	lock(&sim_lock);
	boot_count++;
	event_set_boot(boot_count);
	if (boot_count == 2 && config->fidelity == FIDELITY_FULL_ONCE)
		end_full();
	if (v->power_on) {
		vcpu_power_on(v);
		ioapic_reset();
		if (!image->is_firmware)
			platform_init();
	} else if (v->state == VCPU_DESTROYED) {
		/* Not the vCPU that called EXECUTE: the SVSM has the host create it. */
		host_vcpu_reset(v);
	}
	image->place();
	/* Devices must forget what was shared until now. */
	iommu_sync();
	new_vm = false;
	v->cur = &v->ctx[image->vmpl];
	vcpu_reset(v);
	v->cur->ghcb_msr = 0;
	v->cur->ghcb_gpa = 0;
	v->cur->ghcb_before = 0;
	v->stop = 0;
	v->init_is_lawful = false;
	v->start = 0;
	v->frozen = 0;
	svsm_init_launch(v, launch_pages.ca);
	image->set_regs(v);
	vcpu_set_state(v, VCPU_RUNNING);
	event_begin("boot");
	event_u64("cpu", v->index);
	event_u64("apic_id", v->apic_id);
	event_bool("bsp", my_apic_is_bsp());
	event_str("image", image->name);
	event_end();
	if (image->report)
		image->report();
	unlock(&sim_lock);
}
