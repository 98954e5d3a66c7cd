// SPDX-License-Identifier: GPL-2.0
/*
 * Makes trouble on chosen CPUs, for the tests of how svsm-reset handles it.
 *
 *	echo [WHEN:]ACT[@CONTEXT] CPUS [+ ACT[@CONTEXT] CPUS]... >
 *		/sys/module/trouble/parameters/do
 *
 * All trouble of one write happens at once: the CPUs wait for each other, for
 * a second at most. ACT is one of
 *
 *	spin	never do anything else again
 *	halt	HLT for ever
 *	pause	do nothing else for two seconds, then go on
 *	bug	BUG()
 *	oops	write to address 0
 *	panic	panic()
 *	emergency	emergency_restart()
 *	sysrq-b, sysrq-c	the same as from the keyboard
 *	nmi	send this CPU an NMI that nobody claims
 *	vector-0	send this CPU an interrupt that no local APIC delivers
 *	reboot	kernel_restart(), as reboot(2) does
 *	reboot-text	the same with a text, as LINUX_REBOOT_CMD_RESTART2
 *	warn	wait until another CPU has been stopped, then WARN()
 *	stray	wait until another CPU has been stopped, then wake a task on it: the
 *		scheduler gets as far as a reschedule interrupt
 *
 * CONTEXT is process (a thread, the default), preempt-off, irqs-off, irq (a hard
 * interrupt), nmi, rtc-locked (with rtc_lock held) or, with PREEMPT_RT,
 * rtc-unlocking (in the middle of passing rtc_lock on to a waiter). WHEN is "now";
 * or "restart": after svsm-reset has armed itself for a restart; or "dump": at the
 * kmsg dump of a restart, right before svsm-reset's own dumper.
 */
#include <linux/atomic.h>
#include <linux/bug.h>
#include <linux/completion.h>
#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/irq_work.h>
#include <linux/irqflags.h>
#include <linux/kmsg_dump.h>
#include <linux/kthread.h>
#include <linux/mc146818rtc.h>
#include <linux/module.h>
#include <linux/nmi.h>
#include <linux/panic.h>
#include <linux/percpu.h>
#include <linux/preempt.h>
#include <linux/reboot.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/sysrq.h>
#include <linux/time64.h>
#include <linux/timekeeping.h>
#include <asm/apic.h>
#include <asm/irq_vectors.h>
#include <asm/irqflags.h>

/* checkpatch warns of BUG(), which is the purpose here */
#define TROUBLE_TRAP	BUG

/* How long CPUs wait for each other */
#define TROUBLE_TOGETHER_MS	1000
/* How long trouble may take to begin on all CPUs */
#define TROUBLE_BEGUN_MS	2000
#define TROUBLE_LOOK_MS		20
#define TROUBLE_PAUSE_MS	2000
/* How long warn and stray wait for a stopped CPU */
#define TROUBLE_STOPPED_US	(20 * USEC_PER_SEC)

enum trouble_when {
	TROUBLE_NOW,
	TROUBLE_RESTART,
	TROUBLE_DUMP,
	TROUBLE_NR_WHEN,
};

struct trouble_act;
struct trouble_context;

/**
 * struct trouble - the trouble that a CPU makes
 * @when:    when it happens
 * @act:     what happens
 * @context: the context in which it happens
 * @work:    takes it to a hard interrupt
 */
struct trouble {
	enum trouble_when when;
	const struct trouble_act *act;
	const struct trouble_context *context;
	struct irq_work work;
};

/**
 * struct trouble_act - what can happen
 * @name: its name in the parameter
 * @run:  makes it happen
 */
struct trouble_act {
	const char *name;
	void (*run)(void);
};

/**
 * struct trouble_context - where it can happen
 * @name: its name in the parameter
 * @run:  called by a thread; runs the act in this context
 */
struct trouble_context {
	const char *name;
	void (*run)(struct trouble *trouble);
};

static const char * const trouble_when_names[TROUBLE_NR_WHEN] = {
	[TROUBLE_NOW]		= "now",
	[TROUBLE_RESTART]	= "restart",
	[TROUBLE_DUMP]	= "dump",
};

static DEFINE_PER_CPU(struct trouble, troubles);
static DEFINE_PER_CPU(bool, trouble_nmi_due);
/* The registers that the NMI interrupted */
static DEFINE_PER_CPU(struct pt_regs *, trouble_regs);
static struct cpumask trouble_cpus[TROUBLE_NR_WHEN];
static struct completion trouble_due[TROUBLE_NR_WHEN];
static atomic_t trouble_missing[TROUBLE_NR_WHEN];
static atomic_t trouble_begun;
static struct sys_off_handler *trouble_handler;

static void trouble_spin(void)
{
	for (;;)
		cpu_relax();
}

static void trouble_halt(void)
{
	for (;;)
		native_halt();
}

static void trouble_pause(void)
{
	u64 end = ktime_get_mono_fast_ns() + TROUBLE_PAUSE_MS * NSEC_PER_MSEC;

	while (ktime_get_mono_fast_ns() < end)
		cpu_relax();
}

static void trouble_bug(void)
{
	TROUBLE_TRAP();
}

static void trouble_oops(void)
{
	int *nowhere = NULL;

	OPTIMIZER_HIDE_VAR(nowhere);
	WRITE_ONCE(*nowhere, 1);
}

/* In an NMI panic() may not be called: nmi_panic() can */
static void trouble_panic(void)
{
	if (in_nmi())
		nmi_panic(this_cpu_read(trouble_regs),
			  "trouble: as asked for, in an NMI");
	panic("trouble: as asked for");
}

static void trouble_sysrq_b(void)
{
	handle_sysrq('b');
}

static void trouble_sysrq_c(void)
{
	handle_sysrq('c');
}

static void trouble_nmi(void)
{
	__apic_send_IPI_mask(cpumask_of(raw_smp_processor_id()), NMI_VECTOR);
}

static void trouble_reboot(void)
{
	kernel_restart(NULL);
}

static void trouble_vector_0(void)
{
	__apic_send_IPI_mask(cpumask_of(raw_smp_processor_id()), 0);
}

static void trouble_reboot_text(void)
{
	char text[] = "trouble: as asked for";

	kernel_restart(text);
}

/* Waits for a while. Returns a CPU that has been stopped, or nr_cpu_ids */
static unsigned int trouble_stopped_cpu(void)
{
	unsigned int cpu, us;

	for (us = 0; us < TROUBLE_STOPPED_US; us++) {
		for_each_cpu_andnot(cpu, cpu_present_mask, cpu_online_mask)
			return cpu;
		udelay(1);
	}
	return nr_cpu_ids;
}

static void trouble_warn(void)
{
	unsigned int cpu = trouble_stopped_cpu();

	WARN(cpu < nr_cpu_ids, "trouble: CPU %u has been stopped\n", cpu);
}

static void trouble_stray(void)
{
	unsigned int cpu = trouble_stopped_cpu();

	if (cpu < nr_cpu_ids)
		arch_smp_send_reschedule(cpu);
}

static const struct trouble_act trouble_acts[] = {
	{ "spin", trouble_spin },
	{ "halt", trouble_halt },
	{ "pause", trouble_pause },
	{ "bug", trouble_bug },
	{ "oops", trouble_oops },
	{ "panic", trouble_panic },
	{ "emergency", emergency_restart },
	{ "sysrq-b", trouble_sysrq_b },
	{ "sysrq-c", trouble_sysrq_c },
	{ "nmi", trouble_nmi },
	{ "vector-0", trouble_vector_0 },
	{ "reboot", trouble_reboot },
	{ "reboot-text", trouble_reboot_text },
	{ "warn", trouble_warn },
	{ "stray", trouble_stray },
};

static void trouble_together(enum trouble_when when)
{
	int ms;

	atomic_dec(&trouble_missing[when]);
	for (ms = 0; ms < TROUBLE_TOGETHER_MS; ms++) {
		if (atomic_read(&trouble_missing[when]) <= 0)
			break;
		mdelay(1);
	}
}

static void trouble_act(struct trouble *trouble)
{
	atomic_inc(&trouble_begun);
	trouble->act->run();
}

static void trouble_preempt_off(struct trouble *trouble)
{
	preempt_disable();
	trouble_act(trouble);
	preempt_enable();
}

static void trouble_irqs_off(struct trouble *trouble)
{
	unsigned long flags;

	local_irq_save(flags);
	trouble_act(trouble);
	local_irq_restore(flags);
}

static void trouble_worked(struct irq_work *work)
{
	trouble_act(container_of(work, struct trouble, work));
}

static void trouble_in_irq(struct trouble *trouble)
{
	trouble->work = IRQ_WORK_INIT_HARD(trouble_worked);
	irq_work_queue(&trouble->work);
}

static int trouble_nmi_handler(unsigned int type, struct pt_regs *regs)
{
	if (!__this_cpu_read(trouble_nmi_due))
		return NMI_DONE;
	__this_cpu_write(trouble_nmi_due, false);
	__this_cpu_write(trouble_regs, regs);
	trouble_act(this_cpu_ptr(&troubles));
	return NMI_HANDLED;
}

static void trouble_in_nmi(struct trouble *trouble)
{
	this_cpu_write(trouble_nmi_due, true);
	trouble_nmi();
}

static void trouble_rtc_locked(struct trouble *trouble)
{
	spin_lock(&rtc_lock);
	trouble_act(trouble);
	spin_unlock(&rtc_lock);
}

#ifdef CONFIG_PREEMPT_RT
/* RT_MUTEX_HAS_WAITERS, which the kernel keeps to itself */
#define TROUBLE_HAS_WAITERS	((struct task_struct *)1)

/*
 * The state of rt_mutex_slowunlock() for some instructions: the lock has a waiter but no
 * owner, and its spinlock is held.
 */
static void trouble_rtc_unlocking(struct trouble *trouble)
{
	struct rt_mutex_base *lock = &rtc_lock.lock;
	unsigned long flags;

	raw_spin_lock_irqsave(&lock->wait_lock, flags);
	WRITE_ONCE(lock->owner, TROUBLE_HAS_WAITERS);
	trouble_act(trouble);
	WRITE_ONCE(lock->owner, NULL);
	raw_spin_unlock_irqrestore(&lock->wait_lock, flags);
}
#endif

static const struct trouble_context trouble_contexts[] = {
	{ "process", trouble_act },
	{ "preempt-off", trouble_preempt_off },
	{ "irqs-off", trouble_irqs_off },
	{ "irq", trouble_in_irq },
	{ "nmi", trouble_in_nmi },
	{ "rtc-locked", trouble_rtc_locked },
#ifdef CONFIG_PREEMPT_RT
	{ "rtc-unlocking", trouble_rtc_unlocking },
#endif
};

static void trouble_run(struct trouble *trouble)
{
	trouble_together(trouble->when);
	trouble->context->run(trouble);
}

static int trouble_thread(void *arg)
{
	struct trouble *trouble = arg;

	/* TASK_IDLE, because the kernel takes other states for a hung task */
	wait_for_completion_state(&trouble_due[trouble->when], TASK_IDLE);
	trouble_run(trouble);
	return 0;
}

static int trouble_start_one(int cpu)
{
	struct trouble *trouble = per_cpu_ptr(&troubles, cpu);
	struct task_struct *task;

	task = kthread_create_on_cpu(trouble_thread, trouble, cpu, "trouble/%u");
	if (IS_ERR(task))
		return PTR_ERR(task);
	wake_up_process(task);
	return 0;
}

/* Returns when all CPUs have reached their context */
static void trouble_begin(const struct cpumask *cpus)
{
	int ms;

	atomic_set(&trouble_begun, 0);
	complete_all(&trouble_due[TROUBLE_NOW]);
	for (ms = 0; ms < TROUBLE_BEGUN_MS; ms += TROUBLE_LOOK_MS) {
		if (atomic_read(&trouble_begun) >= cpumask_weight(cpus))
			break;
		msleep(TROUBLE_LOOK_MS);
	}
	reinit_completion(&trouble_due[TROUBLE_NOW]);
}

/* After a start for later the module must stay: its threads wait for good */
static int trouble_start(const struct cpumask *cpus, enum trouble_when when)
{
	int cpu, err;

	__module_get(THIS_MODULE);
	cpumask_copy(&trouble_cpus[when], cpus);
	atomic_set(&trouble_missing[when], cpumask_weight(cpus));
	for_each_cpu(cpu, cpus) {
		err = trouble_start_one(cpu);
		if (err)
			return err;
	}
	if (when == TROUBLE_NOW)
		trouble_begin(cpus);
	return 0;
}

/* May run on any CPU, also one that makes trouble; may not sleep */
static void trouble_fall_due(enum trouble_when when)
{
	struct cpumask *cpus = &trouble_cpus[when];
	int this_cpu = get_cpu();
	int others, ms;

	if (cpumask_empty(cpus))
		goto out;
	others = cpumask_weight(cpus) - cpumask_test_cpu(this_cpu, cpus);
	atomic_set(&trouble_begun, 0);
	complete_all(&trouble_due[when]);
	if (cpumask_test_cpu(this_cpu, cpus))
		trouble_run(this_cpu_ptr(&troubles));
	for (ms = 0; ms < TROUBLE_BEGUN_MS; ms++) {
		if (atomic_read(&trouble_begun) >= others)
			break;
		mdelay(1);
	}
	pr_info("trouble: has begun on %d of CPUs %*pbl\n",
		atomic_read(&trouble_begun), cpumask_pr_args(cpus));
out:
	put_cpu();
}

static int trouble_prepare(struct sys_off_data *data)
{
	trouble_fall_due(TROUBLE_RESTART);
	return NOTIFY_DONE;
}

static void trouble_dump(struct kmsg_dumper *dumper,
			 struct kmsg_dump_detail *detail)
{
	if (detail->reason == KMSG_DUMP_SHUTDOWN)
		trouble_fall_due(TROUBLE_DUMP);
}

static struct kmsg_dumper trouble_dumper = {
	.dump = trouble_dump,
	.max_reason = KMSG_DUMP_SHUTDOWN,
};

static const struct trouble_act *trouble_find_act(const char *name)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(trouble_acts); i++)
		if (!strcmp(trouble_acts[i].name, name))
			return &trouble_acts[i];
	return NULL;
}

static const struct trouble_context *trouble_find_context(const char *name)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(trouble_contexts); i++)
		if (!strcmp(trouble_contexts[i].name, name))
			return &trouble_contexts[i];
	return NULL;
}

/* "ACT@CONTEXT CPUS": adds the CPUs to @all */
static int trouble_parse_one(char *text, enum trouble_when when,
			     struct cpumask *all)
{
	const struct trouble_context *context = &trouble_contexts[0];
	const struct trouble_act *act;
	char *name, *where;
	cpumask_var_t cpus;
	int cpu, err;

	text = strim(text);
	name = strsep(&text, " ");
	where = name;
	name = strsep(&where, "@");
	act = trouble_find_act(name);
	if (where)
		context = trouble_find_context(where);
	if (!act || !context || !text)
		return -EINVAL;

	if (!alloc_cpumask_var(&cpus, GFP_KERNEL))
		return -ENOMEM;
	err = cpulist_parse(text, cpus);
	if (!err && (!cpumask_subset(cpus, cpu_online_mask) ||
		     cpumask_intersects(cpus, all)))
		err = -EINVAL;
	if (!err) {
		for_each_cpu(cpu, cpus) {
			per_cpu(troubles, cpu).when = when;
			per_cpu(troubles, cpu).act = act;
			per_cpu(troubles, cpu).context = context;
		}
		cpumask_or(all, all, cpus);
	}
	free_cpumask_var(cpus);
	return err;
}

static int trouble_parse(char *text, enum trouble_when *when,
			 struct cpumask *all)
{
	char *one, *colon = strchr(text, ':');
	int err;

	*when = TROUBLE_NOW;
	if (colon) {
		*colon = '\0';
		err = match_string(trouble_when_names, TROUBLE_NR_WHEN, text);
		if (err < 0)
			return err;
		*when = err;
		text = colon + 1;
	}
	while ((one = strsep(&text, "+"))) {
		err = trouble_parse_one(one, *when, all);
		if (err)
			return err;
	}
	return 0;
}

static int trouble_do_set(const char *val, const struct kernel_param *kp)
{
	enum trouble_when when;
	cpumask_var_t cpus;
	char *text;
	int err = -ENOMEM;

	if (!val)
		return -EINVAL;
	text = kstrdup(val, GFP_KERNEL);
	if (!text)
		return -ENOMEM;
	if (!zalloc_cpumask_var(&cpus, GFP_KERNEL))
		goto free_text;

	err = trouble_parse(text, &when, cpus);
	if (!err)
		err = trouble_start(cpus, when);
	free_cpumask_var(cpus);
free_text:
	kfree(text);
	return err;
}

static const struct kernel_param_ops trouble_do_ops = {
	.set = trouble_do_set,
};

/* Write-only */
module_param_cb(do, &trouble_do_ops, NULL, 0200);
MODULE_PARM_DESC(do, "[restart:|dump:]ACT[@CONTEXT] CPUS [+ ...]");

static int __init trouble_init(void)
{
	int err, i;

	for (i = 0; i < TROUBLE_NR_WHEN; i++)
		init_completion(&trouble_due[i]);
	err = register_nmi_handler(NMI_LOCAL, trouble_nmi_handler, 0, "trouble");
	if (err)
		return err;
	/* Later in the chain than the driver, which has armed itself by then */
	trouble_handler = register_sys_off_handler(SYS_OFF_MODE_RESTART_PREPARE,
						   SYS_OFF_PRIO_LOW,
						   trouble_prepare, NULL);
	err = PTR_ERR_OR_ZERO(trouble_handler);
	if (err)
		goto err_nmi;
	err = kmsg_dump_register(&trouble_dumper);
	if (!err)
		return 0;

	unregister_sys_off_handler(trouble_handler);
err_nmi:
	unregister_nmi_handler(NMI_LOCAL, "trouble");
	return err;
}

static void __exit trouble_exit(void)
{
	kmsg_dump_unregister(&trouble_dumper);
	unregister_sys_off_handler(trouble_handler);
	unregister_nmi_handler(NMI_LOCAL, "trouble");
}

module_init(trouble_init);
module_exit(trouble_exit);

MODULE_DESCRIPTION("Trouble on a CPU");
MODULE_LICENSE("GPL");
