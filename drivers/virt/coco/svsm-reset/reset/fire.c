// SPDX-License-Identifier: GPL-2.0-only
/*
 * A reset, in order: quiesce the CPUs, record, stop the devices, amend the record, call.
 *
 * The other CPUs are stopped when this logs anything, so it logs little.
 */
#define pr_fmt(fmt) "svsm-reset: " fmt

#include <linux/atomic.h>
#include <linux/cpumask.h>
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/irqflags.h>
#include <linux/minmax.h>
#include <linux/smp.h>
#include <linux/time64.h>

#include "crash/crash.h"
#include "record/record.h"
#include "reset/reset.h"
#include "reset/trace.h"
#include "reset/wait.h"
#include "svsm-reset.h"
#include "svsm/svsm.h"

/*
 * Another CPU is resetting the guest: by then, whichever of the two was
 * stopping the other by interrupt has done so.
 */
#define SVR_STAND_BY_US		(100 * USEC_PER_MSEC)

/* Too large for a stack, and there is only one reset */
static struct svr_quiesce svr_stopped;
static struct cpumask svr_parked;
static struct cpumask svr_offline;
static struct cpumask svr_lost;
static struct svr_result svr_result;
/* The CPU that fires or has fired; -1 before */
static atomic_t svr_firing = ATOMIC_INIT(-1);
/* In a capture kernel: the weakest fate of the crashed kernel's CPUs */
static enum svr_fate svr_captured = SVR_FATE_DELETED;

/* The CPUs that are neither parked nor deleted */
static const struct cpumask *svr_find_lost(const struct svr_quiesce *q)
{
	cpumask_andnot(&svr_lost, &q->missing, &q->deleted);
	return &svr_lost;
}

static void svr_report_mask(const char *what, const struct cpumask *mask)
{
	if (!cpumask_empty(mask))
		svr_info("%s: %*pbl\n", what, cpumask_pr_args(mask));
}

/* The one line that the consoles show in spite of "quiet" */
static void svr_report_parked(const struct svr_quiesce *q,
			      const struct svr_request *req)
{
	const char *cause = svr_cause_name(req->cause);

	if (cpumask_empty(&q->want))
		svr_loud_info("%s on CPU %d: there is no other CPU to stop\n",
			      cause, req->cpu);
	else if (cpumask_empty(&svr_parked))
		svr_loud_info("%s on CPU %d: quiesced 0 of %u CPUs in %llu us\n",
			      cause, req->cpu, cpumask_weight(&q->want),
			      q->took_us);
	else
		svr_loud_info("%s on CPU %d: quiesced %u of %u CPUs in %llu us (parked: %*pbl)\n",
			      cause, req->cpu, cpumask_weight(&svr_parked),
			      cpumask_weight(&q->want), q->took_us,
			      cpumask_pr_args(&svr_parked));
}

static void svr_report_quiesce(const struct svr_quiesce *q,
			       const struct svr_request *req)
{
	int cpu;

	cpumask_andnot(&svr_parked, &q->want, &q->missing);
	cpumask_andnot(&svr_offline, cpu_present_mask, &q->want);
	cpumask_clear_cpu(raw_smp_processor_id(), &svr_offline);

	svr_report_parked(q, req);
	if (req->interrupted)
		svr_warn("the crash kernel panicked or was restarted by force, its dump may be incomplete\n");
	svr_report_mask("by NMI", &q->nmi);
	svr_report_mask("offline before the reset", &svr_offline);
	svr_report_mask("destroyed, as the host says", &q->destroyed);
	svr_report_mask("VMSA deleted by the SVSM", &q->deleted);
	if (!cpumask_empty(&q->missing))
		svr_err("CPU %*pbl did not park\n",
			cpumask_pr_args(&q->missing));
	for_each_cpu(cpu, &svr_parked)
		if (per_cpu(svr_cpus, cpu).pending >= 0)
			svr_warn("CPU %d: vector 0x%x stays pending in the local APIC\n",
				 cpu, per_cpu(svr_cpus, cpu).pending);
}

static enum svr_bsp svr_find_bsp(const struct svr_quiesce *q)
{
	int bsp = svr_bsp_cpu();

	if (bsp < 0)
		return SVR_BSP_ABSENT;
	if (bsp == raw_smp_processor_id())
		return SVR_BSP_SELF;
	if (!cpumask_test_cpu(bsp, &q->want) ||
	    cpumask_test_cpu(bsp, &q->missing))
		return SVR_BSP_LOST;
	return SVR_BSP_PARKED;
}

/* No CPU is stopped for a call that cannot be made */
static bool svr_caller_has_ca(void)
{
	int cpu = svr_bsp_cpu();

	if (cpu < 0)
		cpu = raw_smp_processor_id();
	if (per_cpu(svr_cpus, cpu).ca)
		return true;
	svr_err("CPU %d, which has to make the call, has no calling area, the kernel's own restart goes on\n",
		cpu);
	return false;
}

static void svr_prepare_call(const struct svr_request *req)
{
	/* First the source, then what is on its way: see svr_lapic_quiet() */
	svr_timers_stop();
	svr_ioapic_mask();
	if (!svr_write_call(req, svr_find_lost(&svr_stopped)))
		svr_warn("no store has a record of this reset\n");
}

/* Runs on the BSP, while the CPU that fires is parked */
static void svr_call_handed_over(struct svr_cpu *bsp)
{
	svr_lapic_quiet();
	svr_transport_execute(bsp->ca, &svr_result);
}

static void svr_call_here(void)
{
	int pending = svr_lapic_quiet();

	if (pending >= 0)
		svr_warn("vector 0x%x stays pending in the local APIC\n",
			 pending);
	svr_transport_execute(this_cpu_read(svr_cpus.ca), &svr_result);
}

static enum svr_fate svr_weakest(const struct svr_quiesce *q)
{
	return min(svr_quiesce_weakest(q), svr_captured);
}

static bool svr_devices_will_do(void)
{
	if (!svr_devices_stop() || svr_device_policy_get() == SVR_DEVICE_FORCE)
		return true;
	svr_err("refusing the SVSM reset (device_policy=refuse), the kernel's own restart goes on\n");
	return false;
}

/*
 * Returns SVR_NR_DECLINES when a call was made, and came back. The BSP is asked once; if it
 * does not answer, it counts as lost, like any other CPU that does not stop.
 */
static enum svr_decline svr_route_call(const struct svr_request *req)
{
	struct svr_quiesce *q = &svr_stopped;
	enum svr_ap_policy policy = svr_ap_policy_get();
	enum svr_fate weakest = svr_weakest(q);
	enum svr_bsp bsp = svr_find_bsp(q);
	enum svr_route route = svr_policy_route(weakest, bsp, policy);
	int cpu = raw_smp_processor_id();
	int err;

	if (route != SVR_ROUTE_REFUSE) {
		/* The host may hang in the stop of a device, and be reset from outside */
		svr_write_ahead(req, svr_find_lost(q));
		if (!svr_devices_will_do())
			return SVR_DECLINE_DEVICE;
	}
	if (route == SVR_ROUTE_HAND_OVER) {
		svr_info("handing the call over from CPU %d to the BSP, CPU %d\n",
			 cpu, svr_bsp_cpu());
		svr_prepare_call(req);
		trace_call(req, svr_bsp_cpu(), route, svr_protocol());
		err = svr_handover_request(svr_call_handed_over);
		if (!err)
			return SVR_NR_DECLINES;
		svr_err("the BSP, CPU %d, did not take the call over (%pe)\n",
			svr_bsp_cpu(), ERR_PTR(err));
		cpumask_set_cpu(svr_bsp_cpu(), &q->missing);
		svr_quiesce_destroy(q, svr_bsp_cpu());
		svr_trace_cpu(q, svr_bsp_cpu());
		weakest = svr_weakest(q);
		bsp = SVR_BSP_LOST;
		route = svr_policy_route(weakest, bsp, policy);
	}

	if (route != SVR_ROUTE_HERE) {
		svr_err("refusing the SVSM reset (ap_policy=%s), the kernel's own restart goes on\n",
			svr_ap_policy_name(policy));
		return SVR_DECLINE_POLICY;
	}
	if (weakest == SVR_FATE_RUNNING)
		svr_warn("ap_policy=force: calling although a CPU may be running\n");
	if (bsp != SVR_BSP_SELF)
		svr_warn("the call comes from CPU %d, which is not the BSP\n",
			 cpu);
	svr_prepare_call(req);
	trace_call(req, cpu, route, svr_protocol());
	svr_call_here();
	return SVR_NR_DECLINES;
}

static void svr_report_return(const struct svr_result *result)
{
	trace_call_result(result);
	if (result->err == -ENXIO)
		svr_err("SVSM_REBOOT_EXECUTE could not be called (%pe), the kernel's own restart goes on\n",
			ERR_PTR(result->err));
	else if (result->err)
		svr_err("SVSM_REBOOT_EXECUTE: no answer from the SVSM (%pe), the kernel's own restart goes on\n",
			ERR_PTR(result->err));
	else
		svr_err("SVSM_REBOOT_EXECUTE came back: 0x%llx (%s), the kernel's own restart goes on\n",
			result->rax, svr_result_name(result->rax));
}

/*
 * Exactly one CPU wins; with interrupts off it stays the current CPU. An NMI in
 * here finds out by svr_firing that it has interrupted that CPU.
 */
static bool svr_claim(void)
{
	int nobody = -1;

	if (!atomic_try_cmpxchg(&svr_firing, &nobody, raw_smp_processor_id()))
		return false;
	if (svr_state_begin())
		return true;
	atomic_set(&svr_firing, -1);
	return false;
}

/* The result of the call; NULL if there was none */
static const struct svr_result *svr_attempt(enum svr_event event,
					    const struct svr_request *req)
{
	enum svr_decline why;

	if (!svr_caller_has_ca()) {
		svr_trace_declined(event, SVR_DECLINE_NO_CA);
		return NULL;
	}
	svr_kvm_areas_off();
	trace_quiesce_start(req, svr_ap_policy_get());
	svr_quiesce(&svr_stopped);
	svr_report_quiesce(&svr_stopped, req);
	svr_captured = svr_capture_account();
	svr_trace_quiesced(&svr_stopped, svr_captured);

	why = svr_route_call(req);
	svr_devices_start();
	if (why != SVR_NR_DECLINES) {
		svr_trace_declined(event, why);
		/* Drop the stop that a CPU which stands by may have sent */
		svr_lapic_quiet();
		return NULL;
	}
	svr_report_return(&svr_result);
	return &svr_result;
}

/* Interrupts off */
static void svr_reset(enum svr_event event)
{
	const struct svr_request *req = svr_cause_of(event);
	const struct svr_result *result = svr_attempt(event, req);

	svr_write_refusal(req, svr_find_lost(&svr_stopped), result);
	svr_state_advance(SVR_STATE_FIRING, SVR_STATE_SPENT);
	svr_park_wake(&svr_stopped);
}

/*
 * If the CPU that fired has been stopped, this CPU goes on in its place. It
 * begins everything anew, except for the hand-over, of which there is only one.
 */
static bool svr_try_take_over(enum svr_event event, int cpu)
{
	unsigned long flags;
	bool mine = false;

	local_irq_save(flags);
	if (svr_cpu_stopped(cpu))
		mine = atomic_try_cmpxchg(&svr_firing, &cpu,
					  raw_smp_processor_id());
	if (mine) {
		/* It may have been stopped before it advanced the state */
		svr_state_begin();
		svr_warn("CPU %d was stopped while it reset the guest, CPU %d takes over\n",
			 cpu, raw_smp_processor_id());
		svr_reset(event);
	}
	local_irq_restore(flags);
	return mine;
}

/**
 * svr_take_over - leave the reset to the CPU that fires, or go on in its place
 * @event: what happened, for the cause
 *
 * Returning at once would restart by way of the host, and take the reset from
 * the CPU that has begun it. A panic stops all other CPUs, so it may have
 * stopped that one: then this CPU goes on. Otherwise this CPU waits until that
 * one stops it, by an interrupt where interrupts are on. After that it halts by
 * itself, because inside an NMI nothing else would stop it.
 *
 * A CPU that panics while it resets the guest is not let in again.
 *
 * Context: any, NMI included, as svr_fire(). Returns when the guest has not been
 * reset, for the kernel's own restart to go on.
 */
void svr_take_over(enum svr_event event)
{
	struct svr_wait wait = svr_wait_begin(SVR_STAND_BY_US);
	unsigned long flags;
	int cpu;

	do {
		cpu = atomic_read_acquire(&svr_firing);
		if (cpu < 0 || cpu == raw_smp_processor_id() ||
		    svr_state_get() == SVR_STATE_SPENT ||
		    svr_try_take_over(event, cpu))
			return;
	} while (svr_wait_on(&wait));

	local_irq_save(flags);
	svr_park_stand_by();
	local_irq_restore(flags);
}

/**
 * svr_fire - reset this guest through its SVSM
 * @event: what happened, for the cause
 *
 * Does so once: the first CPU that gets here fires, and the others stand by. A
 * later call has no effect.
 *
 * Context: any, NMI included. Interrupts may be on, they are off while this
 * runs. Returns only if the SVSM did not reset the guest; the other CPUs are
 * then stopped for good, as a restart stops them by itself unless it is told
 * reboot=force.
 */
void svr_fire(enum svr_event event)
{
	unsigned long flags;
	bool mine;

	local_irq_save(flags);
	mine = svr_claim();
	if (mine)
		svr_reset(event);
	local_irq_restore(flags);
	if (!mine)
		svr_take_over(event);
}
