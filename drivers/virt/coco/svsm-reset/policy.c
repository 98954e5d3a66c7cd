// SPDX-License-Identifier: GPL-2.0-only
/*
 * The decisions of the driver, as tables.
 *
 * Pure: kunit/policy_kunit.c goes through every row and column.
 */
#include <linux/string.h>

#include "policy.h"

static const char * const svr_ap_policy_names[SVR_NR_AP_POLICIES] = {
	[SVR_AP_REFUSE]	= "refuse",
	[SVR_AP_FORCE]	= "force",
};

static const char * const svr_state_names[SVR_NR_STATES] = {
	[SVR_STATE_READY]	= "ready",
	[SVR_STATE_ARMED]	= "armed",
	[SVR_STATE_FIRING]	= "firing",
	[SVR_STATE_SPENT]	= "spent",
};

/*
 * Everything that is not in this table is SVR_ACT_NOTHING. In particular
 * SVR_EVENT_SHUTDOWN while nothing is armed: that is power-off, halt or
 * kexec, and for the last one even a line in the log could be fatal.
 */
static const enum svr_act svr_acts[SVR_NR_EVENTS][SVR_NR_STATES] = {
	[SVR_EVENT_PREPARE]  = { [SVR_STATE_READY] = SVR_ACT_ARM  },
	[SVR_EVENT_SHUTDOWN] = { [SVR_STATE_ARMED] = SVR_ACT_FIRE },
	[SVR_EVENT_RESTART]  = { [SVR_STATE_ARMED] = SVR_ACT_FIRE },
};

/**
 * svr_policy_act - what is to be done about an event?
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

static const enum svr_route svr_routes_parked[SVR_NR_BSP] = {
	[SVR_BSP_SELF]		= SVR_ROUTE_HERE,
	[SVR_BSP_WAITING]	= SVR_ROUTE_HAND_OVER,
	[SVR_BSP_LOST]		= SVR_ROUTE_REFUSE,
	[SVR_BSP_ABSENT]	= SVR_ROUTE_HERE,
};

static const enum svr_route svr_routes_forced[SVR_NR_BSP] = {
	[SVR_BSP_SELF]		= SVR_ROUTE_HERE,
	[SVR_BSP_WAITING]	= SVR_ROUTE_HAND_OVER,
	[SVR_BSP_LOST]		= SVR_ROUTE_HERE,
	[SVR_BSP_ABSENT]	= SVR_ROUTE_HERE,
};

/**
 * svr_policy_route - who makes the call, if anybody?
 * @all_parked: every other CPU has shown that it is parked
 * @bsp:        where the BSP is
 * @policy:     the administrator's choice for the case that something is amiss
 *
 * The draft does not say what a call from an AP does; the next kernel then
 * takes itself for a crash kernel and leaves the BSP out. So the BSP calls
 * wherever it can be had. Context: any.
 *
 * Return: the route.
 */
enum svr_route svr_policy_route(bool all_parked, enum svr_bsp bsp,
				enum svr_ap_policy policy)
{
	if ((unsigned int)bsp >= SVR_NR_BSP)
		return SVR_ROUTE_REFUSE;
	if (policy == SVR_AP_FORCE)
		return svr_routes_forced[bsp];
	if (!all_parked)
		return SVR_ROUTE_REFUSE;
	return svr_routes_parked[bsp];
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
	return sysfs_match_string(svr_ap_policy_names, text);
}

/**
 * svr_ap_policy_name - name of a policy
 * @policy: the policy
 *
 * Context: any.
 *
 * Return: its name, never NULL.
 */
const char *svr_ap_policy_name(enum svr_ap_policy policy)
{
	if ((unsigned int)policy >= SVR_NR_AP_POLICIES)
		return "unknown";
	return svr_ap_policy_names[policy];
}

/**
 * svr_state_name - name of a state
 * @state: the state
 *
 * Context: any.
 *
 * Return: its name, never NULL.
 */
const char *svr_state_name(enum svr_state state)
{
	if ((unsigned int)state >= SVR_NR_STATES)
		return "unknown";
	return svr_state_names[state];
}
