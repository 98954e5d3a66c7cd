// SPDX-License-Identifier: GPL-2.0
/*
 * The draft Reboot protocol: EXECUTE stops the other vCPUs, invalidates what the guest has
 * validated, and starts the guest again on the vCPU that calls. Devices and local APICs stay
 * as they are.
 */
#include "svsm.h"

#define REBOOT_EXECUTE	0

/*
 * No vCPU may run while its memory goes. Those that still do are stopped here; a host that
 * does not let one be stopped is busy, and nothing has been invalidated.
 */
static u64 execute(struct call *c)
{
	bool by_boot_vcpu = c->g->boot;
	u32 stopped = 0, boot;
	u64 pages;

	if (c->v->rcx)
		return SVSM_INVALID_PARAMETER;
	/* Firmware knows one BSP, which its tables and the local APIC name. */
	if (svsm_has_firmware() && !by_boot_vcpu)
		return SVSM_INVALID_REQUEST;
	if (guest_remove_others(c->g, &stopped))
		return SVSM_BUSY;
	if (guest_remove(c->g))
		svsm_fatal("the calling vCPU is in use", this_cpu()->index);
	deposit_forget();
	pages = pages_take_back();
	boot = svsm_launch(by_boot_vcpu);
	c->restarted = true;
	say("minisvsm: CPU %u restarts the guest: %u vCPUs stopped, %lu pages invalidated, boot %u",
	    this_cpu()->index, stopped + 1, pages, boot);
	return SVSM_SUCCESS;
}

u64 reboot_call(struct call *c)
{
	return c->number == REBOOT_EXECUTE ? execute(c) : SVSM_UNSUPPORTED_CALL;
}
