// SPDX-License-Identifier: GPL-2.0-only
/*
 * Stop the other CPUs, and know that they have stopped.
 *
 * The kernel's own stop comes first: it is the gentle one. It does not say
 * whether it worked, does nothing with reboot=force, and is a one-shot; so
 * what counts is the evidence that each CPU leaves as it halts (park.c). A CPU
 * that is still online without any gets the kernel's stop interrupt from us,
 * which leaves it no lock that is held with interrupts off, then an NMI, which
 * may leave it any (log.c). Once a CPU has
 * halted it must not be woken again: an NMI makes it run code of the guest
 * even if that only looks at the clock.
 */
#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/sched/clock.h>
#include <linux/smp.h>
#include <linux/time64.h>
#include <asm/apic.h>
#include <asm/irq_vectors.h>

#include "svsm-reset.h"
#include "wait.h"

/*
 * A CPU is on its way from leaving the online mask to halting. The kernel's
 * stop does not wait for the last steps of it.
 */
#define SVR_ON_ITS_WAY_US	(10 * USEC_PER_MSEC)
/* From our stop interrupt to evidence; a CPU with interrupts off ignores it */
#define SVR_IRQ_PARK_US		(100 * USEC_PER_MSEC)
/* From our NMI to evidence; a CPU that ignores an NMI for so long is lost */
#define SVR_NMI_PARK_US		(1 * USEC_PER_SEC)
/*
 * A CPU got our NMI while it was about to halt by itself: the NMI finds it
 * offline, is dropped, and the CPU halts again. Only then is it quiet.
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

/* Until none is missing, or (@nmi_can_help) all that are could be NMI'd */
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
 * sysvec_reboot() needs nothing from the CPU that sends it. One that is on its
 * way already takes no interrupts any more.
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

/**
 * svr_quiesce - park every other CPU
 * @q: outcome
 *
 * Takes at most the kernel's own bounds (1.01 s) and SVR_ON_ITS_WAY_US,
 * SVR_IRQ_PARK_US, SVR_NMI_PARK_US and SVR_NMI_CROSSED_US on top.
 *
 * Context: any, interrupts off, CPU hotplug disabled; once.
 */
void svr_quiesce(struct svr_quiesce *q)
{
	u64 start = local_clock();

	/* Before the stop: it clears bits of the online mask */
	cpumask_or(&q->want, svr_cpus_online(), cpu_online_mask);
	cpumask_clear_cpu(raw_smp_processor_id(), &q->want);
	cpumask_clear(&q->nmi);

	smp_ops.stop_other_cpus(0);

	svr_wait_parked(q, SVR_ON_ITS_WAY_US, true);
	svr_interrupt_missing(q);
	svr_wait_parked(q, SVR_IRQ_PARK_US, false);
	svr_nmi_missing(q);
	svr_wait_parked(q, SVR_NMI_PARK_US, false);
	if (svr_nmi_crossed(q))
		udelay(SVR_NMI_CROSSED_US);

	q->took_us = div_u64(local_clock() - start, NSEC_PER_USEC);
}
