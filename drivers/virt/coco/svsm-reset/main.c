// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reset of an SEV-SNP guest through its SVSM: loading and unloading.
 */
#define pr_fmt(fmt) "svsm-reset: " fmt

#include <linux/array_size.h>
#include <linux/err.h>
#include <linux/module.h>
#include <linux/platform_device.h>
#include <linux/svsm-reboot.h>

#include "crash/crash.h"
#include "record/record.h"
#include "reset/reset.h"
#include "svsm-reset.h"
#include "svsm/svsm.h"
#include "sysfs/sysfs.h"

static struct platform_device *svr_pdev;

static int svr_pdev_add(void)
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

static void svr_pdev_del(void)
{
	platform_device_unregister(svr_pdev);
}

/**
 * struct svr_part - a part of the driver
 * @init: without it the driver is not loaded; returns 0 or a negative errno, logged
 * @open: instead of @init, for a part that the driver can do without
 * @exit: optional: undo @init or @open
 */
struct svr_part {
	int (*init)(void);
	void (*open)(void);
	void (*exit)(void);
};

/* In this order; undone in the opposite one */
static const struct svr_part svr_parts[] = {
	{ .init = svr_probe_platform },
	{ .init = svr_cpus_init, .exit = svr_cpus_exit },
	{ .init = svr_probe_service },
	{ .open = svr_secrets_init, .exit = svr_secrets_exit },
	{ .open = svr_stores_open, .exit = svr_stores_close },
	{ .open = svr_last_reset_load },
	{ .open = svr_vmcore_init, .exit = svr_vmcore_exit },
	{ .open = svr_capture_init, .exit = svr_capture_exit },
	{ .open = svr_lapic_prepare },
	{ .open = svr_ioapic_init, .exit = svr_ioapic_exit },
	{ .open = svr_devices_init, .exit = svr_devices_exit },
	{ .open = svr_timers_init, .exit = svr_timers_exit },
	{ .open = svr_kvm_areas_init },
	{ .open = svr_ghcb_init, .exit = svr_ghcb_exit },
	{ .open = svr_vmsa_init, .exit = svr_vmsa_exit },
	{ .init = svr_park_install, .exit = svr_park_uninstall },
	{ .init = svr_cause_init, .exit = svr_cause_exit },
	{ .init = svr_deadman_init, .exit = svr_deadman_exit },
	{ .open = svr_last_reset_mark },
	/* After svr_last_reset_mark(): the device's "add" event tells of the last reset */
	{ .init = svr_pdev_add, .exit = svr_pdev_del },
	/* Last of what can fail: a restart that begins now may arm the driver for good */
	{ .init = svr_hooks_register, .exit = svr_hooks_unregister },
	{ .open = svr_cpus_seal },
	{ .open = svr_kdump_init, .exit = svr_kdump_exit },
};

/* The first @count parts, the last one first */
static void svr_undo(unsigned int count)
{
	while (count--)
		if (svr_parts[count].exit)
			svr_parts[count].exit();
}

static int __init svr_init(void)
{
	unsigned int i;
	int err;

	for (i = 0; i < ARRAY_SIZE(svr_parts); i++) {
		if (svr_parts[i].open) {
			svr_parts[i].open();
			continue;
		}
		err = svr_parts[i].init();
		if (err) {
			svr_undo(i);
			return err;
		}
	}
	pr_info("ready: protocol %u version %u\n",
		svr_protocol(), SVSM_REBOOT_VERSION);
	svr_config_report();
	svr_last_reset_report();
	svr_measure();
	return 0;
}

/*
 * Not reached once a restart has begun: arming takes a reference to the module.
 * An emergency restart does not, but then no CPU is left to unload anything.
 */
static void __exit svr_exit(void)
{
	svr_undo(ARRAY_SIZE(svr_parts));
	/* The tool takes lines of ours behind this for the reason of a refusal */
	pr_info("unloaded\n");
}

module_init(svr_init);
module_exit(svr_exit);

MODULE_DESCRIPTION("Reset of an SEV-SNP guest through its SVSM");
MODULE_LICENSE("GPL");
