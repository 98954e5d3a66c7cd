// SPDX-License-Identifier: GPL-2.0
/*
 * The draft Reboot protocol, call 0 EXECUTE: RCX = flags, all reserved. It stops the APs,
 * drops their VMSAs, invalidates what the guest has validated and starts the launch image
 * again, on the calling vCPU or on the boot vCPU. It touches neither devices nor local
 * APICs.
 */
#include "lib/config.h"
#include "lib/lib.h"
#include "machine/apic.h"
#include "machine/rmp.h"
#include "machine/run_end.h"
#include "machine/vcpu.h"
#include "svsm/svsm.h"

#define REBOOT_EXECUTE		0

static bool executing;
static const struct svsm_watcher *watcher;

void svsm_watch(const struct svsm_watcher *w)
{
	watcher = w;
}

static void event_aps(const struct vcpu *self)
{
	u64 now = now_ns();

	event_array_begin("aps");
	for (u32 i = 0; i < config->cpus; i++) {
		const struct vcpu *v = &vcpus[i];

		if (v == self || v->state == VCPU_OFF)
			continue;
		event_object_begin(NULL);
		event_u64("cpu", i);
		event_u64("apic_id", v->apic_id);
		event_str("state", vcpu_state_name(v->state));
		event_bool("runnable", vcpu_runnable(v));
		event_bool("nmi_masked", vcpu_guest(v)->nmi_blocked);
		event_u64("since_ns", now - v->state_since);
		event_object_end();
	}
	event_array_end();
}

static void event_execute(struct svsm_call *c, u64 result)
{
	event_begin("execute");
	event_u64("cpu", c->v->index);
	event_u64("apic_id", c->v->apic_id);
	event_bool("bsp", my_apic_is_bsp());
	event_hex("flags", c->guest->reg[RCX]);
	event_hex("result", result);
	event_aps(c->v);
	vmsa_event_list();
	event_left(c->v, watcher, !result);
	event_end();
}

static void invalidate(u64 n_vmsas)
{
	u64 pages = 0, shared = 0;

	for (u64 g = 0; g < rmp_pages(); g++) {
		if ((rmp[g] & PAGE_STATE) == PAGE_SHARED) {
			rmp[g] &= ~PAGE_GUEST;
			shared++;
		}
		if ((rmp[g] & PAGE_STATE) != PAGE_VALID || !(rmp[g] & PAGE_GUEST))
			continue;
		page_set(g, PAGE_PRIVATE | (rmp[g] & PAGE_LAUNCH));
		pages++;
	}
	event_begin("invalidate");
	event_u64("pages", pages);
	event_u64("vmsas", n_vmsas);
	event_u64("shared", shared);
	event_end();
}

/* No AP may be able to run while memory is invalidated. */
static void check_aps(struct vcpu *self)
{
	struct violation what = { .kind = "ap-running" };

	for (u32 i = 0; i < config->cpus; i++) {
		struct vcpu *v = &vcpus[i];

		if (v == self || !vcpu_runnable(v))
			continue;
		what.ap = i;
		report_violation(v, &what);
	}
}

static u64 execute(struct svsm_call *c)
{
	struct vcpu *boot = vcpu_by_apic(0), *next = c->v;
	u64 result;

	if (config->ap_execute == AP_EXECUTE_BSP)
		next = boot;
	if (c->guest->reg[RCX])
		result = SVSM_ERR_INVALID_PARAMETER;
	else if (config->ap_execute == AP_EXECUTE_REFUSE && c->v != boot)
		result = SVSM_ERR_INVALID_REQUEST;
	else if (executing)
		result = SVSM_ERR_BUSY;
	else
		result = svsm_execute_result();
	if (result) {
		event_execute(c, result);
		return result;
	}
	executing = true;
	vcpu_freeze_others(c->v);
	watcher->frozen(c->v);
	event_execute(c, result);
	check_aps(c->v);
	for (u32 i = 0; i < config->cpus; i++)
		if (&vcpus[i] != c->v)
			vcpu_stop(&vcpus[i]);
	vcpu_thaw_all();
	mem_return_all();
	invalidate(vmsa_drop_all());
	report_switches();
	/* The caller's VMSA is gone. It waits until the next guest makes one and starts it. */
	if (next != c->v)
		vcpu_stop(c->v);
	vcpu_relaunch(next);
	executing = false;
	return SVSM_SUCCESS;
}

u64 reboot_call(struct svsm_call *c)
{
	if (c->call != REBOOT_EXECUTE)
		return SVSM_ERR_UNSUPPORTED_CALL;
	return execute(c);
}
