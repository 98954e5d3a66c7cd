// SPDX-License-Identifier: GPL-2.0
/*
 * Mistakes for the tests that the debug kernel finds them, and that one with CFI does.
 *
 * Loading the module makes the mistake that the parameter kind= names. None does any harm:
 * an overrun stays within the memory that the allocator rounds up to, and no lock is
 * waited for that is not free.
 */
#include <linux/completion.h>
#include <linux/errno.h>
#include <linux/irq_work.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <linux/spinlock.h>
#include <linux/string.h>

static char *kind = "";
module_param(kind, charp, 0444);
MODULE_PARM_DESC(kind, "which mistake to make");

static DEFINE_MUTEX(first);
static DEFINE_MUTEX(second);
static DEFINE_SPINLOCK(shared_with_irq);
static DECLARE_COMPLETION(interrupted);
static int __rcu *unprotected;

static void atomic_sleep(void)
{
	preempt_disable();
	might_sleep();
	preempt_enable();
}

static void preemptible_cpu(void)
{
	pr_info("mistakes: CPU %d, or not\n", smp_processor_id());
}

static void heap_overrun(void)
{
	char *buffer = kmalloc(13, GFP_KERNEL);

	if (!buffer)
		return;
	OPTIMIZER_HIDE_VAR(buffer);
	buffer[13] = 1;
	kfree(buffer);
}

static void use_after_free(void)
{
	char *buffer = kmalloc(64, GFP_KERNEL);

	if (!buffer)
		return;
	kfree(buffer);
	OPTIMIZER_HIDE_VAR(buffer);
	READ_ONCE(*buffer);
}

static void stack_overrun(void)
{
	char buffer[13] = {};
	char *end = buffer;

	OPTIMIZER_HIDE_VAR(end);
	READ_ONCE(end[13]);
}

static void wide_shift(void)
{
	unsigned int one = 1, width = 33;

	OPTIMIZER_HIDE_VAR(width);
	one <<= width;
	OPTIMIZER_HIDE_VAR(one);
}

static void list_corruption(void)
{
	LIST_HEAD(list);
	LIST_HEAD(entry);

	list_add(&entry, &list);
	list_add(&entry, &list);
}

static void rcu_unprotected(void)
{
	rcu_dereference(unprotected);
}

static void lock_recursion(void)
{
	struct mutex locks[2];	/* initialised in one place, so one lockdep class */
	int i;

	for (i = 0; i < ARRAY_SIZE(locks); i++)
		mutex_init(&locks[i]);
	mutex_lock(&locks[0]);
	mutex_lock(&locks[1]);
	mutex_unlock(&locks[1]);
	mutex_unlock(&locks[0]);
}

static void lock_circle(void)
{
	mutex_lock(&first);
	mutex_lock(&second);
	mutex_unlock(&second);
	mutex_unlock(&first);

	mutex_lock(&second);
	mutex_lock(&first);
	mutex_unlock(&first);
	mutex_unlock(&second);
}

static void in_interrupt_context(struct irq_work *work)
{
	spin_lock(&shared_with_irq);
	spin_unlock(&shared_with_irq);
	complete(&interrupted);
}

static void lock_in_interrupt(void)
{
	static DEFINE_IRQ_WORK(work, in_interrupt_context);

	irq_work_queue(&work);
	wait_for_completion(&interrupted);
	spin_lock(&shared_with_irq);
	spin_unlock(&shared_with_irq);
}

static int returns_something(int one)
{
	return one;
}

static void indirect_call(void)
{
	void (*wrong)(void) = (void *)returns_something;

	OPTIMIZER_HIDE_VAR(wrong);
	wrong();
}

static const struct {
	const char *kind;
	void (*make)(void);
} mistakes[] = {
	{ "atomic-sleep", atomic_sleep },
	{ "preemptible-cpu", preemptible_cpu },
	{ "heap-overrun", heap_overrun },
	{ "use-after-free", use_after_free },
	{ "stack-overrun", stack_overrun },
	{ "wide-shift", wide_shift },
	{ "list-corruption", list_corruption },
	{ "rcu-unprotected", rcu_unprotected },
	{ "lock-recursion", lock_recursion },
	{ "lock-circle", lock_circle },
	{ "lock-in-interrupt", lock_in_interrupt },
	{ "indirect-call", indirect_call },
};

static int __init mistakes_init(void)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(mistakes); i++) {
		if (!strcmp(kind, mistakes[i].kind)) {
			mistakes[i].make();
			return 0;
		}
	}
	return -EINVAL;
}

static void __exit mistakes_exit(void)
{
}

module_init(mistakes_init);
module_exit(mistakes_exit);

MODULE_DESCRIPTION("Mistakes for a debug kernel to find");
MODULE_LICENSE("GPL");
