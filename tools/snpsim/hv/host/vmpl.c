// SPDX-License-Identifier: GPL-2.0
/*
 * RUN_VMPL between a program at VMPL 0 and the guest at VMPL 2 (AMD 56421, 2.3.1 and
 * 4.1.12), as KVM's planes do it. While one runs, the page of the guest's VMSA has the state
 * of the other: VMPL 0 reads and writes it there. VMPL 0's own state stays in its VMCB,
 * because nobody looks into its VMSA.
 */
#include "host/host.h"
#include "lib/config.h"
#include "lib/lib.h"
#include "lib/x86.h"
#include "machine/fpu.h"
#include "machine/rmp.h"
#include "machine/shootdown.h"
#include "machine/svm.h"
#include "machine/vcpu.h"
#include "machine/vmsa.h"

#define LARGE_OFFSET		(PAGES_PER_2M * PAGE_SIZE - 1)

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
	context_load(c, p);
	vmsa_in_use(c->vmsa, true);
	vcpu_switch(v, c);
}

static void leave_guest(struct vcpu *v, u64 exit_code)
{
	struct context *c = v->cur;

	context_from_cpu(c);
	vmsa_save(c, vmsa_ptr(c), exit_code);
	vmsa_in_use(c->vmsa, false);
	vcpu_switch(v, &v->ctx[0]);
}

/* Returns false if the host refuses. Otherwise the other context is the one that runs. */
bool host_run_vmpl(struct vcpu *v, u32 vmpl)
{
	const char *why = "VMPL";

	if (v->cur->vmpl == GUEST_VMPL && vmpl == 0) {
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
 * AP creation of VMPL 2 on this CPU by the program at VMPL 0: it runs at the next RUN_VMPL.
 * KVM looks at the address alone, and refuses one that hardware has an erratum with.
 */
const char *host_set_vmsa(struct vcpu *v, u64 vmsa)
{
	struct context *c = vcpu_guest(v);

	if ((vmsa & ~PAGE_MASK) || !page_is_ram(vmsa) || !(vmsa & LARGE_OFFSET))
		return "VMSA address";
	context_reset(c);
	c->halted = false;
	c->vmsa = vmsa;
	return NULL;
}
