// SPDX-License-Identifier: GPL-2.0-only
/*
 * The record of the last reset: read once at load, written twice a boot.
 *
 * Where the bytes are kept is behind struct svr_store. Whatever that is now,
 * the host can read and forge it: a hint for people, not a proof.
 */
#define pr_fmt(fmt) "svsm-reset: " fmt

#include <linux/cpumask.h>
#include <linux/kstrtox.h>
#include <linux/smp.h>
#include <linux/sprintf.h>

#include "svsm-reset.h"

static const struct svr_store *const svr_store = &svr_store_cmos;

static enum svr_reason svr_last_reason = SVR_REASON_UNKNOWN;
static struct svr_record svr_found;
static u32 svr_boot;
/* These bytes are somebody else's, or of a later version: leave them alone */
static bool svr_store_foreign;

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

/**
 * svr_store_load - find out why the machine was reset last
 *
 * Context: process, may sleep.
 */
void svr_store_load(void)
{
	u8 raw[SVR_RECORD_SIZE];
	int err;

	svr_boot = svr_boot_tag();
	err = svr_store->read(raw);
	if (err) {
		pr_warn("%s: no record can be kept: %d\n", svr_store->name, err);
		return;
	}
	err = svr_record_decode(raw, &svr_found);
	svr_store_foreign = err == -ENOMSG || err == -EPROTONOSUPPORT;
	if (svr_store_foreign)
		pr_warn("%s: not a record that is known here (%d), left alone: last reset unknown, nor will the next be known\n",
			svr_store->name, err);
	else if (err && err != -ENODATA)
		pr_warn("%s: damaged record (%d), last reset: unknown\n",
			svr_store->name, err);
	svr_last_reason = svr_record_reason(err, &svr_found, svr_boot);
}

/**
 * svr_store_mark_loaded - no reset has been started in this boot
 *
 * If the next load finds this, in another boot, it knows that the machine was
 * reset without our doing. It also keeps the reason, so that a load in the
 * same boot reports it again. A store that does not keep what is written proves
 * nothing by being empty: then the reason is unknown. Context: process.
 */
void svr_store_mark_loaded(void)
{
	const struct svr_cause last = { .reason = svr_last_reason, .cpu = -1 };
	struct svr_record rec;
	u8 raw[SVR_RECORD_SIZE];

	if (svr_store_foreign)
		return;
	if (svr_store_note(SVR_STAGE_LOADED, &last, cpu_none_mask) &&
	    !svr_store->read(raw) && !svr_record_decode(raw, &rec) &&
	    rec.stage == SVR_STAGE_LOADED && rec.boot == svr_boot)
		return;
	pr_warn("%s: does not keep a record, last reset: unknown\n",
		svr_store->name);
	svr_last_reason = SVR_REASON_UNKNOWN;
}

/**
 * svr_store_note - write the record
 * @stage: what is happening
 * @cause: why
 * @lost:  CPUs that are not known to have stopped
 *
 * Context: any; only tries locks.
 *
 * Return: true when the record has been written.
 */
bool svr_store_note(enum svr_stage stage, const struct svr_cause *cause,
		    const struct cpumask *lost)
{
	struct svr_record rec = {
		.stage = stage,
		.reason = cause->reason,
		.count = svr_found.count + (stage != SVR_STAGE_LOADED),
		.boot = svr_boot,
	};
	u8 raw[SVR_RECORD_SIZE];

	if (svr_store_foreign)
		return false;
	svr_record_encode(&rec, raw);
	return !svr_store->write(raw);
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
