// SPDX-License-Identifier: GPL-2.0-only
/*
 * The cause of a reset: kept when the kernel tells it, used when a CPU fires.
 *
 * The notifiers here only keep it: a panic notifier that does not return takes the turn of
 * all those behind it. Only one CPU ever panics, and only one fires. Two restarts at once
 * are possible, since reboot(2) excludes only others of its kind: then the message may be a
 * mixture of both, but it ends where it has to.
 */
#define pr_fmt(fmt) "svsm-reset: " fmt

#include <linux/limits.h>
#include <linux/notifier.h>
#include <linux/panic_notifier.h>
#include <linux/reboot.h>
#include <linux/sched.h>
#include <linux/smp.h>
#include <linux/sprintf.h>
#include <linux/string.h>

#include "crash/crash.h"
#include "lib/crash-log.h"
#include "reset/reset.h"
#include "svsm-reset.h"

/* What sysrq-b says before it calls emergency_restart(): drivers/tty/sysrq.c */
#define SVR_SYSRQ_B	"sysrq: Resetting"

static struct svr_request svr_restart = {
	.cause = SVR_CAUSE_REBOOT,
	.cpu = -1,
};

static struct svr_request svr_panic = {
	.cause = SVR_CAUSE_PANIC,
	.cpu = -1,
};

static struct svr_request svr_emergency = {
	.cause = SVR_CAUSE_EMERGENCY,
	.cpu = -1,
};

/* svr_panic is complete; see svr_cause_panic() */
static bool svr_panicked;

static void svr_cause_fill(struct svr_request *req, const char *text)
{
	req->cpu = raw_smp_processor_id();
	svr_crash_text_copy(req->message, sizeof(req->message), text ?: "",
			    SIZE_MAX);
}

/* After an oops panic() only says "Fatal exception": the log knows more */
static void svr_cause_fill_panic(const char *text)
{
	const char *log;
	size_t len;

	svr_cause_fill(&svr_panic, text);
	if (!svr_crash_no_news(svr_panic.message))
		return;
	len = svr_log_tail(&log);
	if (!svr_crash_log_find(log, len, svr_panic.message,
				sizeof(svr_panic.message)))
		svr_cause_fill(&svr_panic, text);
}

/*
 * The operator's note replaces the text that reboot(2) brings along, but not a text of the
 * kernel itself: dm-verity and softdog restart from a thread of the kernel, and say why.
 * kexec comes here as well, and takes the note to where nobody records it.
 */
static int svr_cause_reboot(struct notifier_block *nb, unsigned long event,
			    void *cmd)
{
	char message[SVR_REQUEST_MESSAGE];

	if (event != SYS_RESTART)
		return NOTIFY_DONE;
	svr_crash_text_copy(message, sizeof(message), cmd ?: "", SIZE_MAX);
	svr_next_note_take(message, current->flags & PF_KTHREAD);
	svr_restart.cpu = raw_smp_processor_id();
	/* In one go: a CPU that fires meanwhile must not see one text turn into the other */
	memcpy(svr_restart.message, message, sizeof(message));
	return NOTIFY_DONE;
}

static struct notifier_block svr_cause_reboot_nb = {
	.notifier_call = svr_cause_reboot,
};

/* In a panic: the other CPUs are stopped, perhaps this is inside an NMI */
static int svr_cause_panicked(struct notifier_block *nb, unsigned long event,
			      void *text)
{
	svr_cause_fill_panic(text);
	svr_panic.cpu = svr_redirect_origin(svr_panic.cpu);
	/* Pairs with svr_cause_panic() */
	smp_store_release(&svr_panicked, true);
	return NOTIFY_DONE;
}

static struct notifier_block svr_cause_panic_nb = {
	.notifier_call = svr_cause_panicked,
	/* First: another notifier may be the one that does not return */
	.priority = INT_MAX,
};

/**
 * svr_cause_init - have the kernel tell what begins a reset
 *
 * Context: process, may sleep.
 *
 * Return: 0 or a negative errno, which has been logged.
 */
int svr_cause_init(void)
{
	int err;

	err = register_reboot_notifier(&svr_cause_reboot_nb);
	if (err)
		goto err_log;
	err = atomic_notifier_chain_register(&panic_notifier_list,
					     &svr_cause_panic_nb);
	if (!err)
		return 0;
	unregister_reboot_notifier(&svr_cause_reboot_nb);
err_log:
	pr_err("the notifiers cannot be registered: %d\n", err);
	return err;
}

/**
 * svr_cause_exit - undo svr_cause_init()
 *
 * Context: process, may sleep.
 */
void svr_cause_exit(void)
{
	atomic_notifier_chain_unregister(&panic_notifier_list,
					 &svr_cause_panic_nb);
	unregister_reboot_notifier(&svr_cause_reboot_nb);
}

/**
 * svr_cause_deadman - make the deadman the trigger of the restart that follows
 * @seconds: its setting
 *
 * Context: any; emergency_restart() follows.
 */
void svr_cause_deadman(unsigned int seconds)
{
	snprintf(svr_emergency.message, sizeof(svr_emergency.message),
		 "deadman: no restart within %u s", seconds);
	svr_emergency.trigger = SVR_TRIGGER_DEADMAN;
}

/**
 * svr_cause_panic - has the kernel panicked, and why?
 *
 * Known only once the panic notifiers have run: not on the way to a crash
 * kernel, unless crash_kexec_post_notifiers is set.
 *
 * Context: any, NMI included.
 *
 * Return: the panic, or NULL.
 */
const struct svr_request *svr_cause_panic(void)
{
	/* Pairs with svr_cause_panicked() */
	return smp_load_acquire(&svr_panicked) ? &svr_panic : NULL;
}

/*
 * Neither sysrq-b nor any other caller of emergency_restart() says who it is; but
 * sysrq-b says in the log what it is about to do.
 */
static enum svr_trigger svr_find_trigger(void)
{
	if (svr_emergency.trigger == SVR_TRIGGER_DEADMAN)
		return SVR_TRIGGER_DEADMAN;
	return svr_log_says(SVR_SYSRQ_B) ? SVR_TRIGGER_SYSRQ :
					   SVR_TRIGGER_KERNEL;
}

/**
 * svr_cause_of - what began the reset that this event asks for?
 * @event: what has happened
 *
 * In a capture kernel the cause is the crash before it, also if the capture
 * kernel itself panics: people look for the first crash. After a panic the
 * cause of an emergency restart is the panic, no matter who asks for it
 * (panic=0, then sysrq-b).
 *
 * Context: any, NMI included; only on the CPU that fires.
 *
 * Return: the cause and what goes with it, never NULL.
 */
const struct svr_request *svr_cause_of(enum svr_event event)
{
	bool emergency = event == SVR_EVENT_EMERG;
	const struct svr_request *capture = svr_capture_cause(emergency);
	const struct svr_request *panic = svr_cause_panic();

	if (capture)
		return capture;
	if (!emergency)
		return &svr_restart;
	if (panic)
		return panic;
	svr_emergency.cpu = raw_smp_processor_id();
	svr_emergency.trigger = svr_find_trigger();
	return &svr_emergency;
}
