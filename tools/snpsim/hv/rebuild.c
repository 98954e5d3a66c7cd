// SPDX-License-Identifier: GPL-2.0
/*
 * A host that builds the VM anew where the guest has asked for a reset, as QEMU does
 * from version 11 on: it closes the VM, makes another, and launches the same image
 * into it. Of the old one nothing is left but what the devices keep.
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

/* Forget what this CPU was doing; its stack begins anew. */
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
 * May this CPU have the VM built anew? Not while another one does, nor where its
 * vCPU was stopped meanwhile: then this does not return. Takes sim_lock, unless
 * this CPU has it.
 */
static void begin(void)
{
	struct vcpu *self = this_vcpu();

	if (!lock_is_ours(&sim_lock))
		lock(&sim_lock);
	if (!self->freeze && !self->stop)
		return;
	unlock(&sim_lock);
	start_over(self);
}

/* Looked at first: what was never written takes no memory of the machine's either. */
static bool page_is_empty(u64 gfn)
{
	const u64 *p = (const u64 *)(gfn << PAGE_SHIFT);

	for (u64 i = 0; i < PAGE_SIZE / sizeof(*p); i++)
		if (p[i])
			return false;
	return true;
}

/* All RAM is as QEMU gives it to a new VM; the launch sees to the states of its pages. */
static void forget_memory(void)
{
	mem_return_all();
	vmsa_drop_all();
	for (u64 g = 0; g < rmp_pages(); g++)
		if (page_is_ram(g << PAGE_SHIFT) && !page_is_empty(g))
			page_zero(g);
}

/* It was never started, and its local APIC is reset once it is (create() in loop.c). */
static void forget_vcpu(struct vcpu *v)
{
	vcpu_stop(v);
	vcpu_set_state(v, VCPU_OFF);
	v->ghcb_msr = 0;
	v->ghcb_gpa = 0;
	v->ca = 0;
	v->next_vmsa = 0;
	v->ghcb_before = 0;
	v->nmi_blocked = 0;
	v->iret = false;
	v->init_received = false;
	pv_reset(v);
	v->power_on = true;
}

/* After begin(), on the CPU that asked for the reset. */
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
