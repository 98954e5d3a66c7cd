// SPDX-License-Identifier: GPL-2.0-only
/*
 * How far a reset has come.
 */
#include <linux/atomic.h>

#include "svsm-reset.h"

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
