// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a record means: the outcome of the reset, and its reason.
 *
 * Pure: kunit/record_meaning_kunit.c has the tables.
 */
#include <linux/errno.h>
#include <linux/limits.h>
#include <linux/minmax.h>
#include <linux/string.h>

#include "record-codec.h"

/**
 * svr_record_rank - which of several stores' answers counts?
 * @decoded: what svr_record_decode() returned, -ENODEV without a store
 *
 * A damaged record still counts as ours, since another store's record may be
 * older. Somebody else's bytes say nothing about ours, but an empty store next
 * to them does not prove that there never was a record.
 * Context: any.
 *
 * Return: a number, larger for an answer that goes before another.
 */
int svr_record_rank(int decoded)
{
	switch (decoded) {
	case -ENODEV:
		return 0;
	case -ENODATA:
		return 1;
	case -ENOMSG:
	case -EPROTONOSUPPORT:
		return 2;
	default:
		return SVR_RANK_OURS;
	}
}

/* Written by the same boot, after the other one */
static bool svr_record_newer(const struct svr_record *rec,
			     const struct svr_record *than)
{
	return than->loaded && !rec->loaded;
}

/* About the same reset, with more to say; a small record has no time */
static bool svr_record_fuller(const struct svr_record *rec,
			      const struct svr_record *than)
{
	return rec->stage == than->stage && rec->loaded == than->loaded &&
	       rec->cause == than->cause &&
	       rec->interrupted == than->interrupted &&
	       (!than->time || rec->time == than->time) &&
	       rec->kernel[0] && !than->kernel[0];
}

/**
 * svr_record_better - does this record go before another one?
 * @rec:  a record that has been decoded
 * @than: the other one, of a store that is asked before
 *
 * Only for a store that can be trusted as far. A store that could not be written
 * when the reset began still has what the load left there.
 *
 * Context: any.
 *
 * Return: true when it does.
 */
bool svr_record_better(const struct svr_record *rec,
		       const struct svr_record *than)
{
	return rec->boot && rec->boot == than->boot &&
	       (svr_record_newer(rec, than) || svr_record_fuller(rec, than));
}

/*
 * Is this about the last reset? A record that a load of the module left says that
 * the machine came up again without our doing, unless this very boot wrote it: then
 * the module was unloaded and loaded again, and what was found first still holds.
 */
static bool svr_record_current(const struct svr_record *rec, u16 boot)
{
	return !rec->loaded || (boot && rec->boot == boot);
}

/**
 * svr_record_outcome - what became of the reset that was asked for?
 * @decoded:     what svr_record_decode() returned, -ENODEV without a store
 * @rec:         the record
 * @boot:        tag of this boot, 0 when it has none
 * @same_launch: nothing in its store outlives the virtual machine
 * @tsc:         time stamp counter
 *
 * A record that was written right before the call, and not changed since, tells
 * that the call did not come back. Then either the SVSM reset the machine, or
 * the host ended it and launched another, in which the TSC begins anew. That is
 * the host's word, though, and so is the record in such a store.
 * Context: any.
 *
 * Return: the outcome; SVR_OUTCOME_UNKNOWN rather than a wrong one.
 */
enum svr_outcome svr_record_outcome(int decoded, const struct svr_record *rec,
				    u16 boot, bool same_launch, u64 tsc)
{
	if (decoded == -ENODATA)
		return SVR_OUTCOME_NONE;
	if (decoded || !svr_record_current(rec, boot))
		return SVR_OUTCOME_UNKNOWN;

	switch (rec->stage) {
	case SVR_STAGE_LOADED:
		return rec->cause == SVR_CAUSE_NONE ?
			SVR_OUTCOME_NONE : SVR_OUTCOME_UNKNOWN;
	case SVR_STAGE_CALLED:
		/* By the time of a second load the TSC may have caught up */
		if (!rec->loaded && !same_launch && tsc < rec->tsc)
			return SVR_OUTCOME_RELAUNCHED;
		return SVR_OUTCOME_COMPLETED;
	case SVR_STAGE_ELSEWHERE:
		return SVR_OUTCOME_RELAUNCHED;
	case SVR_STAGE_REFUSED:
	case SVR_STAGE_RETURNED:
	case SVR_STAGE_NOANSWER:
		return SVR_OUTCOME_REFUSED;
	default:
		/* A crash kernel is still at work, or has not finished */
		return SVR_OUTCOME_UNKNOWN;
	}
}

/**
 * svr_record_settle - make it the record that a load leaves
 * @rec:     the record, all zero without one
 * @outcome: what svr_record_outcome() said of it
 * @boot:    tag of this boot, 0 when it has none
 *
 * If the record is not about the last reset, only its counts are kept; a crash
 * is known even where nobody can tell what came after it. A reset that ended in
 * another launch does not count.
 * Context: any.
 */
void svr_record_settle(struct svr_record *rec, enum svr_outcome outcome,
		       u16 boot)
{
	struct svr_record blank = {
		.stage = SVR_STAGE_LOADED,
		.cause = outcome == SVR_OUTCOME_NONE ?
			SVR_CAUSE_NONE : SVR_CAUSE_UNKNOWN,
		.cpu = SVR_RECORD_NO_CPU,
	};

	if (outcome == SVR_OUTCOME_RELAUNCHED &&
	    rec->stage == SVR_STAGE_CALLED) {
		rec->stage = SVR_STAGE_ELSEWHERE;
		/* A store without room has them all under "unknown" */
		if (rec->counts[rec->cause])
			rec->counts[rec->cause]--;
		else if (rec->counts[SVR_REASON_UNKNOWN])
			rec->counts[SVR_REASON_UNKNOWN]--;
	} else if (outcome == SVR_OUTCOME_NONE ||
		   (outcome == SVR_OUTCOME_UNKNOWN &&
		    (rec->stage != SVR_STAGE_CRASHED ||
		     !svr_record_current(rec, boot)))) {
		memcpy(blank.counts, rec->counts, sizeof(blank.counts));
		*rec = blank;
	}
	rec->loaded = true;
	rec->boot = boot;
}

/**
 * svr_cause_reason - the reason of a reset that came about
 * @cause: what began it
 *
 * Context: any.
 *
 * Return: the reason, which has the cause's name.
 */
enum svr_reason svr_cause_reason(enum svr_cause cause)
{
	return (enum svr_reason)cause;
}

/**
 * svr_record_reason - why was the machine reset?
 * @rec:     the record, settled
 * @outcome: what became of the reset
 *
 * Context: any.
 *
 * Return: the reason: the cause, or SVR_REASON_REFUSED if the reset came to
 * nothing.
 */
enum svr_reason svr_record_reason(const struct svr_record *rec,
				  enum svr_outcome outcome)
{
	return outcome == SVR_OUTCOME_REFUSED ? SVR_REASON_REFUSED :
						svr_cause_reason(rec->cause);
}

/**
 * svr_record_dump - what became of the crash kernel?
 * @rec: the record, settled
 *
 * Context: any.
 *
 * Return: what became of it; SVR_DUMP_NONE when there was none.
 */
enum svr_dump svr_record_dump(const struct svr_record *rec)
{
	if (rec->cause != SVR_CAUSE_KDUMP)
		return SVR_DUMP_NONE;
	if (rec->stage == SVR_STAGE_CRASHED)
		return SVR_DUMP_UNKNOWN;
	return rec->interrupted ? SVR_DUMP_INTERRUPTED : SVR_DUMP_ENDED;
}

/**
 * svr_record_crash_time - when did the kernel crash?
 * @rec: the record, settled
 *
 * Context: any.
 *
 * Return: seconds since 1970; 0 when that is not known, or there was no crash kernel.
 */
u64 svr_record_crash_time(const struct svr_record *rec)
{
	if (rec->cause != SVR_CAUSE_KDUMP)
		return 0;
	return rec->stage == SVR_STAGE_CRASHED ? rec->time : rec->crashed;
}

/**
 * svr_record_join - add resets that only another store has counted
 * @rec:    the record
 * @boot:   tag of the boot that wrote the other one, 0 when it has none
 * @resets: svr_record_resets() of that
 *
 * Two records of one boot count the same resets, but a small one has no room for reasons,
 * and a medium one none for resets without a known reason. Context: any.
 */
void svr_record_join(struct svr_record *rec, u16 boot, unsigned int resets)
{
	unsigned int mine = svr_record_resets(rec);
	u16 *unknown = &rec->counts[SVR_REASON_UNKNOWN];

	if (boot && rec->boot == boot && resets > mine)
		*unknown = min_t(unsigned int, *unknown + resets - mine,
				 U16_MAX);
}

/**
 * svr_record_count - count one more reset
 * @rec:    the record
 * @reason: its reason
 *
 * Context: any, NMI included.
 */
void svr_record_count(struct svr_record *rec, enum svr_reason reason)
{
	if (rec->counts[reason] < U16_MAX)
		rec->counts[reason]++;
}
