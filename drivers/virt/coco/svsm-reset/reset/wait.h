/* SPDX-License-Identifier: GPL-2.0-only */
/* Waits with interrupts off, each with a bound */
#ifndef _SVSM_RESET_WAIT_H
#define _SVSM_RESET_WAIT_H

#include <linux/atomic.h>
#include <linux/delay.h>
#include <linux/limits.h>
#include <linux/time64.h>
#include <linux/types.h>
#include <asm/tsc.h>

/**
 * struct svr_wait - a wait that has begun
 * @end:   when it is over, by the TSC: the kernel's own clocks may be pages that it shares
 *         with the host, and no longer shares on the way to another kernel
 * @steps: how many more looks there are, should the TSC stand still
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
		/* Where nobody knows how fast it runs, the steps are the bound */
		.end = tsc_khz ? rdtsc() + (u64)us * tsc_khz / USEC_PER_MSEC :
		       U64_MAX,
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
	if (!wait->steps || rdtsc() >= wait->end)
		return false;
	wait->steps--;
	udelay(1);
	return true;
}

/**
 * svr_wait_over - is the wait over? For a caller that works meanwhile
 * @wait: the wait
 *
 * Context: any, NMI included.
 *
 * Return: true when it is; never where nobody knows how fast the TSC runs.
 */
static inline bool svr_wait_over(const struct svr_wait *wait)
{
	return rdtsc() >= wait->end;
}

/**
 * svr_wait_until - wait until another CPU has set a variable to a value
 * @var:      the variable; what that CPU wrote before it is seen then
 * @val:      the value
 * @limit_us: for so long at most, microseconds
 *
 * Context: any, NMI included.
 *
 * Return: true when it has the value; false when the wait is over.
 */
static inline bool svr_wait_until(const atomic_t *var, int val,
				  unsigned long limit_us)
{
	struct svr_wait wait = svr_wait_begin(limit_us);

	do {
		if (atomic_read_acquire(var) == val)
			return true;
	} while (svr_wait_on(&wait));
	return false;
}

#endif /* _SVSM_RESET_WAIT_H */
