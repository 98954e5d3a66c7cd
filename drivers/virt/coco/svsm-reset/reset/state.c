// SPDX-License-Identifier: GPL-2.0-only
/*
 * How far a reset has come, and whether the administrator wants one.
 */
#include <linux/atomic.h>
#include <linux/errno.h>
#include <linux/types.h>

#include "reset/reset.h"

static atomic_t svr_state = ATOMIC_INIT(SVR_STATE_READY);

/**
 * svr_state_get - how far has a reset come?
 *
 * Context: any, NMI included.
 *
 * Return: the state.
 */
enum svr_state svr_state_get(void)
{
	return atomic_read_acquire(&svr_state);
}

/**
 * svr_state_advance - take the next step, if nobody else has
 * @from: the state in which the caller believes things to be
 * @to:   the state to go to
 *
 * Context: any, NMI included.
 *
 * Return: true for the one caller that took the step.
 */
bool svr_state_advance(enum svr_state from, enum svr_state to)
{
	int old = from;

	return atomic_try_cmpxchg(&svr_state, &old, to);
}

/**
 * svr_state_begin - begin to reset the guest, armed or not
 *
 * Tries the states in their order, so that an arming in between does not lose the claim.
 *
 * Context: any, NMI included.
 *
 * Return: true for the one caller that begins; false if it is too late, or not wanted.
 */
bool svr_state_begin(void)
{
	return svr_state_advance(SVR_STATE_READY, SVR_STATE_FIRING) ||
	       svr_state_advance(SVR_STATE_ARMED, SVR_STATE_FIRING);
}

/**
 * svr_state_enable - allow or forbid resets through the SVSM
 * @yes: allow them
 *
 * Context: any.
 *
 * Return: 0; -EBUSY once a reset has begun.
 */
int svr_state_enable(bool yes)
{
	enum svr_state from = yes ? SVR_STATE_DISABLED : SVR_STATE_READY;
	enum svr_state to = yes ? SVR_STATE_READY : SVR_STATE_DISABLED;

	return svr_state_advance(from, to) || svr_state_get() == to ? 0 : -EBUSY;
}

/**
 * svr_enabled - does the administrator allow resets through the SVSM?
 *
 * Context: any.
 *
 * Return: true unless the administrator said no.
 */
bool svr_enabled(void)
{
	return svr_state_get() != SVR_STATE_DISABLED;
}
