// SPDX-License-Identifier: GPL-2.0-only
/*
 * The record, written while a reset is under way.
 *
 * All of it runs in any context, NMI included: nothing here waits, and locks are
 * only tried. The times are those of the last tick. A better clock would read a
 * clock source, and one of those (HPET) has a lock that a CPU which an NMI has
 * stopped may hold. Without ticks the times are too old: after a panic with a
 * timeout, by as long as that was.
 */
#define pr_fmt(fmt) "svsm-reset: " fmt

#include <linux/cpumask.h>
#include <linux/limits.h>
#include <linux/minmax.h>
#include <linux/string.h>
#include <linux/timekeeping.h>
#include <linux/utsname.h>
#include <asm/tsc.h>

#include "record/record.h"
#include "reset/reset.h"
#include "svsm/svsm.h"

/* Too large for the stack of an NMI, and there is only one reset */
static struct svr_record svr_written;

static void svr_write_fill(struct svr_record *rec, enum svr_stage stage,
			   const struct svr_request *req)
{
	*rec = (struct svr_record) {
		.stage = stage,
		.cause = req->cause,
		.trigger = req->trigger,
		.interrupted = req->interrupted,
		.boot = svr_boot_tag(),
		.cpu = req->cpu < 0 ? SVR_RECORD_NO_CPU : req->cpu,
		.uptime = min_t(u64, ktime_get_seconds(), U32_MAX),
		.time = max_t(s64, ktime_get_real_seconds(), 0),
	};
	/* The reset by the crash kernel itself */
	if (req->cause == SVR_CAUSE_KDUMP && stage != SVR_STAGE_CRASHED)
		rec->crashed = svr_record_crash_time(&svr_last_reset()->record);
	memcpy(rec->counts, svr_last_reset()->record.counts, sizeof(rec->counts));
	strscpy(rec->kernel, init_utsname()->release);
	strscpy(rec->message, req->message);
}

static void svr_write_begin(enum svr_stage stage, const struct svr_request *req)
{
	svr_write_fill(&svr_written, stage, req);
}

static void svr_write_lost(const struct cpumask *lost)
{
	unsigned int cpu;

	for_each_cpu(cpu, lost)
		svr_record_add_lost(&svr_written, cpu);
}

/**
 * svr_write_ahead - record a reset that has not come as far as the call
 * @req:  why
 * @lost: CPUs that are not known to have stopped
 *
 * Should the machine be reset from outside before svr_write_call() or svr_write_refusal()
 * amends it, this is what the next boot finds: that no call was made.
 *
 * Context: any, NMI included; only tries locks.
 */
void svr_write_ahead(const struct svr_request *req, const struct cpumask *lost)
{
	svr_write_begin(SVR_STAGE_REFUSED, req);
	svr_write_lost(lost);
	svr_record_count(&svr_written, SVR_REASON_REFUSED);
	svr_stores_write_ahead(&svr_written);
}

/**
 * svr_write_call - record that the call is about to be made
 * @req:   why
 * @lost:  CPUs that are not known to have stopped
 *
 * Context: any, NMI included; only tries locks.
 *
 * Return: true when the record has been written, wherever that is.
 */
bool svr_write_call(const struct svr_request *req, const struct cpumask *lost)
{
	svr_write_begin(SVR_STAGE_CALLED, req);
	svr_written.tsc = rdtsc_ordered();
	svr_write_lost(lost);
	svr_devices_record(&svr_written);
	svr_record_count(&svr_written, svr_cause_reason(req->cause));
	return svr_stores_write(&svr_written, false);
}

/**
 * svr_write_refusal - record that the SVSM does not reset the guest
 * @req:   the reset that was asked for
 * @lost:   CPUs that are not known to have stopped
 * @result: how the call ended, NULL when none was made
 *
 * Context: any, NMI included; only tries locks.
 */
void svr_write_refusal(const struct svr_request *req, const struct cpumask *lost,
		       const struct svr_result *result)
{
	enum svr_stage stage = SVR_STAGE_REFUSED;

	if (result)
		stage = result->err ? SVR_STAGE_NOANSWER : SVR_STAGE_RETURNED;
	svr_write_begin(stage, req);
	svr_write_lost(lost);
	svr_devices_record(&svr_written);
	if (result) {
		svr_written.result = true;
		svr_written.err = result->err;
		svr_written.rax = result->rax;
	}
	svr_record_count(&svr_written, SVR_REASON_REFUSED);
	svr_stores_write(&svr_written, false);
}

/**
 * svr_write_crash - record a crash, on the way to a crash kernel
 * @req:   why
 * @block: physical address of the crash block
 *
 * The kernel may have given its GHCBs back: only memory writes are still safe; anything
 * that involves the host, even RDTSC, is not.
 *
 * Context: any, NMI included; only tries locks.
 *
 * Return: true when it has been written where there is room for @block.
 */
bool svr_write_crash(const struct svr_request *req, u64 block)
{
	svr_write_begin(SVR_STAGE_CRASHED, req);
	svr_written.block = block;
	return svr_stores_write(&svr_written, true) > SVR_RECORD_SMALL;
}

/**
 * svr_write_preview - what would the next boot show of an orderly restart's message?
 * @message: the message
 * @shown:   becomes what it would show, empty when there is no room for any of it
 * @size:    bytes there are for it
 *
 * Assumes that the SVSM resets the guest. Context: process.
 */
void svr_write_preview(const char *message, char *shown, size_t size)
{
	struct svr_request req = { .cause = SVR_CAUSE_REBOOT };
	struct svr_record rec, found;

	shown[0] = 0;
	/* While resets are disabled no record is written */
	if (!svr_enabled())
		return;
	strscpy(req.message, message);
	svr_write_fill(&rec, SVR_STAGE_CALLED, &req);
	svr_stores_preview(&rec, &found);
	strscpy(shown, found.message, size);
}
