/* SPDX-License-Identifier: GPL-2.0-only */
/* Decision tables: what to do about an event in a state, and who makes the call */
#ifndef _SVSM_RESET_POLICY_H
#define _SVSM_RESET_POLICY_H

#include <linux/types.h>

#include "words.h"

/**
 * enum svr_event - what the kernel tells us
 * @SVR_EVENT_PREPARE:  SYS_OFF_MODE_RESTART_PREPARE: only kernel_restart()
 * @SVR_EVENT_PANIC:    kmsg dump of a panic; a crash kernel may still follow
 * @SVR_EVENT_OOPS:     kmsg dump of an oops; the kernel may go on
 * @SVR_EVENT_EMERG:    kmsg dump of emergency_restart()
 * @SVR_EVENT_SHUTDOWN: kmsg dump of restart, power-off, halt and kexec alike
 * @SVR_EVENT_RESTART:  SYS_OFF_MODE_RESTART: the moment of the restart
 * @SVR_NR_EVENTS: how many events there are
 */
enum svr_event {
	SVR_EVENT_PREPARE,
	SVR_EVENT_PANIC,
	SVR_EVENT_OOPS,
	SVR_EVENT_EMERG,
	SVR_EVENT_SHUTDOWN,
	SVR_EVENT_RESTART,
	SVR_NR_EVENTS,
};

/**
 * enum svr_act - what to do about an event
 * @SVR_ACT_NOTHING: nothing at all, no logging either
 * @SVR_ACT_ARM:     get ready
 * @SVR_ACT_FIRE:    reset
 * @SVR_ACT_TAKE_OVER: leave it to the CPU that fires, or go on if that was
 *                     stopped
 */
enum svr_act {
	SVR_ACT_NOTHING,
	SVR_ACT_ARM,
	SVR_ACT_FIRE,
	SVR_ACT_TAKE_OVER,
};

/**
 * enum svr_bsp - where is the BSP, seen from the CPU that fires?
 * @SVR_BSP_SELF:    it is this CPU
 * @SVR_BSP_PARKED:  parked, so that the call can be handed over to it
 * @SVR_BSP_LOST:    not parked, or it did not take the call over
 * @SVR_BSP_ABSENT:  no CPU of this kernel is the BSP (a crash kernel)
 * @SVR_NR_BSP: how many places there are
 */
enum svr_bsp {
	SVR_BSP_SELF,
	SVR_BSP_PARKED,
	SVR_BSP_LOST,
	SVR_BSP_ABSENT,
	SVR_NR_BSP,
};

/**
 * enum svr_route - who makes the call?
 * @SVR_ROUTE_REFUSE:    nobody
 * @SVR_ROUTE_HERE:      this CPU
 * @SVR_ROUTE_HAND_OVER: the BSP, at our request
 */
enum svr_route {
	SVR_ROUTE_REFUSE,
	SVR_ROUTE_HERE,
	SVR_ROUTE_HAND_OVER,
};

enum svr_act svr_policy_act(enum svr_event event, enum svr_state state);
enum svr_decline svr_policy_declines(enum svr_event event,
				     enum svr_state state);
bool svr_policy_enough(enum svr_fate weakest, enum svr_ap_policy policy);
bool svr_policy_destroy(enum svr_ap_policy policy, bool deletable);
int svr_policy_clears_up(int probed);
enum svr_route svr_policy_route(enum svr_fate weakest, enum svr_bsp bsp,
				enum svr_ap_policy policy);

int svr_policy_rehearse(enum svr_state state);
enum svr_check svr_policy_rehearsed(const enum svr_check *steps);

int svr_ap_policy_parse(const char *text);
int svr_device_policy_parse(const char *text);

#endif /* _SVSM_RESET_POLICY_H */
