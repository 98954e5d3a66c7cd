// SPDX-License-Identifier: GPL-2.0
/*
 * Tells the simulator when a function is called for the first time (machine/path.h there), or says
 * in the log how long each call of a function takes.
 *
 *	insmod mark.ko at=FUNCTION
 *	insmod mark.ko time=FUNCTION
 *
 * The probes run in any context, as the function may.
 */
#include <linux/atomic.h>
#include <linux/io.h>
#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/sched/clock.h>
#include <linux/time64.h>

#define PORT_MARK	0x562

static char *at = "";
module_param(at, charp, 0444);
MODULE_PARM_DESC(at, "the function");

static atomic_t called;

static int tell(struct kprobe *probe, struct pt_regs *regs)
{
	if (!atomic_xchg(&called, 1))
		outb(1, PORT_MARK);
	return 0;
}

static struct kprobe probe = {
	.pre_handler = tell,
};

static char *time = "";
module_param(time, charp, 0444);
MODULE_PARM_DESC(time, "the function whose calls are timed");

static int timed_enters(struct kretprobe_instance *call, struct pt_regs *regs)
{
	*(u64 *)call->data = local_clock();
	return 0;
}

static int timed_returns(struct kretprobe_instance *call, struct pt_regs *regs)
{
	u64 ns = local_clock() - *(u64 *)call->data;

	pr_info("mark: %s took %llu us\n", time, div_u64(ns, NSEC_PER_USEC));
	return 0;
}

static struct kretprobe timed = {
	.entry_handler = timed_enters,
	.handler = timed_returns,
	.data_size = sizeof(u64),
};

static int __init mark_init(void)
{
	if (*time) {
		timed.kp.symbol_name = time;
		return register_kretprobe(&timed);
	}
	probe.symbol_name = at;
	return register_kprobe(&probe);
}
module_init(mark_init);

static void __exit mark_exit(void)
{
	if (*time)
		unregister_kretprobe(&timed);
	else
		unregister_kprobe(&probe);
}
module_exit(mark_exit);

MODULE_DESCRIPTION("Tells when a function is called, and how long it takes");
MODULE_LICENSE("GPL");
