// SPDX-License-Identifier: GPL-2.0-only
/*
 * The facts about the last reset as one line for IMA, key=value; and so on: the keys in
 * this order, each once, words as in words.c, numbers in decimal but for the tag.
 *
 * No text that a crash or a person has left is in it: whoever verifies a measurement
 * list gets to read all of it, and need not be one who may read the log. The uptime makes
 * the line another one at each load: IMA refuses to take the same one twice, and has it
 * audited.
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
