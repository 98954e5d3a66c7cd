// SPDX-License-Identifier: GPL-2.0-only
/*
 * The record of the last reset: read once at load, written twice a boot.
 *
 * It is written to every store there is and read from the first that has one,
 * in the order of what they can promise. A store that has been emptied, a
 * secrets page restored from its launch copy for one, leaves it to the next;
 * so does one with somebody else's bytes.
 */
#define pr_fmt(fmt) "svsm-reset: " fmt

#include <linux/array_size.h>
#include <linux/crash_dump.h>
#include <linux/cpumask.h>
#include <linux/kstrtox.h>
#include <linux/minmax.h>
#include <linux/smp.h>
#include <linux/sprintf.h>
#include <linux/string.h>

#include "svsm-reset.h"

static const struct svr_store * const svr_stores[] = {
	&svr_store_secrets,
	&svr_store_cmos,
};

/* The bytes are somebody else's, or of another version: leave them alone */
static bool svr_store_foreign[ARRAY_SIZE(svr_stores)];

static const struct svr_store *svr_store_found;
static enum svr_reason svr_last_reason = SVR_REASON_UNKNOWN;
static struct svr_record svr_found;
static u32 svr_boot;

/*
 * A number that is the same for all of this boot, and another in the next:
 * the address of something that never moves, the way %p prints it, which is
 * hashed with a key that is made at boot. With no_hash_pointers there is
 * none; then the address comes out, is too large, and the answer is 0.
 */
static u32 svr_boot_tag(void)
{
	char text[2 * sizeof(void *) + 1];
	u32 tag;

	snprintf(text, sizeof(text), "%p", &smp_ops);
	return kstrtou32(text, 16, &tag) ? 0 : tag;
}

/* What this store has; -ENODATA when the next one is to be asked */
static int svr_store_look(unsigned int i, struct svr_record *rec)
{
	const struct svr_store *store = svr_stores[i];
	u8 raw[SVR_RECORD_LARGE];
	int err;

	if (store->read(raw))
		return -ENODATA;
	err = svr_record_decode(raw, store->size, rec);
	svr_store_foreign[i] = err == -ENOMSG || err == -EPROTONOSUPPORT;
	if (svr_store_foreign[i])
		pr_warn("%s: not a record that is known here (%d), left alone\n",
			store->name, err);
	else if (err && err != -ENODATA)
		pr_warn("%s: damaged record (%d), last reset: unknown\n",
			store->name, err);
	return err;
}

/**
 * svr_store_load - find out why the machine was reset last
 *
 * Context: process, may sleep.
 */
void svr_store_load(void)
{
	int result = -ENODATA;
	unsigned int i;

	svr_boot = svr_boot_tag();
	for (i = 0; i < ARRAY_SIZE(svr_stores); i++) {
		struct svr_record rec;
		int err = svr_store_look(i, &rec);

		/* All are looked at, for those that are not to be written */
		if (svr_record_rank(err) > svr_record_rank(result)) {
			result = err;
			svr_found = rec;
			svr_store_found = svr_store_foreign[i] ?
				NULL : svr_stores[i];
		}
	}
	svr_last_reason = svr_record_reason(result, &svr_found, svr_boot);
	/* What else it says is about a reset that was not the last one */
	if (svr_last_reason <= SVR_REASON_UNKNOWN)
		svr_found = (struct svr_record) {
			.cpu = SVR_RECORD_NO_CPU,
			.count = svr_found.count,
		};
}

/* Is what svr_store_mark_loaded() wrote there? */
static bool svr_store_keeps(unsigned int i)
{
	struct svr_record rec;
	u8 raw[SVR_RECORD_LARGE];

	return !svr_stores[i]->read(raw) &&
	       !svr_record_decode(raw, svr_stores[i]->size, &rec) &&
	       rec.stage == SVR_STAGE_LOADED && rec.boot == svr_boot;
}

static bool svr_store_write(const struct svr_record *rec)
{
	u8 raw[SVR_RECORD_LARGE];
	bool written = false;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(svr_stores); i++) {
		if (svr_store_foreign[i])
			continue;
		svr_record_encode(rec, raw, svr_stores[i]->size);
		if (!svr_stores[i]->write(raw))
			written = true;
	}
	return written;
}

/**
 * svr_store_mark_loaded - no reset has been started in this boot
 *
 * If the next load finds this, in another boot, it knows that the machine was
 * reset without our doing. It also keeps the reason, so that a load in the
 * same boot reports it again. Stores that do not keep what is written prove
 * nothing by being empty: then the reason is unknown. A crash kernel leaves the
 * record of the crash as it is. Context: process.
 */
void svr_store_mark_loaded(void)
{
	struct svr_record rec = svr_found;
	unsigned int i;

	if (svr_found.stage == SVR_STAGE_CRASHED && is_kdump_kernel())
		return;
	rec.stage = SVR_STAGE_LOADED;
	rec.reason = svr_last_reason;
	rec.boot = svr_boot;
	svr_store_write(&rec);
	for (i = 0; i < ARRAY_SIZE(svr_stores); i++)
		if (!svr_store_foreign[i] && svr_store_keeps(i))
			return;
	pr_warn("no store keeps a record, last reset: unknown\n");
	svr_last_reason = SVR_REASON_UNKNOWN;
}

static u32 svr_store_lost(const struct cpumask *lost)
{
	u32 bits = 0;
	int cpu;

	for_each_cpu(cpu, lost)
		bits |= BIT(min(cpu, SVR_RECORD_LAST_LOST));
	return bits;
}

static struct svr_record svr_store_record(enum svr_stage stage,
					  const struct svr_cause *cause)
{
	return (struct svr_record) {
		.stage = stage,
		.reason = cause->reason,
		.cpu = (unsigned int)cause->cpu < SVR_RECORD_NO_CPU ?
			cause->cpu : SVR_RECORD_NO_CPU,
		.count = svr_found.count + (stage == SVR_STAGE_CALLED),
		.boot = svr_boot,
	};
}

/**
 * svr_store_note - write the record
 * @stage: what is happening
 * @cause: why
 * @lost:  CPUs that are not known to have stopped
 *
 * Context: any; only tries locks.
 *
 * Return: true when the record has been written, wherever that is.
 */
bool svr_store_note(enum svr_stage stage, const struct svr_cause *cause,
		    const struct cpumask *lost)
{
	struct svr_record rec = svr_store_record(stage, cause);

	rec.lost = svr_store_lost(lost);
	strscpy(rec.message, cause->message);
	return svr_store_write(&rec);
}

/**
 * svr_store_note_crash - write the record on the way to a crash kernel
 * @cause: why
 * @block: physical address of the crash block
 *
 * Context: any; only tries locks.
 *
 * Return: true when it has been written where there is room for @block.
 */
bool svr_store_note_crash(const struct svr_cause *cause, u64 block)
{
	struct svr_record rec = svr_store_record(SVR_STAGE_CRASHED, cause);

	rec.block = block;
	return svr_store_write(&rec) && svr_secrets() && !svr_store_foreign[0];
}

/**
 * svr_store_crash_block - crash block of the kernel that crashed
 *
 * Context: any.
 *
 * Return: its physical address as found at load, from whoever wrote it; 0 when
 * there is none.
 */
u64 svr_store_crash_block(void)
{
	return svr_found.stage == SVR_STAGE_CRASHED ? svr_found.block : 0;
}

/**
 * svr_store_last_reason - why was the machine reset last?
 *
 * Context: any.
 *
 * Return: the reason as found at load.
 */
enum svr_reason svr_store_last_reason(void)
{
	return svr_last_reason;
}

/**
 * svr_store_last - the record as found at load
 *
 * Context: any.
 *
 * Return: the record, without a stage if there was none or it is not about the
 * last reset; never NULL.
 */
const struct svr_record *svr_store_last(void)
{
	return &svr_found;
}

/**
 * svr_store_name - where was the record found?
 *
 * Context: any.
 *
 * Return: name of the store, "none" when there was no record.
 */
const char *svr_store_name(void)
{
	return svr_store_found ? svr_store_found->name : "none";
}
