// SPDX-License-Identifier: GPL-2.0-only
/*
 * The tracepoints themselves, and the code that gathers what they show, which
 * runs only where somebody has turned them on.
 */
#include <linux/cpumask.h>
#include <linux/minmax.h>
#include <linux/percpu.h>
#include <linux/smp.h>

#include "reset/reset.h"
#define CREATE_TRACE_POINTS
#include "reset/trace.h"

/**
 * svr_trace_cpu - trace the fate of a CPU
 * @q:   what svr_quiesce() found
 * @cpu: that CPU
 *
 * Context: any, NMI included; other CPUs may be stopped.
 */
void svr_trace_cpu(const struct svr_quiesce *q, int cpu)
{
	int pending = -1;

	if (!trace_quiesce_cpu_enabled())
		return;
	/* Written by that CPU, before its evidence */
	if (svr_cpu_parked(cpu))
		pending = per_cpu(svr_cpus, cpu).pending;
	trace_quiesce_cpu(cpu, per_cpu(x86_cpu_to_apicid, cpu),
			  svr_quiesce_fate(q, cpu),
			  cpumask_test_cpu(cpu, &q->nmi), pending);
}

/**
 * svr_trace_quiesced - trace the fates of all other CPUs
 * @q:      what svr_quiesce() found
 * @others: the weakest fate of CPUs that are not this kernel's
 *
 * Context: any, NMI included; other CPUs may be stopped.
 */
void svr_trace_quiesced(const struct svr_quiesce *q, enum svr_fate others)
{
	int cpu;

	if (trace_quiesce_cpu_enabled())
		for_each_present_cpu(cpu)
			if (cpu != raw_smp_processor_id())
				svr_trace_cpu(q, cpu);
	if (trace_quiesce_done_enabled())
		trace_quiesce_done(q, min(svr_quiesce_weakest(q), others));
}

/**
 * svr_trace_declined - trace that a reset is left to the kernel
 * @event: what has happened, for the cause
 * @why:   an &enum svr_decline; anything else is not traced
 *
 * Context: any, NMI included; other CPUs may be stopped.
 */
void svr_trace_declined(enum svr_event event, enum svr_decline why)
{
	if (trace_declined_enabled() && (unsigned int)why < SVR_NR_DECLINES)
		trace_declined(svr_cause_of(event), why, svr_ap_policy_get());
}
