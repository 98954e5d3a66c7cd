// SPDX-License-Identifier: GPL-2.0
/*
 * Tells the simulator when a function is called for the first time (machine/path.h there).
 *
 *	insmod mark.ko at=FUNCTION
 *
 * The probe runs in any context, as the function may.
 */
#include <linux/atomic.h>
#include <linux/io.h>
#include <linux/kprobes.h>
#include <linux/module.h>

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

static int __init mark_init(void)
{
	probe.symbol_name = at;
	return register_kprobe(&probe);
}
module_init(mark_init);

static void __exit mark_exit(void)
{
	unregister_kprobe(&probe);
}
module_exit(mark_exit);

MODULE_DESCRIPTION("Tells the simulator when a function is called");
MODULE_LICENSE("GPL");
