// SPDX-License-Identifier: GPL-2.0-only
/*
 * What runs on a CPU that is being stopped.
 *
 * Two ways lead here: smp_ops.stop_this_cpu(), the last thing that the
 * kernel's own stops call (also the one on the way to a crash kernel), and our
 * NMI. The CPU parks: it halts for good, with evidence (halt.c). The BSP wakes once
 * more when the call is handed over to it (handover.c).
 */
#define pr_fmt(fmt) "svsm-reset: " fmt

#include <linux/atomic.h>
#include <linux/bug.h>
#include <linux/cpu.h>
#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/kernel.h>
#include <linux/nmi.h>
#include <linux/percpu.h>
#include <linux/preempt.h>
#include <linux/smp.h>
#include <linux/stop_machine.h>
#include <linux/time64.h>

#include "compat.h"
#include "crash/crash.h"
#include "reset/reset.h"
#include "reset/wait.h"
#include "svsm-reset.h"
#include "svsm/svsm.h"

#define SVR_NMI_NAME	"svsm-reset"

/* A CPU that stands by is woken so many times at most, so far apart */
#define SVR_WAKE_TRIES	1000
#define SVR_WAKE_US	100
/* From an NMI that has been sent to its handler; after that, NMIs are masked */
#define SVR_HEAR_NMI_US	(20 * USEC_PER_MSEC)
/* For another CPU to take an interrupt, and to send that NMI */
#define SVR_HEAR_SEND_US	(100 * USEC_PER_MSEC)

/* svr_nmi() is registered, and claims our NMIs */
static bool svr_nmi_installed;

enum svr_hear_phase {
	SVR_HEAR_IDLE,
	SVR_HEAR_LISTENS,
	SVR_HEAR_SENDS,
	SVR_HEAR_SENT,
};

/* The CPU that another one sends an NMI to: one at a time */
static struct {
	atomic_t phase;
	int cpu;		/* written before LISTENS */
} svr_hearing = { .phase = ATOMIC_INIT(SVR_HEAR_IDLE) };

/* Can a job be handed over to this CPU? */
static bool svr_is_served(const struct svr_cpu *c)
{
	return svr_bsp_cpu() == raw_smp_processor_id() && c->ca;
}

/*
 * Only the BSP is ever woken again, for a job that is handed over to it. It listens for
 * that with interrupts on, unless a crash kernel leaves it where it has parked.
 */
static void __noreturn svr_park(struct svr_cpu *c, enum svr_evidence how)
{
	bool served = svr_is_served(c);

	svr_kvm_areas_off();
	c->pending = svr_lapic_quiet();
	c->in_nmi = in_nmi();
	if (served && svr_lapic_can_listen() &&
	    !(svr_panic_in_progress() && svr_kdump_keeps_bsp()))
		svr_lapic_listen(c);
	for (;;) {
		svr_halt(c, how);
		if (served)
			svr_handover_serve(c);
	}
}

/*
 * A panic stops the CPUs long before it resets the guest, if it ever does, and
 * it stops them only once: so they park then. Where x86 runs the restart
 * handlers, the kernel stops the CPUs before we fire; elsewhere a stop while we
 * are only armed is somebody else's.
 */
static bool svr_stop_is_ours(void)
{
	enum svr_state state = svr_state_get();

	if (state == SVR_STATE_FIRING || svr_panic_in_progress())
		return true;
	return SVR_X86_RUNS_RESTART_HANDLERS && state == SVR_STATE_ARMED &&
	       system_state == SYSTEM_RESTART;
}

/*
 * smp_ops.stop_this_cpu: interrupts off, local APIC off, perhaps inside an NMI.
 * The caller is BUG() if this returns. Not every stop is part of a reset:
 * power-off, halt and kexec come here, too, and get the halt that they would
 * get without us.
 */
static void svr_stop_this_cpu(void)
{
	if (svr_stop_is_ours())
		svr_park(this_cpu_ptr(&svr_cpus), SVR_PARKED_BY_STOP);
	for (;;)
		native_halt();
}

static int svr_nmi(unsigned int type, struct pt_regs *regs)
{
	struct svr_cpu *c = this_cpu_ptr(&svr_cpus);

	if (READ_ONCE(c->nmi_park))
		svr_park(c, SVR_PARKED_BY_NMI);
	if (READ_ONCE(c->nmi_wake)) {
		WRITE_ONCE(c->nmi_heard, true);
		return NMI_HANDLED;
	}
	if (READ_ONCE(c->nmi_asked)) {
		WRITE_ONCE(c->nmi_asked, false);
		return NMI_HANDLED;
	}
	return NMI_DONE;
}

/**
 * svr_park_stand_by - park this CPU while another one resets the guest
 *
 * The kernel's stop knows nothing of such a CPU and sends it an NMI after a second, which
 * may be on its way for as long as the host likes. So its word counts as evidence only
 * inside an NMI, where no stop gets through; elsewhere the CPU parks when the stop arrives.
 * The BSP takes a hand-over. Context: interrupts off. Returns when the other CPU has not
 * been able to reset the guest.
 */
void svr_park_stand_by(void)
{
	struct svr_cpu *c = this_cpu_ptr(&svr_cpus);
	bool served = svr_is_served(c);

	svr_kvm_areas_off();
	c->pending = svr_lapic_quiet();
	if (served && svr_lapic_can_listen())
		svr_lapic_listen(c);
	WRITE_ONCE(c->nmi_wake, true);
	/* Full barrier: either this CPU sees SPENT, or it is seen standing by */
	smp_store_mb(c->stands_by, true);
	while (svr_state_get() != SVR_STATE_SPENT) {
		svr_halt_until_woken(c, in_nmi() ? SVR_PARKED_CALLER :
						   SVR_STANDS_BY);
		if (served)
			svr_handover_serve(c);
	}
	WRITE_ONCE(c->stands_by, false);
	/* Drop wake-ups that came too late, and a stop that is still requested */
	svr_lapic_quiet();
}

static void svr_park_wake_one(int cpu)
{
	struct svr_cpu *c = per_cpu_ptr(&svr_cpus, cpu);
	unsigned int i;

	for (i = 0; i < SVR_WAKE_TRIES; i++) {
		/* A stop may have parked it meanwhile: then it stays as it is */
		if (!READ_ONCE(c->stands_by) || svr_cpu_stopped(cpu))
			return;
		svr_lapic_wake(cpu);
		udelay(SVR_WAKE_US);
	}
}

/**
 * svr_park_wake - wake the CPUs that stand by: there has been no reset
 * @q: what svr_quiesce() found
 *
 * Not one that was destroyed or deleted: an NMI makes KVM run it, and without a VMSA that
 * is the end of the VM (kvm_vcpu_has_events() of Linux 6.12).
 *
 * Context: any, NMI included; on the CPU that fired, when the state is SPENT.
 */
void svr_park_wake(const struct svr_quiesce *q)
{
	int cpu;

	for_each_online_cpu(cpu)
		if (cpu != raw_smp_processor_id() &&
		    svr_quiesce_has_vmsa(q, cpu))
			svr_park_wake_one(cpu);
}

static bool svr_hear_step(int from, int to)
{
	return atomic_try_cmpxchg(&svr_hearing.phase, &from, to);
}

static bool svr_hear_reach(int phase)
{
	return svr_wait_until(&svr_hearing.phase, phase, SVR_HEAR_SEND_US);
}

/* Hard interrupt, on another CPU than the one that listens */
static void svr_hear_send(void *unused)
{
	if (!svr_hear_reach(SVR_HEAR_LISTENS) ||
	    !svr_hear_step(SVR_HEAR_LISTENS, SVR_HEAR_SENDS))
		return;
	svr_lapic_wake(svr_hearing.cpu);
	atomic_set_release(&svr_hearing.phase, SVR_HEAR_SENT);
}

static call_single_data_t svr_hear_csd = CSD_INIT(svr_hear_send, NULL);

/*
 * Interrupts off. Has an NMI been sent to this CPU? It is not before this CPU listens: the
 * interrupt that asks for it is a #VC as well.
 */
static bool svr_hear_sent(int cpu)
{
	unsigned int other = cpumask_any_but(cpu_online_mask, cpu);

	if (other >= nr_cpu_ids) {
		svr_lapic_wake(cpu);
		return true;
	}
	atomic_set(&svr_hearing.phase, SVR_HEAR_IDLE);
	svr_hearing.cpu = cpu;
	if (smp_call_function_single_async(other, &svr_hear_csd))
		return false;
	atomic_set_release(&svr_hearing.phase, SVR_HEAR_LISTENS);
	if (svr_hear_reach(SVR_HEAR_SENT))
		return true;
	/* Late: either it does not send, or it is about to have sent */
	return !svr_hear_step(SVR_HEAR_LISTENS, SVR_HEAR_IDLE) &&
	       svr_hear_reach(SVR_HEAR_SENT);
}

/**
 * svr_park_hear_nmis - have the host let NMIs through to this CPU again
 *
 * An earlier kernel may have stopped this CPU for good inside an NMI, and sent it another
 * one there. That kernel told the host only that the outer one was done, so the host still
 * masks NMIs. Neither a reset by the SVSM nor AP creation ends that (KVM of Linux 6.12:
 * nmi_masked); the kernel that finds it has to. exc_nmi() begins by telling the host that
 * an NMI is complete, and takes INT 2 for an NMI. A kernel with FRED does not; it is left
 * alone.
 *
 * INT 2 masks no NMI, but the entry code relies on NMIs being masked for its first
 * instructions. So it is used only where an NMI does not get in. That NMI then arrives
 * behind NMI_COMPLETE, nested.
 *
 * Another CPU sends that NMI, while this one causes no #VC. One that it sent to itself
 * would arrive in the #VC of the write to the ICR. If this CPU has been offline before, the
 * kernel has leaked its first GHCB then, that #VC uses the backup, and an NMI there is a
 * panic (__sev_get_ghcb(), Linux 6.12). Without another CPU this one is the boot CPU, which
 * does not go offline.
 *
 * Context: on a CPU that is online, process or hard interrupt, on one CPU at a time: CPUs
 * neither come nor go, or this one comes; after svr_lapic_prepare(). Does nothing before
 * svr_park_install(). Takes SVR_HEAR_NMI_US and twice SVR_HEAR_SEND_US at most.
 */
void svr_park_hear_nmis(void)
{
	struct svr_wait wait;
	unsigned long flags;
	struct svr_cpu *c;

	if (!svr_lapic_can_listen() || !READ_ONCE(svr_nmi_installed))
		return;
	local_irq_save(flags);
	c = this_cpu_ptr(&svr_cpus);
	WRITE_ONCE(c->nmi_heard, false);
	/* Our handler claims it, so that nobody calls it unknown */
	WRITE_ONCE(c->nmi_wake, true);
	if (svr_hear_sent(smp_processor_id())) {
		wait = svr_wait_begin(SVR_HEAR_NMI_US);
		while (!READ_ONCE(c->nmi_heard) && svr_wait_on(&wait))
			;
		if (!READ_ONCE(c->nmi_heard))
			asm volatile("int $2" : : : "memory");
	}
	WRITE_ONCE(c->nmi_wake, false);
	local_irq_restore(flags);
}

static void svr_hear_nmis(void *unused)
{
	svr_park_hear_nmis();
}

/**
 * svr_park_install - have CPUs that are being stopped come here
 *
 * Context: process, may sleep.
 *
 * Return: 0; -EBUSY when another driver has installed a stop callback, or
 * another negative errno; logged.
 */
int svr_park_install(void)
{
	int cpu, err;

	err = register_nmi_handler(NMI_LOCAL, svr_nmi, 0, SVR_NMI_NAME);
	if (err) {
		pr_err("the NMI handler cannot be registered: %d\n", err);
		return err;
	}
	if (cmpxchg(&smp_ops.stop_this_cpu, NULL, svr_stop_this_cpu)) {
		pr_err("another driver has taken smp_ops.stop_this_cpu\n");
		unregister_nmi_handler(NMI_LOCAL, SVR_NMI_NAME);
		return -EBUSY;
	}
	WRITE_ONCE(svr_nmi_installed, true);
	cpus_read_lock();
	for_each_online_cpu(cpu)
		smp_call_function_single(cpu, svr_hear_nmis, NULL, 1);
	cpus_read_unlock();
	return 0;
}

/* All other CPUs sit in stop_machine(), so none is between test and call */
static int svr_park_withdraw(void *unused)
{
	cmpxchg(&smp_ops.stop_this_cpu, svr_stop_this_cpu, NULL);
	return 0;
}

/**
 * svr_park_uninstall - undo svr_park_install()
 *
 * Context: process, may sleep; the hooks are gone, so no reset can begin.
 */
void svr_park_uninstall(void)
{
	WRITE_ONCE(svr_nmi_installed, false);
	stop_machine(svr_park_withdraw, NULL, NULL);
	unregister_nmi_handler(NMI_LOCAL, SVR_NMI_NAME);
}
