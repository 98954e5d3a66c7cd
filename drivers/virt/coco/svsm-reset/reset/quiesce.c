// SPDX-License-Identifier: GPL-2.0-only
/*
 * Stop the other CPUs, and know that they have stopped.
 *
 * The kernel's own stop comes first: it is the gentle one. It does not say
 * whether it worked, does nothing with reboot=force, and is a one-shot. So what
 * counts is the evidence that each CPU leaves as it halts (halt.c). A CPU that
 * is still online without evidence gets the kernel's stop interrupt from us,
 * which leaves it no lock that is held with interrupts off; then an NMI, which
 * may leave it any lock (log.c). Nobody may wake a CPU that has halted: an NMI
 * makes it run code of the guest, even if that only looks at the clock.
 *
 * A CPU that no NMI reaches can be kept out of the guest only from outside: by
 * the host, which is asked where its word would help, and for good by the SVSM,
 * where the address of the VMSA is known.
 *
 * A step that is not needed is left out: after a panic the CPUs have already
 * been stopped.
 */
#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/minmax.h>
#include <linux/sched/clock.h>
#include <linux/smp.h>
#include <linux/time64.h>
#include <asm/apic.h>
#include <asm/irq_vectors.h>

#include "reset/reset.h"
#include "reset/wait.h"
#include "svsm-reset.h"
#include "svsm/svsm.h"

/*
 * From leaving the online mask to halting; the kernel's stop does not wait for
 * the last steps of that.
 */
#define SVR_ON_ITS_WAY_US	(10 * USEC_PER_MSEC)
/* From our stop interrupt to evidence; a CPU with interrupts off ignores it */
#define SVR_IRQ_PARK_US		(100 * USEC_PER_MSEC)
/* From our NMI to evidence; a CPU that ignores an NMI for so long is lost */
#define SVR_NMI_PARK_US		(1 * USEC_PER_SEC)
/*
 * A CPU got our NMI while it was about to halt by itself: the NMI finds it
 * offline and is dropped, and the CPU halts again. Only then is it quiet.
 */
#define SVR_NMI_CROSSED_US	(1 * USEC_PER_MSEC)

static void svr_find_missing(struct svr_quiesce *q)
{
	int cpu;

	cpumask_clear(&q->missing);
	for_each_cpu(cpu, &q->want)
		if (!svr_cpu_parked(cpu))
			cpumask_set_cpu(cpu, &q->missing);
}

/* Waits until none is missing, or (@nmi_can_help) an NMI could reach all that are */
static void svr_wait_parked(struct svr_quiesce *q, unsigned long limit_us,
			    bool nmi_can_help)
{
	struct svr_wait wait = svr_wait_begin(limit_us);

	do {
		svr_find_missing(q);
		if (cpumask_empty(&q->missing))
			return;
		if (nmi_can_help && cpumask_subset(&q->missing, cpu_online_mask))
			return;
	} while (svr_wait_on(&wait));
}

/*
 * sysvec_reboot() needs nothing from the CPU that sends it. A CPU that is
 * already on its way to the halt takes no interrupts.
 */
static void svr_interrupt_missing(struct svr_quiesce *q)
{
	cpumask_and(&q->nmi, &q->missing, cpu_online_mask);
	if (!cpumask_empty(&q->nmi))
		__apic_send_IPI_mask(&q->nmi, REBOOT_VECTOR);
	cpumask_clear(&q->nmi);
}

static void svr_nmi_missing(struct svr_quiesce *q)
{
	int cpu;

	/* An offline CPU does not get as far as our handler */
	cpumask_and(&q->nmi, &q->missing, cpu_online_mask);
	if (cpumask_empty(&q->nmi))
		return;

	for_each_cpu(cpu, &q->nmi)
		WRITE_ONCE(per_cpu(svr_cpus, cpu).nmi_park, true);
	/* Pairs with the full barrier that taking an NMI is */
	smp_wmb();
	__apic_send_IPI_mask(&q->nmi, NMI_VECTOR);
}

static bool svr_nmi_crossed(const struct svr_quiesce *q)
{
	int cpu;

	for_each_cpu(cpu, &q->nmi)
		if (READ_ONCE(per_cpu(svr_cpus, cpu).evidence) ==
		    SVR_PARKED_BY_STOP)
			return true;
	return false;
}

/* The same with an NMI of a rehearsal, from a CPU that has parked since */
static bool svr_answer_crossed(const struct svr_quiesce *q)
{
	int cpu;

	for_each_cpu(cpu, &q->want)
		if (READ_ONCE(per_cpu(svr_cpus, cpu).nmi_asked) &&
		    svr_cpu_parked(cpu))
			return true;
	return false;
}

static bool svr_some_parked(const struct svr_quiesce *q)
{
	return !cpumask_equal(&q->missing, &q->want);
}

/*
 * smp_ops.smp_send_reschedule while CPUs are being stopped: a CPU that still runs
 * may wake a task on one that has left the online mask. The kernel's own function
 * warns of that, and with panic_on_warn the warning is a panic in the middle of a
 * restart.
 */
static void svr_reschedule(int cpu)
{
	if (cpu_online(cpu))
		__apic_send_IPI_mask(cpumask_of(cpu), RESCHEDULE_VECTOR);
}

static void svr_stop_others(struct svr_quiesce *q)
{
	/* Not undone: a CPU that does not park may do so for as long as it runs */
	WRITE_ONCE(smp_ops.smp_send_reschedule, svr_reschedule);

	/*
	 * The kernel's stop may send NMIs to all that are online, and a CPU
	 * that was stopped on the way to a crash kernel still is.
	 */
	if (!svr_some_parked(q))
		smp_ops.stop_other_cpus(0);
	svr_wait_parked(q, SVR_ON_ITS_WAY_US, true);
	if (cpumask_empty(&q->missing))
		return;

	svr_interrupt_missing(q);
	svr_wait_parked(q, SVR_IRQ_PARK_US, false);
	if (cpumask_empty(&q->missing))
		return;

	svr_redirect_recall();
	svr_nmi_missing(q);
	svr_wait_parked(q, SVR_NMI_PARK_US, false);
	if (svr_nmi_crossed(q))
		udelay(SVR_NMI_CROSSED_US);
}

/**
 * svr_quiesce_destroy - have an unparked CPU kept out of the guest
 * @q:   what svr_quiesce() found; learns whether the host has destroyed the CPU
 * @cpu: that CPU
 *
 * Context: any, NMI included, interrupts off.
 */
void svr_quiesce_destroy(struct svr_quiesce *q, int cpu)
{
	if (svr_policy_destroy(svr_ap_policy_get(), svr_vmsa_to_delete(cpu)) &&
	    !svr_host_destroy(per_cpu(x86_cpu_to_apicid, cpu)))
		cpumask_set_cpu(cpu, &q->destroyed);
}

/*
 * The SVSM does not delete a VMSA that is in use, and may wait until it is not:
 * so it is not asked to delete that of a CPU that may be running.
 */
static void svr_delete_vmsas(struct svr_quiesce *q)
{
	int cpu;

	for_each_present_cpu(cpu) {
		u64 vmsa = svr_vmsa_to_delete(cpu);

		/* The kernel has not asked the SVSM to create the BSP's */
		if (!vmsa || cpu == raw_smp_processor_id() ||
		    cpu == svr_bsp_cpu() ||
		    svr_quiesce_fate(q, cpu) == SVR_FATE_RUNNING)
			continue;
		if (!svr_svsm_delete(vmsa))
			cpumask_set_cpu(cpu, &q->deleted);
	}
}

/**
 * svr_quiesce_fate - what is known of a CPU?
 * @q:   what svr_quiesce() found
 * @cpu: that CPU, any but this one
 *
 * Context: any.
 *
 * Return: an &enum svr_fate.
 */
enum svr_fate svr_quiesce_fate(const struct svr_quiesce *q, int cpu)
{
	if (cpumask_test_cpu(cpu, &q->deleted))
		return SVR_FATE_DELETED;
	if (!cpumask_test_cpu(cpu, &q->want))
		return SVR_FATE_OFFLINE;
	if (!cpumask_test_cpu(cpu, &q->missing))
		return SVR_FATE_PARKED;
	if (cpumask_test_cpu(cpu, &q->destroyed))
		return SVR_FATE_DESTROYED;
	return SVR_FATE_RUNNING;
}

/**
 * svr_quiesce_has_vmsa - may an NMI be sent to a CPU?
 * @q:   what svr_quiesce() found
 * @cpu: that CPU
 *
 * Context: any.
 *
 * Return: false if it was destroyed or deleted.
 */
bool svr_quiesce_has_vmsa(const struct svr_quiesce *q, int cpu)
{
	return !cpumask_test_cpu(cpu, &q->destroyed) &&
	       !cpumask_test_cpu(cpu, &q->deleted);
}

/**
 * svr_quiesce_weakest - the weakest fate of any other CPU
 * @q: what svr_quiesce() found
 *
 * Context: any.
 *
 * Return: an &enum svr_fate; SVR_FATE_DELETED when there is no other CPU.
 */
enum svr_fate svr_quiesce_weakest(const struct svr_quiesce *q)
{
	enum svr_fate weakest = SVR_FATE_DELETED;
	int cpu;

	for_each_cpu(cpu, &q->want)
		weakest = min(weakest, svr_quiesce_fate(q, cpu));
	return weakest;
}

/**
 * svr_quiesce - park every other CPU
 * @q: receives which CPUs have stopped, and how
 *
 * Takes as long as the kernel's stop: 1.01 s, and where an interrupt was not enough a line
 * in the log and the registration of an NMI handler, which wait for locks. On top of that,
 * SVR_ON_ITS_WAY_US, SVR_IRQ_PARK_US, SVR_NMI_PARK_US and twice SVR_NMI_CROSSED_US at most,
 * and for each CPU a call to the host, and one to the SVSM with its repeats (svr_svsm_delete()).
 * The kernel's stop cannot be left out: it is a one-shot, and machine_shutdown() would make
 * it later, and wait for ever.
 *
 * Context: any, NMI included, interrupts off; once.
 */
void svr_quiesce(struct svr_quiesce *q)
{
	u64 start = local_clock();
	int cpu;

	/* Before the stop: it clears bits of the online mask */
	cpumask_or(&q->want, svr_cpus_online(), cpu_online_mask);
	cpumask_or(&q->want, &q->want, svr_cpus_moving());
	cpumask_clear_cpu(raw_smp_processor_id(), &q->want);
	cpumask_clear(&q->nmi);
	cpumask_clear(&q->destroyed);
	cpumask_clear(&q->deleted);

	svr_find_missing(q);
	if (!cpumask_empty(&q->missing))
		svr_stop_others(q);
	if (svr_answer_crossed(q))
		udelay(SVR_NMI_CROSSED_US);
	for_each_cpu(cpu, &q->missing)
		svr_quiesce_destroy(q, cpu);
	svr_delete_vmsas(q);

	q->took_us = div_u64(local_clock() - start, NSEC_PER_USEC);
}
