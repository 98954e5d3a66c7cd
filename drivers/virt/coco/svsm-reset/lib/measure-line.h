/* SPDX-License-Identifier: GPL-2.0-only */
/* What a verifier sees of the last reset */
#ifndef _SVSM_RESET_MEASURE_LINE_H
#define _SVSM_RESET_MEASURE_LINE_H

#include <linux/types.h>

#include "words.h"

/* Goes up when a reader of the text before would misread the new one */
#define SVR_MEASURE_VERSION	1

/**
 * struct svr_measured - the facts that are measured
 * @reason:    why the machine was reset
 * @cause:     what began it
 * @trigger:   who made an emergency restart
 * @outcome:   what became of it
 * @dump:      what became of the crash kernel
 * @count:     resets so far
 * @store:     name of the store that had the record
 * @trust:     how far that store can be trusted
 * @boot:      tag of this boot, 0 when it has none
 * @uptime_ms: since this boot
 */
struct svr_measured {
	enum svr_reason reason;
	enum svr_cause cause;
	enum svr_trigger trigger;
	enum svr_outcome outcome;
	enum svr_dump dump;
	unsigned int count;
	const char *store;
	enum svr_trust trust;
	u16 boot;
	u64 uptime_ms;
};

char *svr_measure_line(const struct svr_measured *facts);

#endif /* _SVSM_RESET_MEASURE_LINE_H */
