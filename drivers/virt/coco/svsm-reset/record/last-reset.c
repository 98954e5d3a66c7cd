// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is known of the last reset: found out once, at load, and then kept for
 * the life of the module.
 */
#define pr_fmt(fmt) "svsm-reset: " fmt

#include <linux/crash_dump.h>
#include <linux/kstrtox.h>
#include <linux/limits.h>
#include <linux/printk.h>
#include <linux/smp.h>
#include <linux/sprintf.h>
#include <linux/string.h>
#include <linux/string_choices.h>
#include <linux/time64.h>
#include <asm/tsc.h>

#include "record/record.h"
#include "svsm-reset.h"

/* One line of the log */
#define SVR_REPORT_TEXT		256

static struct svr_last_reset svr_found = {
	.record = { .cpu = SVR_RECORD_NO_CPU },
	.reason = SVR_REASON_UNKNOWN,
	.outcome = SVR_OUTCOME_UNKNOWN,
};

static u16 svr_boot;

/*
 * A number that is the same for all of this boot, and most likely another in
 * the next: the address of something that never moves, the way %p prints it,
 * which is hashed with a key that is made at boot. With no_hash_pointers there
 * is no hash: the address itself comes out, is too large, and the answer is 0.
 */
static u16 svr_make_boot_tag(void)
{
	char text[2 * sizeof(void *) + 1];
	u32 hash;

	snprintf(text, sizeof(text), "%p", &smp_ops);
	if (kstrtou32(text, 16, &hash))
		return 0;
	return (u16)(hash ^ hash >> 16) ?: 1;
}

/**
 * svr_last_reset - what is known of the last reset
 *
 * Context: any.
 *
 * Return: what svr_last_reset_load() found, never NULL.
 */
const struct svr_last_reset *svr_last_reset(void)
{
	return &svr_found;
}

/**
 * svr_boot_tag - tag of this boot
 *
 * Context: any.
 *
 * Return: the tag, 0 when there is none.
 */
u16 svr_boot_tag(void)
{
	return svr_boot;
}

static void svr_last_settle(enum svr_outcome outcome)
{
	/* A record from a forgeable store does not get better by being written to a better one */
	bool hearsay = svr_last_reset_trust() == SVR_TRUST_HOST;

	svr_record_settle(&svr_found.record, outcome, svr_boot);
	svr_found.record.hearsay = hearsay;
	svr_found.outcome = outcome;
	svr_found.reason = svr_record_reason(&svr_found.record, outcome);
}

/**
 * svr_last_reset_load - find out why the machine was reset last
 *
 * Context: process, may sleep; after svr_stores_open().
 */
void svr_last_reset_load(void)
{
	const struct svr_store **store = &svr_found.store;
	struct svr_record *rec = &svr_found.record;
	int err;

	svr_boot = svr_make_boot_tag();
	err = svr_stores_read(rec, store);
	svr_last_settle(svr_record_outcome(err, rec, svr_boot,
					   *store && (*store)->one_launch,
					   rdtsc_ordered()));
}

/**
 * svr_last_reset_mark - record that no reset has begun in this boot
 *
 * If the next load finds this mark in another boot, the machine was reset without our
 * doing. The mark also keeps what was found, so that a load in the same boot reports it
 * again. A store that does not keep what is written proves nothing by being empty: then the
 * reason is unknown. The mark does not claim a blank store that others may use. Where there
 * is no other store, a reset that is not our doing looks like a first boot. A crash kernel
 * leaves the record of the crash as it is. Context: process, may sleep.
 */
void svr_last_reset_mark(void)
{
	if (svr_found.record.stage == SVR_STAGE_CRASHED && is_kdump_kernel())
		return;
	svr_stores_mark(&svr_found.record);
	if (!svr_stores_wanted() || svr_stores_keep(svr_boot))
		return;
	pr_warn("no store keeps a record, last reset: unknown\n");
	svr_last_settle(SVR_OUTCOME_UNKNOWN);
}

/**
 * svr_last_reset_crash_block - crash block of the kernel that crashed
 *
 * The host must not choose this address: it knows pages of the guest whose
 * contents are its own, and the driver believes what the block says of the CPUs.
 *
 * Context: any.
 *
 * Return: its physical address as found at load, where only this guest can have
 * written it; 0 when there is none.
 */
u64 svr_last_reset_crash_block(void)
{
	return svr_found.record.stage == SVR_STAGE_CRASHED &&
	       svr_last_reset_trust() == SVR_TRUST_GUEST ? svr_found.record.block : 0;
}

/**
 * svr_last_reset_trust - how far can the record be trusted?
 *
 * Context: any.
 *
 * Return: the trust of the record's store, lowered to HOST if an earlier load of this boot
 * found it in a forgeable one.
 */
enum svr_trust svr_last_reset_trust(void)
{
	if (!svr_found.store)
		return SVR_TRUST_NONE;
	return svr_found.record.hearsay ? SVR_TRUST_HOST :
		svr_found.store->trust;
}

/**
 * svr_last_reset_store - where was the record found?
 *
 * Context: any.
 *
 * Return: name of the store, "none" when there was no record.
 */
const char *svr_last_reset_store(void)
{
	return svr_found.store ? svr_found.store->name : "none";
}

/**
 * svr_last_reset_dump - what became of the crash kernel?
 *
 * Context: any.
 *
 * Return: what became of it; SVR_DUMP_IN_PROGRESS if this is the crash kernel.
 */
enum svr_dump svr_last_reset_dump(void)
{
	if (svr_found.record.stage == SVR_STAGE_CRASHED && is_kdump_kernel())
		return SVR_DUMP_IN_PROGRESS;
	return svr_record_dump(&svr_found.record);
}

/**
 * svr_time_text - a wall time
 * @time: seconds since 1970, 0: not known
 * @text: receives it, or "unknown"
 * @size: bytes of it
 *
 * Context: any.
 */
void svr_time_text(u64 time, char *text, size_t size)
{
	time64_t seconds = time;

	if (time)
		scnprintf(text, size, "%ptT%c", &seconds, 'Z');
	else
		strscpy(text, "unknown", size);
}

/* " at WHEN"; after a crash kernel " crashed at WHEN, reset at WHEN" */
static int svr_report_times(const struct svr_record *rec, char *text,
			    size_t size)
{
	u64 crashed = svr_record_crash_time(rec);
	char time[SVR_TIME_TEXT];
	int len = 0;

	if (crashed && rec->stage != SVR_STAGE_CRASHED) {
		svr_time_text(crashed, time, sizeof(time));
		len = scnprintf(text, size, ", crashed at %s, reset", time);
	}
	if (rec->time) {
		svr_time_text(rec->time, time, sizeof(time));
		len += scnprintf(text + len, size - len, " at %s", time);
	}
	return len;
}

static void svr_report_record(char *text, size_t size)
{
	if (svr_found.store)
		scnprintf(text, size, "record from %s (%s)", svr_last_reset_store(),
			  svr_trust_name(svr_last_reset_trust()));
	else
		strscpy(text, "no record was found", size);
}

/**
 * svr_last_reset_report - log the line that a person looks for after a crash
 *
 * Context: process, may sleep.
 */
void svr_last_reset_report(void)
{
	const struct svr_record *rec = &svr_found.record;
	char text[SVR_REPORT_TEXT], from[SVR_RECORD_TEXT];
	unsigned int count = svr_record_resets(rec);
	enum svr_dump dump = svr_last_reset_dump();
	int len;

	len = scnprintf(text, sizeof(text), "%s", svr_cause_name(rec->cause));
	if (rec->trigger > SVR_TRIGGER_UNKNOWN)
		len += scnprintf(text + len, sizeof(text) - len, " (%s)",
				 svr_trigger_name(rec->trigger));
	if (dump >= SVR_DUMP_INTERRUPTED)
		len += scnprintf(text + len, sizeof(text) - len, " (dump %s)",
				 svr_dump_name(dump));
	if (rec->message[0])
		len += scnprintf(text + len, sizeof(text) - len, " \"%s\"",
				 rec->message);
	if (rec->cpu != SVR_RECORD_NO_CPU)
		len += scnprintf(text + len, sizeof(text) - len, " on CPU %u",
				 rec->cpu);
	len += svr_report_times(rec, text + len, sizeof(text) - len);
	if (rec->cause > SVR_CAUSE_UNKNOWN && dump != SVR_DUMP_IN_PROGRESS)
		scnprintf(text + len, sizeof(text) - len, ", %s",
			  svr_outcome_name(svr_found.outcome));
	svr_report_record(from, sizeof(from));
	svr_log_loud(KERN_NOTICE pr_fmt("last reset: %s; %u reset%s so far; %s\n"),
		     text, count, str_plural(count), from);
}
