// SPDX-License-Identifier: GPL-2.0-only
/*
 * Where the kernel tells us of a reset.
 *
 * emergency_restart() has one hook, the kmsg dump. A panic with a timeout gets
 * there in the end, and sysrq-b at once. The kernel does not call our dumper
 * for it at power-off, halt and kexec, so it is registered from loading on.
 *
 * SYS_OFF_MODE_RESTART_PREPARE handlers run for kernel_restart() and for
 * nothing else, so they arm the driver, and it fires later: the last thing that
 * the kernel calls before it stops the other CPUs is again the kmsg dump. That
 * dump also comes at power-off, halt and kexec, and at kexec even a line in the
 * log could be fatal. So the driver registers its dumper for it only when it is
 * armed.
 *
 * Where x86 calls the SYS_OFF_MODE_RESTART handlers, it calls them later still,
 * and too late: before that, machine_restart() waits without end, interrupts
 * off, for a CPU that does not stop. They are for a dump that did not come to
 * us.
 */
#define pr_fmt(fmt) "svsm-reset: " fmt

#include <linux/array_size.h>
#include <linux/err.h>
#include <linux/kmsg_dump.h>
#include <linux/module.h>
#include <linux/notifier.h>
#include <linux/reboot.h>

#include "reset/reset.h"
#include "reset/trace.h"
#include "svsm-reset.h"

static struct sys_off_handler *svr_prepare_handler;
static struct sys_off_handler *svr_restart_handler;

static enum svr_act svr_act(enum svr_event event)
{
	return svr_policy_act(event, svr_state_get());
}

/* An event at which nothing may be done is not traced either: see svr_acts in lib/policy.c */
static void svr_pass_over(enum svr_event event)
{
	svr_trace_declined(event, svr_policy_declines(event, svr_state_get()));
}

static void svr_event(enum svr_event event)
{
	switch (svr_act(event)) {
	case SVR_ACT_FIRE:
		svr_fire(event);
		break;
	case SVR_ACT_TAKE_OVER:
		svr_take_over(event);
		break;
	default:
		svr_pass_over(event);
		break;
	}
}

/*
 * KMSG_DUMP_EMERG: any context, NMI included; interrupts on or off, other CPUs
 * running (sysrq-b) or stopped (panic). KMSG_DUMP_SHUTDOWN: interrupts on,
 * inside rcu_read_lock(), all CPUs running, on the reboot CPU.
 */
static void svr_dump(struct kmsg_dumper *dumper,
		     struct kmsg_dump_detail *detail)
{
	static const enum svr_event events[KMSG_DUMP_MAX] = {
		[KMSG_DUMP_UNDEF]	= SVR_NR_EVENTS,
		[KMSG_DUMP_PANIC]	= SVR_EVENT_PANIC,
		[KMSG_DUMP_OOPS]	= SVR_EVENT_OOPS,
		[KMSG_DUMP_EMERG]	= SVR_EVENT_EMERG,
		[KMSG_DUMP_SHUTDOWN]	= SVR_EVENT_SHUTDOWN,
	};

	if ((unsigned int)detail->reason < ARRAY_SIZE(events))
		svr_event(events[detail->reason]);
}

/* From loading on */
static struct kmsg_dumper svr_emerg_dumper = {
	.dump = svr_dump,
	.max_reason = KMSG_DUMP_EMERG,
};

/* From arming on */
static struct kmsg_dumper svr_shutdown_dumper = {
	.dump = svr_dump,
	.max_reason = KMSG_DUMP_SHUTDOWN,
};

/* SYS_OFF_MODE_RESTART_PREPARE: process context, may sleep, all CPUs online */
static int svr_prepare(struct sys_off_data *data)
{
	int err;

	if (svr_act(SVR_EVENT_PREPARE) != SVR_ACT_ARM) {
		svr_pass_over(SVR_EVENT_PREPARE);
		return NOTIFY_DONE;
	}

	/* From here on CPUs may halt in our code for good: no unloading */
	if (!try_module_get(THIS_MODULE)) {
		svr_trace_declined(SVR_EVENT_PREPARE, SVR_DECLINE_UNLOADING);
		return NOTIFY_DONE;
	}

	if (!svr_state_advance(SVR_STATE_READY, SVR_STATE_ARMED)) {
		module_put(THIS_MODULE);
		return NOTIFY_DONE;
	}
	trace_arm(svr_cause_of(SVR_EVENT_PREPARE), svr_ap_policy_get());

	/*
	 * Dumpers run in the order of registration, and ours may not return. It
	 * is registered only now, so that pstore and the like have had their
	 * turn.
	 */
	err = kmsg_dump_register(&svr_shutdown_dumper);
	if (err)
		pr_err("the kmsg dumper cannot be registered (%pe), the restart may go on without the SVSM\n",
		       ERR_PTR(err));
	return NOTIFY_DONE;
}

/* SYS_OFF_MODE_RESTART: interrupts off, other CPUs stopped */
static int svr_restart(struct sys_off_data *data)
{
	svr_event(SVR_EVENT_RESTART);
	return NOTIFY_DONE;
}

/**
 * svr_hooks_register - have the kernel tell us of a reset
 *
 * Context: process, may sleep.
 *
 * Return: 0 or a negative errno, which has been logged.
 */
int svr_hooks_register(void)
{
	int err;

	svr_restart_handler =
		register_sys_off_handler(SYS_OFF_MODE_RESTART,
					 SYS_OFF_PRIO_FIRMWARE,
					 svr_restart, NULL);
	err = PTR_ERR_OR_ZERO(svr_restart_handler);
	if (err)
		goto err_log;

	svr_prepare_handler =
		register_sys_off_handler(SYS_OFF_MODE_RESTART_PREPARE,
					 SYS_OFF_PRIO_DEFAULT,
					 svr_prepare, NULL);
	err = PTR_ERR_OR_ZERO(svr_prepare_handler);
	if (err)
		goto err_restart;

	err = kmsg_dump_register(&svr_emerg_dumper);
	if (!err)
		return 0;

	unregister_sys_off_handler(svr_prepare_handler);
err_restart:
	unregister_sys_off_handler(svr_restart_handler);
err_log:
	pr_err("the restart hooks cannot be registered: %d\n", err);
	return err;
}

/**
 * svr_hooks_unregister - undo svr_hooks_register()
 *
 * Waits for hooks that are running. Not called once the driver has been armed,
 * so svr_shutdown_dumper is not registered. Context: process, may sleep.
 */
void svr_hooks_unregister(void)
{
	kmsg_dump_unregister(&svr_emerg_dumper);
	unregister_sys_off_handler(svr_prepare_handler);
	unregister_sys_off_handler(svr_restart_handler);
}
