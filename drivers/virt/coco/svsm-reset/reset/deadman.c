// SPDX-License-Identifier: GPL-2.0-only
/*
 * A restart that hangs becomes an emergency restart.
 *
 * If a CPU is stuck with interrupts off, kernel_restart() waits for it for
 * ever, in a reboot notifier of the kernel's own, before anything that could
 * stop that CPU by NMI. So the first reboot notifier of all starts a timer. A
 * watchdog device would have the host reset, which ends this virtual machine.
 */
#define pr_fmt(fmt) "svsm-reset: " fmt

#include <linux/hrtimer.h>
#include <linux/ktime.h>
#include <linux/limits.h>
#include <linux/notifier.h>
#include <linux/reboot.h>

#include "compat.h"
#include "reset/reset.h"
#include "svsm-reset.h"

static struct hrtimer svr_deadman_timer;
/* What the timer was started with, by the restart that began last */
static unsigned int svr_deadman_started;

/* Hard interrupt, on the CPU on which the restart began */
static enum hrtimer_restart svr_deadman_expired(struct hrtimer *timer)
{
	enum svr_state state = svr_state_get();
	unsigned int seconds = svr_deadman_started;

	if (state != SVR_STATE_READY && state != SVR_STATE_ARMED)
		return HRTIMER_NORESTART;

	svr_cause_deadman(seconds);
	/* Not printk(): the CPU that hangs may be printing */
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
 * svr_deadman_exit - undo svr_deadman_init()
 *
 * Context: process, may sleep.
 */
void svr_deadman_exit(void)
{
	unregister_reboot_notifier(&svr_deadman_nb);
	hrtimer_cancel(&svr_deadman_timer);
}
