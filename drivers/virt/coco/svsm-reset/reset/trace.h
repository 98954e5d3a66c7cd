/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tracepoints on the way of a reset.
 *
 * They are called with other CPUs stopped and inside NMIs; the ring buffer takes
 * no lock for that, and RCU is watching wherever a kmsg dumper is called. What
 * is attached to them must not wait for a stopped CPU: tp_printk does.
 *
 * A CPU that is not online emits nothing, so no CPU calls them that has been stopped. None
 * is called between the last svr_lapic_quiet() and the call, since an interrupt to this CPU
 * itself wakes the readers of the ring buffer.
 *
 * Words as text, no helpers in the formats: user space can parse them all.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM svsm_reset

#if !defined(_SVSM_RESET_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define _SVSM_RESET_TRACE_H

#include <linux/tracepoint.h>

#include "lib/request.h"
#include "lib/protocol.h"
#include "reset/reset.h"
#include "svsm/svsm.h"

/* begun_on: the CPU that asked for it, or panicked; cpu: the one that acts */
DECLARE_EVENT_CLASS(svr_begin,
		    TP_PROTO(const struct svr_request *req,
			     enum svr_ap_policy policy),
		    TP_ARGS(req, policy),
		    TP_STRUCT__entry(__string(cause, svr_cause_name(req->cause))
				     __field(int, cpu)
				     __field(int, begun_on)
				     __string(ap_policy, svr_ap_policy_name(policy))),
		    TP_fast_assign(__assign_str(cause);
				   __entry->cpu = raw_smp_processor_id();
				   __entry->begun_on = req->cpu;
				   __assign_str(ap_policy);),
		    TP_printk("cause=%s cpu=%d begun_on=%d ap_policy=%s",
			      __get_str(cause), __entry->cpu, __entry->begun_on,
			      __get_str(ap_policy))
);

/* An orderly restart has begun, which will go through the SVSM */
DEFINE_EVENT(svr_begin, arm,
	     TP_PROTO(const struct svr_request *req, enum svr_ap_policy policy),
	     TP_ARGS(req, policy));

/* The CPUs that still run are about to be stopped */
DEFINE_EVENT(svr_begin, quiesce_start,
	     TP_PROTO(const struct svr_request *req, enum svr_ap_policy policy),
	     TP_ARGS(req, policy));

/* The fate of one of them; once more for a BSP that was asked to call, and did not */
TRACE_EVENT(quiesce_cpu,
	    TP_PROTO(int cpu, u32 apic_id, enum svr_fate fate, bool nmi,
		     int pending),
	    TP_ARGS(cpu, apic_id, fate, nmi, pending),
	    TP_STRUCT__entry(__field(int, cpu)
			     __field(u32, apic_id)
			     __string(fate, svr_fate_name(fate))
			     __field(bool, nmi)
			     __field(int, pending)),
	    TP_fast_assign(__entry->cpu = cpu;
			   __entry->apic_id = apic_id;
			   __assign_str(fate);
			   __entry->nmi = nmi;
			   __entry->pending = pending;),
	    TP_printk("cpu=%d apic_id=%u fate=%s nmi=%d pending=%d", __entry->cpu,
		      __entry->apic_id, __get_str(fate), __entry->nmi,
		      __entry->pending)
);

TRACE_EVENT(quiesce_done,
	    TP_PROTO(const struct svr_quiesce *q, enum svr_fate weakest),
	    TP_ARGS(q, weakest),
	    TP_STRUCT__entry(__field(unsigned int, cpus)
			     __field(unsigned int, lost)
			     __field(unsigned int, nmi)
			     __string(weakest, svr_fate_name(weakest))
			     __field(u64, took_us)),
	    TP_fast_assign(__entry->cpus = cpumask_weight(&q->want);
			   __entry->lost = cpumask_weight_andnot(&q->missing,
								 &q->deleted);
			   __entry->nmi = cpumask_weight(&q->nmi);
			   __assign_str(weakest);
			   __entry->took_us = q->took_us;),
	    TP_printk("cpus=%u lost=%u nmi=%u weakest=%s took_us=%llu",
		      __entry->cpus, __entry->lost, __entry->nmi,
		      __get_str(weakest), __entry->took_us)
);

/* A PCI device has been told to stop DMA and interrupts, and has not */
TRACE_EVENT(device_stuck,
	    TP_PROTO(u8 bus, u8 devfn),
	    TP_ARGS(bus, devfn),
	    TP_STRUCT__entry(__field(u8, bus)
			     __field(u8, slot)
			     __field(u8, function)),
	    TP_fast_assign(__entry->bus = bus;
			   __entry->slot = devfn >> 3;
			   __entry->function = devfn & 7;),
	    TP_printk("bus=%u slot=%u function=%u", __entry->bus, __entry->slot,
		      __entry->function)
);

/* The record has been written; what is left is the local APIC and the call */
TRACE_EVENT(call,
	    TP_PROTO(const struct svr_request *req, int cpu, enum svr_route route,
		     u32 protocol),
	    TP_ARGS(req, cpu, route, protocol),
	    TP_STRUCT__entry(__string(cause, svr_cause_name(req->cause))
			     __field(int, cpu)
			     __field(bool, bsp)
			     __string(route, route == SVR_ROUTE_HAND_OVER ?
					     "hand-over" : "here")
			     __field(u32, protocol)),
	    TP_fast_assign(__assign_str(cause);
			   __entry->cpu = cpu;
			   __entry->bsp = cpu == svr_bsp_cpu();
			   __assign_str(route);
			   __entry->protocol = protocol;),
	    TP_printk("cause=%s cpu=%d bsp=%d route=%s protocol=%u",
		      __get_str(cause), __entry->cpu, __entry->bsp,
		      __get_str(route), __entry->protocol)
);

/* The call came back (errno 0: with rax), or could not be made at all */
TRACE_EVENT(call_result,
	    TP_PROTO(const struct svr_result *result),
	    TP_ARGS(result),
	    TP_STRUCT__entry(__field(int, errno)
			     __field(u64, rax)
			     __string(result, result->err ? "none" :
					      svr_result_name(result->rax))),
	    TP_fast_assign(__entry->errno = result->err;
			   __entry->rax = result->err ? 0 : result->rax;
			   __assign_str(result);),
	    TP_printk("errno=%d rax=0x%llx result=%s", __entry->errno, __entry->rax,
		      __get_str(result))
);

/* Asked for, and left to the kernel's own restart */
TRACE_EVENT(declined,
	    TP_PROTO(const struct svr_request *req, enum svr_decline why,
		     enum svr_ap_policy policy),
	    TP_ARGS(req, why, policy),
	    TP_STRUCT__entry(__string(why, svr_decline_name(why))
			     __string(cause, svr_cause_name(req->cause))
			     __field(int, cpu)
			     __string(ap_policy, svr_ap_policy_name(policy))),
	    TP_fast_assign(__assign_str(why);
			   __assign_str(cause);
			   __entry->cpu = raw_smp_processor_id();
			   __assign_str(ap_policy);),
	    TP_printk("why=%s cause=%s cpu=%d ap_policy=%s", __get_str(why),
		      __get_str(cause), __entry->cpu, __get_str(ap_policy))
);

/* trace.c */
void svr_trace_cpu(const struct svr_quiesce *q, int cpu);
void svr_trace_quiesced(const struct svr_quiesce *q, enum svr_fate others);
void svr_trace_declined(enum svr_event event, enum svr_decline why);

#endif /* _SVSM_RESET_TRACE_H */

/* In this directory, in the kernel's tree and outside of it: see the Makefile */
#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
