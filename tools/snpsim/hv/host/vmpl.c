// SPDX-License-Identifier: GPL-2.0
/*
 * RUN_VMPL between a program at VMPL 0 and the guest at VMPL 2 (AMD 56421, 2.3.1 and
 * 4.1.12), as KVM's planes do it. While one runs, the page of the guest's VMSA has the state
 * of the other: VMPL 0 reads and writes it there. VMPL 0's own state stays in its VMCB,
 * because nobody looks into its VMSA.
 */
#include "debug/debug.h"
#include "host/host.h"
#include "lib/config.h"
#include "lib/lib.h"
#include "lib/x86.h"
#include "machine/fpu.h"
#include "machine/rmp.h"
#include "machine/shootdown.h"
#include "machine/svm.h"
#include "machine/trap.h"
#include "machine/vapic.h"
#include "machine/vcpu.h"
#include "machine/vmsa.h"

#define LARGE_OFFSET		(PAGES_PER_2M * PAGE_SIZE - 1)
#define RELEASE_NS		20000000UL	/* how long VMPL 0 may take for its access */
#define NEVER			(~0UL)

static struct vmsa *vmsa_ptr(const struct context *c)
{
	return (struct vmsa *)c->vmsa;
}

/* Another CPU's VMSA, or none that VMRUN takes? Returns why not. */
static const char *cannot_run(const struct vcpu *v, const struct context *c)
{
	const struct vmsa *p = vmsa_ptr(c);

	if (!c->vmsa)
		return "there is no VMSA";
	for (u32 i = 0; i < config->cpus; i++)
		if (&vcpus[i] != v && vcpu_guest(&vcpus[i])->vmsa == c->vmsa)
			return "another CPU has this VMSA";
	if (page_state(c->vmsa) != PAGE_VALID || !(page_flags(c->vmsa) & PAGE_VMSA))
		return "the page is no VMSA";
	if (!(p->efer & EFER_SVME))
		return "EFER.SVME is clear";
	if (p->vmpl != c->vmpl || !(p->sev_features & SEV_FEATURE_SNP) || !xcr0_valid(p->xcr0))
		return "VMPL, features or XCR0";
	return NULL;
}

static void enter_guest(struct vcpu *v)
{
	struct context *c = vcpu_guest(v);
	const struct vmsa *p = vmsa_ptr(c);

	context_from_cpu(v->cur);
	/* VMPL 0 has had it do something else, or it goes on with its HLT. */
	if (p->rip != c->vmcb->save.rip || (p->event_inj & EVENT_VALID))
		c->halted = false;
	v->guest_is_new = false;
	context_load(c, p);
	vmsa_in_use(c->vmsa, true);
	vcpu_switch(v, c);
}

/* From now on the page has the state. */
static void save_guest(struct context *c, u64 exit_code)
{
	context_from_cpu(c);
	vmsa_save(c, vmsa_ptr(c), exit_code);
	vmsa_in_use(c->vmsa, false);
}

static void leave_guest(struct vcpu *v, u64 exit_code)
{
	struct context *c = v->cur;

	/* With released set VMPL 0 has the state already, or there is no VMSA. */
	if (!c->released)
		save_guest(c, exit_code);
	c->released = 0;
	vcpu_switch(v, &v->ctx[0]);
}

/* Returns false if the host refuses. Otherwise the other context is the one that runs. */
bool host_run_vmpl(struct vcpu *v, u32 vmpl)
{
	const char *why = "VMPL";

	if (v->cur->vmpl == GUEST_VMPL && vmpl == 0) {
		count(v, KIND_SVSM);
		leave_guest(v, EXIT_VMGEXIT);
		return true;
	}
	if (v->cur->vmpl == 0 && vmpl == GUEST_VMPL)
		why = cannot_run(v, vcpu_guest(v));
	if (why) {
		hv_log("cpu%u: VMPL %u cannot run VMPL %u: %s", v->index, v->cur->vmpl, vmpl, why);
		return false;
	}
	enter_guest(v);
	return true;
}

/* An interrupt waits for VMPL 0: it comes back from RUN_VMPL. */
void host_stop_guest(struct vcpu *v)
{
	lock(&sim_lock);
	leave_guest(v, EXIT_INTR);
	tlb_shootdown(v);
	unlock(&sim_lock);
}

/*
 * KVM looks at the address alone, and refuses one that hardware has an erratum with. VMRUN
 * looks at the rest.
 */
static bool good_address(u64 vmsa)
{
	return !(vmsa & ~PAGE_MASK) && page_is_ram(vmsa) && (vmsa & LARGE_OFFSET);
}

static void set_guest(struct vcpu *v, u64 vmsa)
{
	struct context *c = vcpu_guest(v);

	vmsa_in_use(c->vmsa, false);
	context_reset(c);
	c->halted = false;
	c->released = 0;
	c->vmsa = vmsa;
}

/* KVM resets what it keeps of a vCPU, too: the local APIC is the guest's. */
static void new_guest(struct vcpu *v, u64 vmsa)
{
	set_guest(v, vmsa);
	host_vcpu_reset(v);
}

static void ask(struct vcpu *t, enum guest_change what, u64 vmsa)
{
	t->guest_next = vmsa;
	WRITE_ONCE(t->guest_change, what);
	vcpu_nmi(t);
}

static const char *start_cpu(struct vcpu *v, struct vcpu *t, u64 vmsa)
{
	const struct vmsa *p = (const struct vmsa *)vmsa;

	if (v->cur->vmpl || t == v)
		return "CPU";
	if (page_state(vmsa) != PAGE_VALID || !(page_flags(vmsa) & PAGE_VMSA) || p->vmpl ||
	    !(p->efer & EFER_SVME) || !xcr0_valid(p->xcr0))
		return "VMSA";
	vcpu_start(t, vmsa, 0);
	return NULL;
}

/*
 * AP creation with a program at VMPL 0. It starts another CPU at VMPL 0. VMPL 2 of a CPU
 * that is at VMPL 0 is run by the program there, which this brings out of HLT; VMPL 2 of one
 * that is at VMPL 2 goes on with the new VMSA.
 */
const char *host_create_vmpl(struct vcpu *v, struct vcpu *t, u32 vmpl, u64 vmsa)
{
	if (!good_address(vmsa))
		return "VMSA address";
	if (vmpl == 0)
		return start_cpu(v, t, vmsa);
	if (vmpl != GUEST_VMPL)
		return "VMPL";
	if (!t->ctx[0].vmsa || (t == v && v->cur->vmpl))
		return "CPU";
	if (t == v)
		new_guest(v, vmsa);
	else
		ask(t, GUEST_CREATE, vmsa);
	return NULL;
}

/* VMPL 2 of t is out of the guest when this returns. sim_lock is released for the wait. */
const char *host_destroy_vmpl(struct vcpu *v, struct vcpu *t, u32 vmpl)
{
	if (vmpl != GUEST_VMPL)
		return "VMPL";
	if (t == v && v->cur->vmpl)
		return "CPU";
	if (t == v) {
		set_guest(v, 0);
		return NULL;
	}
	if (!t->ctx[0].vmsa)
		return NULL;
	ask(t, GUEST_DESTROY, 0);
	unlock(&sim_lock);
	while (READ_ONCE(t->guest_change) == GUEST_DESTROY)
		cpu_relax();
	lock(&sim_lock);
	return NULL;
}

/*
 * VMPL 0 touches a VMSA that is in use. Hardware denies it; the host gets the vCPU out, and
 * the access is made again. Returns false if the page is not the VMSA of a guest.
 */
bool host_release_vmsa(u64 gpa)
{
	for (u32 i = 0; i < config->cpus; i++) {
		struct vcpu *t = &vcpus[i];

		if (vcpu_guest(t)->vmsa != (gpa & PAGE_MASK))
			continue;
		if (t->guest_change == GUEST_STAYS)
			ask(t, GUEST_RELEASE, 0);
		return true;
	}
	return false;
}

/* VMPL 2 waits until VMPL 0 or the guest has AP creation give it a VMSA. */
void host_hold_guest(struct vcpu *v)
{
	save_guest(v->cur, EXIT_VMGEXIT);
	v->cur->released = NEVER;
}

static void event_release(const struct vcpu *v)
{
	event_begin("vcpu-release");
	event_u64("cpu", v->index);
	event_u64("apic_id", v->apic_id);
	event_hex("vmsa", v->cur->vmsa);
	event_bool("halted", v->cur->halted);
	event_end();
}

static void release(struct vcpu *v)
{
	struct context *c = v->cur;

	event_release(v);
	save_guest(c, EXIT_INTR);
	c->released = now_ns();
}

/* Try to run the guest from its VMSA again, or from the first one. */
static void take_back(struct vcpu *v)
{
	struct context *c = v->cur;
	const char *why = cannot_run(v, c);

	if (why) {
		hv_log("cpu%u: VMPL 2 does not run: %s", v->index, why);
		c->released = NEVER;
		return;
	}
	if (vmsa_ptr(c)->rip != c->vmcb->save.rip)
		c->halted = false;
	c->released = 0;
	context_load(c, vmsa_ptr(c));
	vmsa_in_use(c->vmsa, true);
	vcpu_switch(v, c);
}

static void take_change(struct vcpu *v)
{
	bool runs = v->cur->vmpl;

	switch (v->guest_change) {
	case GUEST_CREATE:
		new_guest(v, v->guest_next);
		v->guest_is_new = !runs;
		if (runs)
			take_back(v);
		break;
	case GUEST_DESTROY:
		set_guest(v, 0);
		v->cur->released = runs ? NEVER : 0;
		break;
	case GUEST_RELEASE:
		if (runs && !v->cur->released)
			release(v);
		break;
	case GUEST_STAYS:
		break;
	}
	WRITE_ONCE(v->guest_change, GUEST_STAYS);
}

static void do_locked(struct vcpu *v, void (*work)(struct vcpu *v))
{
	lock(&sim_lock);
	work(v);
	tlb_shootdown(v);
	unlock(&sim_lock);
}

/*
 * Called before each entry: do what others have asked for. As long as VMPL 2 of this CPU
 * has no VMSA that it can run from, this waits.
 */
void host_change_guest(struct vcpu *v)
{
	for (;;) {
		u64 released;

		if (READ_ONCE(v->guest_change))
			do_locked(v, take_change);
		released = v->cur->released;
		if (!released || vcpu_kept_out(v) || vapic_is_pending(v) || debug_asks(v))
			return;
		if (released == NEVER)
			wait_for_nmi();
		else if (now_ns() - released > RELEASE_NS)
			do_locked(v, take_back);
	}
}
