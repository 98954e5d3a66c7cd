// SPDX-License-Identifier: GPL-2.0
/*
 * A CPU that does not stop, for the tests of how svsm-reset handles it.
 *
 * Once a restart has begun, the CPU named by the parameter cpu= spins for ever: inside an
 * NMI handler (mode=nmi), where nothing can reach it, or in an interrupt handler
 * (mode=irq), where an NMI can. With mode=none no CPU does, and the restart takes three
 * seconds longer.
 */
#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/module.h>
#include <linux/nmi.h>
#include <linux/reboot.h>
#include <linux/smp.h>
#include <linux/string.h>
#include <asm/apic.h>
#include <asm/irq_vectors.h>

static int cpu = 1;
module_param(cpu, int, 0444);
MODULE_PARM_DESC(cpu, "the CPU that gets stuck");

static char *mode = "nmi";
module_param(mode, charp, 0444);
MODULE_PARM_DESC(mode, "where: nmi, irq or none");

/* The kernel frees modules' init sections meanwhile, which needs all CPUs. */
#define SETTLE_MS	1000

static struct sys_off_handler *handler;
static bool begun;
static bool there;

static void stuck_spin(void *unused)
{
	WRITE_ONCE(there, true);
	for (;;)
		cpu_relax();
}

static int stuck_nmi(unsigned int type, struct pt_regs *regs)
{
	if (raw_smp_processor_id() != cpu || !READ_ONCE(begun))
		return NMI_DONE;
	stuck_spin(NULL);
	return NMI_HANDLED;
}

static int stuck_prepare(struct sys_off_data *data)
{
	static call_single_data_t csd = CSD_INIT(stuck_spin, NULL);
	int ms;

	msleep(SETTLE_MS);
	WRITE_ONCE(begun, true);
	if (!strcmp(mode, "nmi"))
		__apic_send_IPI_mask(cpumask_of(cpu), NMI_VECTOR);
	else if (!strcmp(mode, "irq"))
		smp_call_function_single_async(cpu, &csd);
	for (ms = 0; ms < 2000 && !READ_ONCE(there); ms++)
		mdelay(1);
	pr_info("stuck: CPU %d is %s\n", cpu, there ? mode : "not stuck");
	return NOTIFY_DONE;
}

static int __init stuck_init(void)
{
	int err;

	if (strcmp(mode, "nmi") && strcmp(mode, "irq") && strcmp(mode, "none"))
		return -EINVAL;
	err = register_nmi_handler(NMI_LOCAL, stuck_nmi, 0, "stuck");
	if (err)
		return err;
	/* Later in the chain than the driver, which has armed itself by then */
	handler = register_sys_off_handler(SYS_OFF_MODE_RESTART_PREPARE,
					   SYS_OFF_PRIO_LOW, stuck_prepare,
					   NULL);
	if (IS_ERR(handler)) {
		unregister_nmi_handler(NMI_LOCAL, "stuck");
		return PTR_ERR(handler);
	}
	return 0;
}

static void __exit stuck_exit(void)
{
	unregister_sys_off_handler(handler);
	unregister_nmi_handler(NMI_LOCAL, "stuck");
}

module_init(stuck_init);
module_exit(stuck_exit);

MODULE_DESCRIPTION("A CPU that does not stop");
MODULE_LICENSE("GPL");
