// SPDX-License-Identifier: GPL-2.0-only
/*
 * What this kernel was built without, and what the driver cannot do for that reason. An
 * administrator who waits for a record or a dump should not have to learn it from its
 * absence. Missing BTF is for find-vmsa.c to report, since BTF can also be there and be the
 * wrong one.
 */
#define pr_fmt(fmt) "svsm-reset: " fmt

#include <linux/kconfig.h>
#include <linux/printk.h>

#include "svsm-reset.h"

/**
 * svr_config_report - log what this kernel was built without
 *
 * One line for each option; none on a kernel as distributions build it.
 *
 * Context: process.
 */
void svr_config_report(void)
{
	if (!SVR_HAS_KDUMP)
		pr_info("kernel without CONFIG_KPROBES, CONFIG_CRASH_DUMP or CONFIG_PROC_VMCORE: nothing is done for crash kernels\n");
	if (!IS_ENABLED(CONFIG_EFI))
		pr_info("kernel without CONFIG_EFI: no record in an EFI variable\n");
	if (!IS_ENABLED(CONFIG_IMA))
		pr_info("kernel without CONFIG_IMA: the last reset is not measured\n");
	if (!IS_ENABLED(CONFIG_PCI))
		pr_info("kernel without CONFIG_PCI: no device is stopped before the call\n");
}
