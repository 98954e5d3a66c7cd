// SPDX-License-Identifier: GPL-2.0
/*
 * A host that builds the VM anew when the guest asks for a reset, as QEMU does from
 * version 11 on. It closes the VM, makes another and launches the same image in it. Only
 * what the devices keep survives.
 */
#include "host/host.h"
#include "launch/launch.h"
#include "lib/config.h"
#include "lib/layout.h"
#include "lib/lib.h"
#include "loop.h"
#include "machine/rmp.h"
#include "machine/run_end.h"
#include "machine/svm.h"
#include "machine/vcpu.h"
#include "svsm/svsm.h"

/* Abandon what this CPU was doing, and enter its loop with an empty stack. */
static void __noreturn start_over(struct vcpu *v)
{
	u64 top = (u64)cpu_stacks + ((u64)(v->index + 1) << CPU_STACK_SHIFT) - 16;

	asm volatile("mov %0, %%rsp\n\t"
		     "xor %%ebp, %%ebp\n\t"
		     "call vcpu_main"
		     : : "r"(top), "D"(v) : "memory");
	__builtin_unreachable();
}

/*
 * Take sim_lock, unless this CPU holds it, and return if this CPU may build the VM anew.
 * Does not return if another CPU is doing so, or has stopped this vCPU.
 */
static void begin(void)
{
	struct vcpu *self = this_vcpu();

	lock_unless_ours(&sim_lock);
	if (!self->freeze && !self->stop)
		return;
	unlock(&sim_lock);
	start_over(self);
}

/* Clear all RAM, as QEMU gives it to a new VM. The launch sets the page states. */
static void forget_memory(void)
{
	mem_return_all();
	vmsa_drop_all();
	for (u64 g = 0; g < rmp_pages(); g++)
		if (page_is_ram(g << PAGE_SHIFT))
			page_zero(g);
}

static void forget_context(struct context *c)
{
	c->ghcb_msr = 0;
	c->ghcb_gpa = 0;
	c->ghcb_before = 0;
	c->nmi_blocked = 0;
	c->iret = false;
	c->halted = false;
	c->released = 0;
	c->vmsa = 0;
}

/* Make v a vCPU that was never started. create() in loop.c resets its local APIC. */
static void forget_vcpu(struct vcpu *v)
{
	vcpu_stop(v);
	vcpu_set_state(v, VCPU_OFF);
	for (u32 i = 0; i < VMPLS; i++)
		forget_context(&v->ctx[i]);
	v->ca = 0;
	v->next_vmsa = 0;
	v->init_received = false;
	v->guest_change = GUEST_STAYS;
	v->guest_is_new = false;
	pv_reset(v);
	v->power_on = true;
}

/* Called under sim_lock, after begin(), on the CPU that asked for the reset. */
static void __noreturn build(void)
{
	struct vcpu *self = this_vcpu(), *boot = vcpu_by_apic(0);

	vcpu_freeze_others(self);
	report_switches();
	for (u32 i = 0; i < config->cpus; i++)
		forget_vcpu(&vcpus[i]);
	vcpu_thaw_all();
	forget_memory();
	svm_restart_tsc();
	pv_begin_anew();
	launch_anew();
	svsm_begin_anew();
	vcpu_relaunch(boot);
	unlock(&sim_lock);
	start_over(self);
}

static const struct host_builder builder = { .begin = begin, .build = build };

void rebuild_init(void)
{
	host_builds_with(&builder);
}
