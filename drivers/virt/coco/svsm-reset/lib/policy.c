// SPDX-License-Identifier: GPL-2.0-only
/*
 * The decisions of the driver, as tables.
 *
 * Pure: kunit/policy_kunit.c goes through every row and column.
 */
#include <linux/errno.h>
#include <linux/string.h>

#include "policy.h"

/*
 * Everything that is not in this table is SVR_ACT_NOTHING. In particular
 * SVR_EVENT_SHUTDOWN while nothing is armed: that is power-off, halt or
 * kexec, and for the last one even a line in the log could be fatal. And
 * SVR_EVENT_PANIC: a crash kernel may still follow, and comes first.
 */
static const enum svr_act svr_acts[SVR_NR_EVENTS][SVR_NR_STATES] = {
	[SVR_EVENT_PREPARE]  = { [SVR_STATE_READY] = SVR_ACT_ARM  },
	[SVR_EVENT_EMERG]    = { [SVR_STATE_READY] = SVR_ACT_FIRE,
				 [SVR_STATE_ARMED] = SVR_ACT_FIRE,
				 [SVR_STATE_FIRING] = SVR_ACT_TAKE_OVER },
	[SVR_EVENT_SHUTDOWN] = { [SVR_STATE_ARMED] = SVR_ACT_FIRE,
				 [SVR_STATE_FIRING] = SVR_ACT_TAKE_OVER },
	[SVR_EVENT_RESTART]  = { [SVR_STATE_ARMED] = SVR_ACT_FIRE,
				 [SVR_STATE_FIRING] = SVR_ACT_TAKE_OVER },
};

/**
 * svr_policy_act - what to do about an event
 * @event: what happened
 * @state: how far a reset has come
 *
 * Context: any.
 *
 * Return: the act; SVR_ACT_NOTHING for values out of range.
 */
enum svr_act svr_policy_act(enum svr_event event, enum svr_state state)
{
	if ((unsigned int)event >= SVR_NR_EVENTS ||
	    (unsigned int)state >= SVR_NR_STATES)
		return SVR_ACT_NOTHING;
	return svr_acts[event][state];
}

/**
 * svr_policy_declines - why is a reset that was asked for left to the kernel?
 * @event: what happened
 * @state: how far a reset has come
 *
 * For the tracepoint. The other events are not meant for this driver alone, or
 * come when nothing at all may be done about them; see svr_acts.
 *
 * Context: any.
 *
 * Return: why; SVR_NR_DECLINES when no reset has been asked for, or it is under
 * way.
 */
enum svr_decline svr_policy_declines(enum svr_event event, enum svr_state state)
{
	if (event != SVR_EVENT_PREPARE && event != SVR_EVENT_EMERG)
		return SVR_NR_DECLINES;
	if (state == SVR_STATE_DISABLED)
		return SVR_DECLINE_DISABLED;
	return state == SVR_STATE_SPENT ? SVR_DECLINE_SPENT : SVR_NR_DECLINES;
}

/* The weakest fate that each policy accepts */
static const enum svr_fate svr_fates_enough[SVR_NR_AP_POLICIES] = {
	[SVR_AP_REFUSE]	= SVR_FATE_OFFLINE,
	[SVR_AP_HOST]	= SVR_FATE_DESTROYED,
	[SVR_AP_FORCE]	= SVR_FATE_RUNNING,
};

/**
 * svr_policy_enough - may the call be made?
 * @weakest: the weakest fate of any other CPU
 * @policy:  the administrator's choice
 *
 * The host's word is not enough unless the administrator says so: the host can
 * keep a CPU from parking, claim that it has destroyed it, and let it run on
 * when its memory belongs to another kernel.
 *
 * Context: any.
 *
 * Return: true when it may; false for values out of range.
 */
bool svr_policy_enough(enum svr_fate weakest, enum svr_ap_policy policy)
{
	if ((unsigned int)weakest >= SVR_NR_FATES ||
	    (unsigned int)policy >= SVR_NR_AP_POLICIES)
		return false;
	return weakest >= svr_fates_enough[policy];
}

/**
 * svr_policy_destroy - should the host be asked to destroy a CPU?
 * @policy:    the administrator's choice
 * @deletable: the SVSM can be asked to delete that CPU's VMSA afterwards
 *
 * Only where the host's word changes anything: otherwise the kernel's own
 * restart finds the CPU as it is.
 *
 * Context: any.
 *
 * Return: true when it should.
 */
bool svr_policy_destroy(enum svr_ap_policy policy, bool deletable)
{
	return deletable || policy != SVR_AP_REFUSE;
}

/**
 * svr_policy_clears_up - does the kernel clear up before it starts another one?
 * @probed: 0 if it has a function for that (snp_kexec_finish()), or a negative
 *          errno
 *
 * Context: any.
 *
 * Return: 1 when it does, 0 when it does not; @probed where nobody can tell.
 */
int svr_policy_clears_up(int probed)
{
	if (!probed)
		return 1;
	return probed == -ENOENT ? 0 : probed;
}

/**
 * svr_policy_route - who makes the call, if anybody?
 * @weakest: the weakest fate of any other CPU, the BSP included
 * @bsp:     where the BSP is
 * @policy:  the administrator's choice
 *
 * The draft does not say what a call from an AP does; the next kernel then
 * takes itself for a crash kernel and leaves the BSP out. So the BSP makes the
 * call wherever it can.
 *
 * Context: any.
 *
 * Return: the route.
 */
enum svr_route svr_policy_route(enum svr_fate weakest, enum svr_bsp bsp,
				enum svr_ap_policy policy)
{
	if ((unsigned int)bsp >= SVR_NR_BSP ||
	    !svr_policy_enough(weakest, policy))
		return SVR_ROUTE_REFUSE;
	if (bsp == SVR_BSP_PARKED)
		return SVR_ROUTE_HAND_OVER;
	return SVR_ROUTE_HERE;
}

/**
 * svr_policy_rehearse - may a rehearsal begin, or go on?
 * @state: how far a reset has come
 *
 * A rehearsal takes no step of a reset, so it is never in a reset's way.
 * Context: any.
 *
 * Return: 0 when it may; -EOPNOTSUPP when resets are disabled, -EBUSY when one has
 * begun, or has failed; -EINVAL for values out of range.
 */
int svr_policy_rehearse(enum svr_state state)
{
	switch (state) {
	case SVR_STATE_READY:
		return 0;
	case SVR_STATE_ARMED:
	case SVR_STATE_FIRING:
	case SVR_STATE_SPENT:
		return -EBUSY;
	case SVR_STATE_DISABLED:
		return -EOPNOTSUPP;
	default:
		return -EINVAL;
	}
}

/**
 * svr_policy_rehearsed - what came of a rehearsal?
 * @steps: the check of each of its SVR_NR_STEPS steps
 *
 * A step that failed says more than one that was not reached. Context: any.
 *
 * Return: FAILED, GAVE_WAY or OK.
 */
enum svr_check svr_policy_rehearsed(const enum svr_check *steps)
{
	enum svr_check all = SVR_CHECK_OK;
	unsigned int i;

	for (i = 0; i < SVR_NR_STEPS; i++) {
		if (steps[i] == SVR_CHECK_FAILED)
			return SVR_CHECK_FAILED;
		if (steps[i] == SVR_CHECK_GAVE_WAY)
			all = SVR_CHECK_GAVE_WAY;
	}
	return all;
}

static int svr_policy_parse(const struct svr_word *words, int count,
			    const char *text)
{
	int policy;

	for (policy = 0; policy < count; policy++)
		if (sysfs_streq(text, words[policy].word))
			return policy;
	return -EINVAL;
}

/**
 * svr_ap_policy_parse - policy from the text of a parameter or a sysfs file
 * @text: the text; a newline at its end does not count
 *
 * Context: any.
 *
 * Return: an &enum svr_ap_policy, or -EINVAL.
 */
int svr_ap_policy_parse(const char *text)
{
	return svr_policy_parse(svr_ap_policy_words, SVR_NR_AP_POLICIES, text);
}

/**
 * svr_device_policy_parse - the same of &enum svr_device_policy
 * @text: the text; a newline at its end does not count
 *
 * Context: any.
 *
 * Return: an &enum svr_device_policy, or -EINVAL.
 */
int svr_device_policy_parse(const char *text)
{
	return svr_policy_parse(svr_device_policy_words,
				SVR_NR_DEVICE_POLICIES, text);
}
