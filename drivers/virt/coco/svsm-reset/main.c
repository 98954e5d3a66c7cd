// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reset of an SEV-SNP guest through its SVSM: loading and unloading.
 */
#define pr_fmt(fmt) "svsm-reset: " fmt

#include <linux/atomic.h>
#include <linux/err.h>
#include <linux/module.h>
#include <linux/platform_device.h>
#include <linux/svsm-reboot.h>

#include "svsm-reset.h"

static atomic_t svr_state = ATOMIC_INIT(SVR_STATE_READY);
static struct platform_device *svr_pdev;

/**
 * svr_state_get - how far has a reset come?
 *
 * Context: any, NMI included.
 *
 * Return: the state.
 */
enum svr_state svr_state_get(void)
{
	return atomic_read_acquire(&svr_state);
}

/**
 * svr_state_advance - take the next step, if nobody else has
 * @from: the state in which the caller believes things to be
 * @to:   the state to go to
 *
 * Context: any, NMI included.
 *
 * Return: true for the one caller that took the step.
 */
bool svr_state_advance(enum svr_state from, enum svr_state to)
{
	int old = from;

	return atomic_try_cmpxchg(&svr_state, &old, to);
}

static int __init svr_pdev_add(void)
{
	int err;

	svr_pdev = platform_device_alloc("svsm-reset", PLATFORM_DEVID_NONE);
	if (!svr_pdev)
		return -ENOMEM;

	svr_pdev->dev.groups = svr_groups;
	err = platform_device_add(svr_pdev);
	if (err)
		platform_device_put(svr_pdev);
	return err;
}

static int __init svr_init(void)
{
	int err;

	err = svr_probe_platform();
	if (err)
		return err;
	err = svr_cpus_init();
	if (err)
		return err;
	err = svr_probe_service();
	if (err)
		goto err_cpus;
	svr_secrets_init();
	svr_store_load();
	svr_vmcore_init();
	svr_capture_init();
	err = svr_pdev_add();
	if (err)
		goto err_secrets;
	svr_lapic_prepare();
	svr_ioapic_init();
	svr_ghcb_init();
	svr_vmsa_init();
	err = svr_park_install();
	if (err)
		goto err_ioapic;
	err = svr_cause_init();
	if (err)
		goto err_park;
	err = svr_deadman_init();
	if (err)
		goto err_cause;
	err = svr_hooks_register();
	if (err)
		goto err_deadman;

	svr_cpus_seal();
	svr_store_mark_loaded();
	svr_kdump_init();
	pr_info("ready: protocol %u version %u, last reset: %s\n",
		svr_protocol(), SVSM_REBOOT_VERSION,
		svr_reason_name(svr_store_last_reason()));
	return 0;

err_deadman:
	svr_deadman_exit();
err_cause:
	svr_cause_exit();
err_park:
	svr_park_uninstall();
err_ioapic:
	svr_vmsa_exit();
	svr_ghcb_exit();
	svr_ioapic_exit();
	platform_device_unregister(svr_pdev);
err_secrets:
	svr_capture_exit();
	svr_vmcore_exit();
	svr_secrets_exit();
err_cpus:
	svr_cpus_exit();
	return err;
}

/*
 * Not reached once a restart has begun: arming takes a reference to the module.
 * An emergency restart does not, but then no CPU is left to unload anything.
 */
static void __exit svr_exit(void)
{
	svr_kdump_exit();
	svr_hooks_unregister();
	svr_deadman_exit();
	svr_cause_exit();
	svr_park_uninstall();
	svr_vmsa_exit();
	svr_ghcb_exit();
	svr_ioapic_exit();
	platform_device_unregister(svr_pdev);
	svr_capture_exit();
	svr_vmcore_exit();
	svr_secrets_exit();
	svr_cpus_exit();
}

module_init(svr_init);
module_exit(svr_exit);

MODULE_DESCRIPTION("Reset of an SEV-SNP guest through its SVSM");
MODULE_LICENSE("GPL");
