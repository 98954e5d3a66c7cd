/* SPDX-License-Identifier: GPL-2.0-only */
/* Waiting with interrupts off, and never for ever */
#ifndef _SVSM_RESET_WAIT_H
#define _SVSM_RESET_WAIT_H

#include <linux/delay.h>
#include <linux/sched/clock.h>
#include <linux/time64.h>
#include <linux/types.h>

/**
 * struct svr_wait - a wait that has begun
 * @end:   when it is over, local_clock()
 * @steps: how many more looks there are, should the clock stand still
 */
struct svr_wait {
	u64 end;
	unsigned long steps;
};

/**
 * svr_wait_begin - begin to wait
 * @us: for so long at most, microseconds
 *
 * Context: any, NMI included.
 *
 * Return: the wait, for svr_wait_on().
 */
static inline struct svr_wait svr_wait_begin(unsigned long us)
{
	return (struct svr_wait) {
		.end = local_clock() + us * NSEC_PER_USEC,
		.steps = us,
	};
}

/**
 * svr_wait_on - wait a little, then look again
 * @wait: the wait
 *
 * Context: any, NMI included.
 *
 * Return: true after a microsecond; false, at once, when the wait is over.
 */
static inline bool svr_wait_on(struct svr_wait *wait)
{
	if (!wait->steps || local_clock() >= wait->end)
		return false;
	wait->steps--;
	udelay(1);
	return true;
}

#endif /* _SVSM_RESET_WAIT_H */
