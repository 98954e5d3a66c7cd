// SPDX-License-Identifier: GPL-2.0-only
/*
 * CPUs that have left the online mask by themselves: a panic that another CPU carries
 * out leaves one (panic_force_cpu= of Linux 7.0 and later).
 *
 * The CPU that panics sends an interrupt to the one that was named, leaves the
 * online mask by itself and spins, interrupts off, for good. No stop of the
 * kernel's reaches it there: the kernel sends none to a CPU that is offline, and
 * exc_nmi() drops the NMI of one that is. So that CPU would count as running, and
 * a dump would lack the very registers that it is made for.
 *
 * The driver puts it back into the mask right before the NMI that can stop it: on
 * the way to a crash kernel the kernel's own, which saves the registers,
 * otherwise ours. It knows these CPUs by CPU hotplug, which was told nothing.
 */
#include <linux/atomic.h>
#include <linux/cpumask.h>
#include <linux/rcupdate.h>
#include <linux/smp.h>
#include <linux/time64.h>
#include <asm/apic.h>
#include <asm/irq_vectors.h>

#include "compat.h"
#include "lib/crash-log.h"
#include "reset/reset.h"
#include "reset/wait.h"
#include "svsm-reset.h"
#include "svsm/svsm.h"

/* From an NMI for one that left the mask late to its evidence */
#define SVR_RECALLED_PARK_US	(100 * USEC_PER_MSEC)

/* Only the CPU that panics or fires looks at it */
static struct cpumask svr_recalled;
static void (*svr_kernel_crash_stop)(void);

/**
 * svr_redirect_recall - put CPUs back into the online mask that have left it by themselves
 *
 * These are the CPUs that have neither been taken offline nor left evidence. A CPU that is
 * about to leave it may be among them: an NMI does it no harm.
 *
 * Context: any, NMI included; on the CPU that stops the others, interrupts off.
 *
 * Return: these CPUs, until the next call.
 */
const struct cpumask *svr_redirect_recall(void)
{
	int cpu;

	cpumask_andnot(&svr_recalled, svr_cpus_online(), cpu_online_mask);
	for_each_cpu(cpu, &svr_recalled) {
		if (svr_cpu_parked(cpu))
			cpumask_clear_cpu(cpu, &svr_recalled);
		/* As set_cpu_online(), which is not exported */
		else if (!cpumask_test_and_set_cpu(cpu, &__cpu_online_mask))
			atomic_inc(&__num_online_cpus);
	}
	return &svr_recalled;
}

static bool svr_recalled_parked(void)
{
	int cpu;

	for_each_cpu(cpu, &svr_recalled)
		if (!svr_cpu_parked(cpu))
			return false;
	return true;
}

/*
 * smp_ops.crash_stop_other_cpus: interrupts off, perhaps inside an NMI; the
 * kernel still has its GHCBs. The kernel's stop leaves its NMI handler in place.
 * A CPU that has redirected its panic sends the interrupt before it leaves the
 * mask: the panic may come here in between, so there is a second look.
 */
static void svr_crash_stop(void)
{
	struct svr_wait wait;

	svr_redirect_recall();
	svr_kernel_crash_stop();
	if (cpumask_empty(svr_redirect_recall()))
		return;
	__apic_send_IPI_mask(&svr_recalled, NMI_VECTOR);
	wait = svr_wait_begin(SVR_RECALLED_PARK_US);
	while (!svr_recalled_parked() && svr_wait_on(&wait))
		;
}

/**
 * svr_redirect_install - take part in the stop on the way to a crash kernel
 *
 * Context: process.
 */
void svr_redirect_install(void)
{
	if (!SVR_PANIC_MAY_BE_REDIRECTED)
		return;
	svr_kernel_crash_stop = smp_ops.crash_stop_other_cpus;
	if (svr_kernel_crash_stop)
		/* After svr_kernel_crash_stop, which the CPU that panics calls */
		smp_store_release(&smp_ops.crash_stop_other_cpus,
				  svr_crash_stop);
}

/**
 * svr_redirect_uninstall - undo svr_redirect_install()
 *
 * Context: process, may sleep.
 */
void svr_redirect_uninstall(void)
{
	if (!svr_kernel_crash_stop)
		return;
	cmpxchg(&smp_ops.crash_stop_other_cpus, svr_crash_stop,
		svr_kernel_crash_stop);
	/* A CPU that is on its way through has interrupts off, and never turns them on */
	synchronize_rcu();
}

/**
 * svr_redirect_origin - on which CPU did this panic begin?
 * @cpu: this CPU, which carries it out
 *
 * Goes by what panic() has logged. Context: any, NMI included; on the CPU that panics.
 *
 * Return: a number of a CPU; @cpu if nothing was said, or nothing that makes sense.
 */
int svr_redirect_origin(int cpu)
{
	unsigned int from;
	const char *log;
	size_t len;

	if (!SVR_PANIC_MAY_BE_REDIRECTED)
		return cpu;
	len = svr_log_tail(&log);
	from = svr_crash_log_origin(log, len);
	return from < nr_cpu_ids && cpu_possible(from) ? from : cpu;
}
