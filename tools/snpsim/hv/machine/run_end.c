// SPDX-License-Identifier: GPL-2.0
/* How a run ends. Each end is an event, and the CLI turns it into its exit status. */
#include "lib/config.h"
#include "lib/layout.h"
#include "lib/lib.h"
#include "machine/debugger.h"
#include "machine/fuzz.h"
#include "machine/run_end.h"
#include "machine/secrets.h"
#include "machine/vcpu.h"

static const char *const kind_names[KIND_COUNT] = {
	[KIND_CPUID] = "cpuid", [KIND_MSR] = "msr", [KIND_IOIO] = "ioio", [KIND_HLT] = "hlt",
	[KIND_NPF] = "npf", [KIND_VC] = "vc", [KIND_GHCB_MSR] = "ghcb-msr",
	[KIND_GHCB_PAGE] = "ghcb-page", [KIND_SVSM] = "svsm", [KIND_NMI] = "nmi",
	[KIND_SHOOTDOWN] = "shootdown", [KIND_UD] = "ud", [KIND_CR] = "cr", [KIND_OTHER] = "other",
	[KIND_PVALIDATE] = "pvalidate", [KIND_RMPADJUST] = "rmpadjust", [KIND_INVLPGB] = "invlpgb",
};

static void (*more_switches)(void);

/* Let a folder above this one add keys to the event. */
void report_switches_with(void (*event)(void))
{
	more_switches = event;
}

/* Report the world switches of this boot, and restart the counts at 0. */
void report_switches(void)
{
	u64 vmruns = 0, sum[KIND_COUNT] = { 0 };

	for (u32 i = 0; i < config->cpus; i++) {
		vmruns += vcpus[i].vmruns;
		for (int k = 0; k < KIND_COUNT; k++)
			sum[k] += vcpus[i].kinds[k];
	}
	vcpu_count_reset();
	fuzz_report_times();
	event_begin("switches");
	event_u64("vmrun", vmruns);
	event_object_begin("kinds");
	for (int k = 0; k < KIND_COUNT; k++)
		event_u64(kind_names[k], sum[k]);
	event_object_end();
	if (more_switches)
		more_switches();
	event_end();
}

/* The event of what has ended the run has been written. */
void report_end(void)
{
	debugger_before_end();
	report_switches();
	hv_exit();
}

void report_violation(struct vcpu *v, const struct violation *what)
{
	event_begin("violation");
	event_str("kind", what->kind);
	event_u64("cpu", v->index);
	event_u64("vmpl", v->cur->vmpl);
	if (what->ap >= 0)
		event_u64("ap", what->ap);
	if (what->access) {
		event_hex("gpa", what->gpa);
		event_str("access", what->access);
	}
	event_hex("rip", v->cur->vmcb->save.rip);
	event_end();
	report_end();
}

static u64 secrets_page;

/* Where the guest has the secrets page */
void report_secrets_at(u64 gpa)
{
	secrets_page = gpa;
}

/* The guest's own area of the secrets page, which an SVSM that keeps the page leaves alone */
static void event_guest_usage(void)
{
	const u64 *usage = (const u64 *)(secrets_page + SECRETS_GUEST_USAGE);

	event_array_begin("guest_usage");
	for (u32 i = 0; i < SECRETS_GUEST_USAGE_SIZE / sizeof(*usage); i++)
		event_item_hex(usage[i]);
	event_array_end();
}

void event_host_reset(struct vcpu *v, const char *how, bool rebuilt)
{
	event_begin("host-reset");
	event_str("how", how);
	event_u64("cpu", v->index);
	event_hex("rip", v->cur->vmcb->save.rip);
	event_guest_usage();
	event_bool("rebuilt", rebuilt);
	event_end();
}

/*
 * The VM cannot go on. Nobody has asked for a reset, so no host builds it anew. Either the
 * host ran a vCPU without a VMSA, and QEMU stops a VM whose KVM_RUN fails; or an INIT took
 * a vCPU out of the guest.
 */
void report_vm_lost(struct vcpu *v, const char *how)
{
	event_host_reset(v, how, false);
	report_end();
}

void report_terminate(struct vcpu *v, u64 set, u64 code)
{
	event_begin("terminate");
	event_u64("cpu", v->index);
	event_u64("set", set);
	event_u64("code", code);
	event_hex("rip", v->cur->vmcb->save.rip);
	event_end();
	report_end();
}

/* The port write that follows ends QEMU. */
void report_poweroff(struct vcpu *v)
{
	event_begin("poweroff");
	event_u64("cpu", v->index);
	event_end();
	report_switches();
}
