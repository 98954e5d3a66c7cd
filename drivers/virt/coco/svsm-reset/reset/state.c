// SPDX-License-Identifier: GPL-2.0-only
/*
 * How far a reset has come, and whether there is to be one.
 */
#define pr_fmt(fmt) "svsm-reset: " fmt

#include <linux/atomic.h>
#include <linux/errno.h>
#include <linux/moduleparam.h>
#include <linux/printk.h>
#include <linux/string.h>
#include <linux/sysfs.h>

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
 * Asks in the order of the states, so that an arming in between does not lose the claim.
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
 * svr_enabled_set - is there to be a reset through the SVSM?
 * @text: "0" or "1"
 *
 * Context: process.
 *
 * Return: 0; -EINVAL, or -EBUSY once a reset has begun, which has been logged.
 */
int svr_enabled_set(const char *text)
{
	/* Not kstrtobool(), which takes "1 or so" for a yes */
	static const char * const values[] = { "0", "1" };
	int yes = text ? sysfs_match_string(values, text) : -EINVAL;
	enum svr_state from = yes ? SVR_STATE_DISABLED : SVR_STATE_READY;
	enum svr_state to = yes ? SVR_STATE_READY : SVR_STATE_DISABLED;

	if (yes < 0) {
		pr_err("enabled: allowed values are 0, 1\n");
		return -EINVAL;
	}
	if (svr_state_advance(from, to) || svr_state_get() == to)
		return 0;
	pr_err("enabled: a reset has begun, it is too late\n");
	return -EBUSY;
}

/**
 * svr_enabled - is there to be a reset through the SVSM?
 *
 * Context: any.
 *
 * Return: true unless the administrator said no.
 */
bool svr_enabled(void)
{
	return svr_state_get() != SVR_STATE_DISABLED;
}

static int svr_param_enabled_set(const char *val, const struct kernel_param *kp)
{
	/* A flag: without a value it means yes */
	return svr_enabled_set(val ?: "1");
}

static int svr_param_enabled_get(char *buf, const struct kernel_param *kp)
{
	return sysfs_emit(buf, "%d\n", svr_enabled());
}

static const struct kernel_param_ops svr_param_enabled_ops = {
	.flags = KERNEL_PARAM_OPS_FL_NOARG,
	.set = svr_param_enabled_set,
	.get = svr_param_enabled_get,
};
module_param_cb(enabled, &svr_param_enabled_ops, NULL, 0444);
MODULE_PARM_DESC(enabled, "reset through the SVSM (default 1), 0: leave it to the kernel");
