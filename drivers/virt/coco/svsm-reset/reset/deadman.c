// SPDX-License-Identifier: GPL-2.0-only
/*
 * A restart that hangs becomes an emergency restart.
 *
 * With one CPU stuck with interrupts off kernel_restart() waits for it for
 * ever, in a reboot notifier of the kernel's own, before anything that could
 * stop that CPU by NMI. So a timer is started by the first reboot notifier of
 * all. An SNP guest has no hardware watchdog that could do this.
 */
#define pr_fmt(fmt) "svsm-reset: " fmt

#include <linux/hrtimer.h>
#include <linux/kstrtox.h>
#include <linux/ktime.h>
#include <linux/limits.h>
#include <linux/moduleparam.h>
#include <linux/notifier.h>
#include <linux/reboot.h>
#include <linux/sysfs.h>

#include "compat.h"
#include "reset/reset.h"
#include "svsm-reset.h"

/* As long as systemd gives a restart (RebootWatchdogSec) */
#define SVR_DEADMAN_DEFAULT_S	600
#define SVR_DEADMAN_MAX_S	86400

static unsigned int svr_deadman = SVR_DEADMAN_DEFAULT_S;
static struct hrtimer svr_deadman_timer;
/* What the timer was started with, by the restart that began last */
static unsigned int svr_deadman_started;

/**
 * svr_deadman_get - how long may a restart take?
 *
 * Context: any.
 *
 * Return: seconds, 0 when it may take for ever.
 */
unsigned int svr_deadman_get(void)
{
	return READ_ONCE(svr_deadman);
}

/**
 * svr_deadman_set - change how long a restart may take
 * @text: seconds, 0 to SVR_DEADMAN_MAX_S
 *
 * Counts for restarts that begin later. Context: process.
 *
 * Return: 0, or -EINVAL, which has been logged.
 */
int svr_deadman_set(const char *text)
{
	unsigned int seconds;

	if (!text || kstrtouint(text, 10, &seconds) ||
	    seconds > SVR_DEADMAN_MAX_S) {
		pr_err("deadman: allowed values are 0 to %u (seconds, 0: never)\n",
		       SVR_DEADMAN_MAX_S);
		return -EINVAL;
	}
	WRITE_ONCE(svr_deadman, seconds);
	return 0;
}

/* Hard interrupt, on the CPU on which the restart began */
static enum hrtimer_restart svr_deadman_expired(struct hrtimer *timer)
{
	enum svr_state state = svr_state_get();
	unsigned int seconds = svr_deadman_started;

	if (state != SVR_STATE_READY && state != SVR_STATE_ARMED)
		return HRTIMER_NORESTART;

	svr_cause_note_deadman(seconds);
	/* Not printk(): the one that hangs may be printing */
	svr_emerg("deadman: no restart within %u s, emergency restart\n",
		  seconds);
	emergency_restart();
	return HRTIMER_NORESTART;
}

static int svr_deadman_reboot(struct notifier_block *nb, unsigned long event,
			      void *cmd)
{
	unsigned int seconds = svr_deadman_get();

	if (event != SYS_RESTART || !seconds)
		return NOTIFY_DONE;
	svr_deadman_started = seconds;
	/* Pinned: no other CPU is known to take interrupts */
	hrtimer_start(&svr_deadman_timer, ktime_set(seconds, 0),
		      HRTIMER_MODE_REL_PINNED_HARD);
	return NOTIFY_DONE;
}

static struct notifier_block svr_deadman_nb = {
	.notifier_call = svr_deadman_reboot,
	.priority = INT_MAX,
};

/**
 * svr_deadman_init - watch over restarts
 *
 * Context: process, may sleep.
 *
 * Return: 0 or a negative errno, which has been logged.
 */
int svr_deadman_init(void)
{
	int err;

	svr_hrtimer_setup(&svr_deadman_timer, svr_deadman_expired,
			  CLOCK_MONOTONIC, HRTIMER_MODE_REL_PINNED_HARD);
	err = register_reboot_notifier(&svr_deadman_nb);
	if (err)
		pr_err("the deadman's notifier cannot be registered: %d\n",
		       err);
	return err;
}

/**
 * svr_deadman_exit - no longer watch over restarts
 *
 * Context: process, may sleep.
 */
void svr_deadman_exit(void)
{
	unregister_reboot_notifier(&svr_deadman_nb);
	hrtimer_cancel(&svr_deadman_timer);
}

static int svr_param_deadman_set(const char *val, const struct kernel_param *kp)
{
	return svr_deadman_set(val);
}

static int svr_param_deadman_get(char *buf, const struct kernel_param *kp)
{
	return sysfs_emit(buf, "%u\n", svr_deadman_get());
}

static const struct kernel_param_ops svr_param_deadman_ops = {
	.set = svr_param_deadman_set,
	.get = svr_param_deadman_get,
};
module_param_cb(deadman, &svr_param_deadman_ops, NULL, 0444);
MODULE_PARM_DESC(deadman, "seconds after which a restart that hangs is forced, 0: never (default 600)");
