// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reset of an SEV-SNP guest through its SVSM: loading and unloading.
 */
#define pr_fmt(fmt) "svsm-reset: " fmt

#include <linux/err.h>
#include <linux/module.h>
#include <linux/platform_device.h>
#include <linux/svsm-reboot.h>

#include "measure.h"
#include "svsm-reset.h"

static struct platform_device *svr_pdev;

static int __init svr_pdev_add(void)
{
	int err;

	svr_pdev = platform_device_alloc("svsm-reset", PLATFORM_DEVID_NONE);
	if (!svr_pdev) {
		err = -ENOMEM;
		goto err_log;
	}
	svr_pdev->dev.groups = svr_groups;
	svr_pdev->dev.type = &svr_device_type;
	err = platform_device_add(svr_pdev);
	if (err)
		goto err_put;
	return 0;

err_put:
	platform_device_put(svr_pdev);
err_log:
	pr_err("the device cannot be registered: %d\n", err);
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
	svr_stores_open();
	svr_last_load();
	svr_vmcore_init();
	svr_capture_init();
	svr_lapic_prepare();
	svr_ioapic_init();
	svr_devices_init();
	svr_timers_init();
	svr_kvm_areas_init();
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
	svr_last_mark();
	/* Its "add" event tells what the last reset was: not before that is known */
	err = svr_pdev_add();
	if (err)
		goto err_deadman;
	/* Last of what can fail: a restart that begins now has armed us for good */
	err = svr_hooks_register();
	if (err)
		goto err_pdev;

	svr_cpus_seal();
	svr_kdump_init();
	pr_info("ready: protocol %u version %u\n",
		svr_protocol(), SVSM_REBOOT_VERSION);
	svr_last_report();
	svr_measure();
	return 0;

err_pdev:
	platform_device_unregister(svr_pdev);
err_deadman:
	svr_deadman_exit();
err_cause:
	svr_cause_exit();
err_park:
	svr_park_uninstall();
err_ioapic:
	svr_vmsa_exit();
	svr_ghcb_exit();
	svr_timers_exit();
	svr_devices_exit();
	svr_ioapic_exit();
	svr_capture_exit();
	svr_vmcore_exit();
	svr_stores_close();
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
	platform_device_unregister(svr_pdev);
	svr_deadman_exit();
	svr_cause_exit();
	svr_park_uninstall();
	svr_vmsa_exit();
	svr_ghcb_exit();
	svr_timers_exit();
	svr_devices_exit();
	svr_ioapic_exit();
	svr_capture_exit();
	svr_vmcore_exit();
	svr_stores_close();
	svr_secrets_exit();
	svr_cpus_exit();
}

module_init(svr_init);
module_exit(svr_exit);

MODULE_DESCRIPTION("Reset of an SEV-SNP guest through its SVSM");
MODULE_LICENSE("GPL");
