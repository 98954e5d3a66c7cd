// SPDX-License-Identifier: GPL-2.0
/* The loop of every CPU: launch the guest, enter it and handle its exit, or wait. */
#include "debug/debug.h"
#include "exits/exits.h"
#include "host/host.h"
#include "launch/launch.h"
#include "lib/config.h"
#include "lib/layout.h"
#include "lib/lib.h"
#include "lib/x86.h"
#include "loop.h"
#include "machine/apic.h"
#include "machine/nmi.h"
#include "machine/npt.h"
#include "machine/path.h"
#include "machine/rmp.h"
#include "machine/run_end.h"
#include "machine/shootdown.h"
#include "machine/svm.h"
#include "machine/trap.h"
#include "machine/vapic.h"
#include "machine/vcpu.h"

#define CPU_START_TIMEOUT_NS	20000000000UL	/* how long a CPU may take to answer a SIPI */
#define INIT_DELAY_US		2000
#define SPIN_NS			300000000UL	/* how long a stopped vCPU spins before it sleeps */

static int cpus_up;

/* The host creates v from its VMSA. */
static void create(struct vcpu *v)
{
	if (v->power_on)
		vcpu_power_on(v);
	host_vcpu_reset(v);
	vapic_reset(v);
	vcpu_load_vmsa(v);
}

/* Start v if the host has asked for it. sim_lock excludes a concurrent stop. */
static bool take_start(struct vcpu *v)
{
	bool start;

	lock(&sim_lock);
	start = v->start && !v->freeze;
	if (start) {
		WRITE_ONCE(v->start, 0);
		WRITE_ONCE(v->stop, 0);
		v->init_is_lawful = false;
		if (v->resume)
			vcpu_guest(v)->vmsa = v->next_vmsa;
		else
			create(v);
		v->resume = false;
		v->flush = 1;
		vmsa_in_use(vcpu_guest(v)->vmsa, true);
		tlb_shootdown(v);
		WRITE_ONCE(v->frozen, 0);
		vcpu_set_state(v, VCPU_RUNNING);
	}
	unlock(&sim_lock);
	return start;
}

/*
 * Keep v out of the guest until somebody starts it. A stopped vCPU spins for a while
 * before it sleeps, because most are started again soon; vcpu_ask() sees it spin.
 */
static void wait_frozen(struct vcpu *v)
{
	u64 begin = now_ns();

	/* kvm_vcpu_reset() drops an NMI that came before the vCPU was stopped. */
	take_nmi();
	v->hv_nmi = 0;
	WRITE_ONCE(v->frozen, 1);
	while (!READ_ONCE(v->relaunch) && (!READ_ONCE(v->start) || !take_start(v))) {
		if (READ_ONCE(v->stop) && now_ns() - begin < SPIN_NS) {
			WRITE_ONCE(v->spins, v->spins + 1);
			take_nmi();
		} else {
			wait_for_nmi();
		}
		if (v->hv_nmi)
			nmi_without_vmsa(v);
		if (debug_asks(v))
			debug_stop(v, STOP_ASKED);
	}
}

/* What comes first where a program runs at VMPL 0. Is it done, so that v may enter? */
static bool vmpl0_is_content(struct vcpu *v)
{
	host_change_guest(v);
	if (v->cur->vmpl && vapic_is_pending(v))
		host_stop_guest(v);
	if (debug_asks(v))
		return false;
	if (!v->cur->halted)
		return true;
	wait_halted(v);
	return false;
}

/* May v enter, as far as gdb goes? One that it holds does what others ask of it, and no more. */
static bool debugger_is_content(struct vcpu *v)
{
	if (!debug_is_on() || debug_lets(v))
		return true;
	host_change_guest(v);
	return false;
}

static void enter(struct vcpu *v)
{
	struct vmcb *m;

	if (!debugger_is_content(v))
		return;
	if (vmpl0_is_guest() && !vmpl0_is_content(v))
		return;
	m = v->cur->vmcb;
	pick_view(v);
	if (v->cur->vmpl)
		pv_before_entry(v);
	else if (!debug_steps(v))	/* its interrupts wait */
		vapic_before_entry(v);
	nmi_before_entry(v);
	WRITE_ONCE(v->in_guest, 1);
	/* Pairs with vcpu_kick(): we see the request, or its sender sees in_guest and kicks us. */
	smp_mb();
	if (vcpu_kept_out(v) || vcpu_is_held()) {
		WRITE_ONCE(v->in_guest, 0);
		return;
	}
	if (READ_ONCE(v->vmsa_open)) {
		WRITE_ONCE(v->in_guest, 0);
		vmsa_close(v);
		return;
	}
	if (__atomic_exchange_n(&v->flush, 0, __ATOMIC_SEQ_CST))
		m->tlb_ctl = TLB_CTL_FLUSH_ALL;
	v->vmruns++;
	path_enter(v);
	if (debug_is_on())
		debug_arm(v);
	vmenter(v->cur);
	if (debug_is_on())
		debug_disarm(v);
	path_leave(v);
	WRITE_ONCE(v->in_guest, 0);
	m->tlb_ctl = TLB_CTL_NOTHING;
	/* Poll before the exit is handled, which may end the run. */
	dma_poll(v);
	vmexit(v);
}

void vcpu_main(struct vcpu *v)
{
	for (;;) {
		if (READ_ONCE(v->relaunch)) {
			WRITE_ONCE(v->relaunch, false);
			launch(v);
			host_after_launch(v);
		}
		if (vcpu_kept_out(v) || (v->state != VCPU_RUNNING && v->state != VCPU_IDLE &&
					 v->state != VCPU_HALTED))
			wait_frozen(v);
		else
			enter(v);
	}
}

/* A CPU gets here after its SIPI, or after a guest's INIT that reached the CPU itself. */
void ap_main(void)
{
	struct vcpu *v = this_vcpu();

	trap_init();
	svm_enable(v);
	if (!v->came_up) {
		v->came_up = true;
		__atomic_fetch_add(&cpus_up, 1, __ATOMIC_SEQ_CST);
		vcpu_main(v);
	}
	/* The INIT has taken the CPU away from what it did, without a #VMEXIT. */
	WRITE_ONCE(v->in_guest, 0);
	v->kick = 0;
	v->hv_nmi = 0;
	v->hv_vector = 0;
	if (!v->init_is_lawful)
		/* Where the host handles INIT, such a vCPU does not come back. */
		report_vm_lost(v, "init");
	vcpu_got_init(v);
	WRITE_ONCE(v->came_back, 1);
	vcpu_main(v);
}

/* Bring all CPUs into the hypervisor, where they wait. */
void cpus_init(void)
{
	struct vcpu *self = this_vcpu();
	u64 start;
	int want = 0;

	for (u32 i = 0; i < config->cpus; i++) {
		vcpus[i].apic_id = i;
		vcpus[i].index = i;
	}
	for (u32 i = 0; i < config->cpus; i++) {
		if (&vcpus[i] == self)
			continue;
		apic_ipi(i, APIC_DM_INIT);
		udelay(INIT_DELAY_US);
		apic_ipi(i, APIC_DM_STARTUP | SIPI_VECTOR);
		want++;
		start = now_ns();
		while (READ_ONCE(cpus_up) < want)
			if (now_ns() - start > CPU_START_TIMEOUT_NS)
				hv_panic("CPU %u does not start", i);
	}
}
