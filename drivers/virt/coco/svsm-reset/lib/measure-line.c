// SPDX-License-Identifier: GPL-2.0-only
/*
 * The facts about the last reset as one line for IMA, key=value; and so on: the keys in
 * this order, each once, words as in words.c, numbers in decimal, except the tag.
 *
 * It has no text that a crash or a person left: those who verify a measurement list read
 * all of it, and may have no right to read the log. The uptime makes each load's line
 * another one: IMA refuses to take the same line twice, and audits it.
 * Pure: kunit/measure_line_kunit.c. Read by tools/verify/ima-entry.
 */
#include <linux/gfp.h>
#include <linux/sprintf.h>

#include "measure-line.h"

/**
 * svr_measure_line - the facts as a line
 * @facts: the facts
 *
 * Context: process, may sleep.
 *
 * Return: the line, without a newline, for kfree(); NULL without memory for it.
 */
char *svr_measure_line(const struct svr_measured *facts)
{
	return kasprintf(GFP_KERNEL,
			 "version=%u;reason=%s;cause=%s;trigger=%s;outcome=%s;dump=%s;count=%u;store=%s;trust=%s;boot=0x%04x;uptime_ms=%llu;",
			 SVR_MEASURE_VERSION, svr_reason_name(facts->reason),
			 svr_cause_name(facts->cause),
			 svr_trigger_name(facts->trigger),
			 svr_outcome_name(facts->outcome),
			 svr_dump_name(facts->dump), facts->count, facts->store,
			 svr_trust_name(facts->trust), facts->boot,
			 facts->uptime_ms);
}
