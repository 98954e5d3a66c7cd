// SPDX-License-Identifier: GPL-2.0-only
/*
 * The last reset as critical data for IMA. With a policy that asks for it (the label is
 * svsm-reset) a verifier sees that this guest was reset, and how. Without one, or without
 * IMA, nothing happens.
 */
#include <linux/ima.h>
#include <linux/ktime.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/timekeeping.h>

#include "lib/measure-line.h"
#include "record/record.h"

/* In a rule of the policy: measure func=CRITICAL_DATA label=svsm-reset */
#define SVR_MEASURE_LABEL	"svsm-reset"
/* In the measurement list */
#define SVR_MEASURE_EVENT	"svsm-reset-record"

/**
 * svr_measure - hand what is known of the last reset to IMA
 *
 * Once, at load, when that is settled. A failure is ignored: a verifier cannot tell it from
 * a module that was not loaded, so a missing entry proves nothing either way.
 *
 * Context: process, may sleep.
 */
void svr_measure(void)
{
	const struct svr_last_reset *last = svr_last_reset();
	const struct svr_measured facts = {
		.reason = last->reason,
		.cause = last->record.cause,
		.trigger = last->record.trigger,
		.outcome = last->outcome,
		.dump = svr_last_reset_dump(),
		.count = svr_record_resets(&last->record),
		.store = svr_last_reset_store(),
		.trust = svr_last_reset_trust(),
		.boot = svr_boot_tag(),
		.uptime_ms = ktime_to_ms(ktime_get_boottime()),
	};
	char *line = svr_measure_line(&facts);

	if (!line)
		return;
	ima_measure_critical_data(SVR_MEASURE_LABEL, SVR_MEASURE_EVENT, line,
				  strlen(line), false, NULL, 0);
	kfree(line);
}
