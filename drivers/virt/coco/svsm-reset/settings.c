// SPDX-License-Identifier: GPL-2.0-only
/*
 * Module parameters. Each refuses what it does not understand, in one line
 * that says what it would have understood.
 */
#define pr_fmt(fmt) "svsm-reset: " fmt

#include <linux/kstrtox.h>
#include <linux/moduleparam.h>
#include <linux/string.h>
#include <linux/sysfs.h>
#include <linux/svsm-reboot.h>

#include "svsm-reset.h"

static u32 svr_protocol_number = SVSM_REBOOT_PROTOCOL_DEFAULT;
static enum svr_ap_policy svr_ap_policy = SVR_AP_REFUSE;
/*
 * A device writes to nothing but shared memory, which the host may write to anyway: what it
 * can spoil there is a buffer, and the alternative is to lose the VM.
 */
static enum svr_device_policy svr_device_policy = SVR_DEVICE_FORCE;
static bool svr_unattested;

/**
 * svr_protocol - number under which the SVSM has the reboot protocol
 *
 * Context: any.
 *
 * Return: the number.
 */
u32 svr_protocol(void)
{
	return svr_protocol_number;
}

/**
 * svr_allow_unattested - do without the proof that it is the reboot service?
 *
 * Context: any.
 *
 * Return: true when the administrator said so.
 */
bool svr_allow_unattested(void)
{
	return svr_unattested;
}

/**
 * svr_ap_policy_get - what if a CPU cannot be parked?
 *
 * Context: any.
 *
 * Return: the administrator's choice.
 */
enum svr_ap_policy svr_ap_policy_get(void)
{
	return READ_ONCE(svr_ap_policy);
}

/**
 * svr_ap_policy_set - change what happens if a CPU cannot be parked
 * @text: "refuse", "host" or "force"
 *
 * Context: process.
 *
 * Return: 0, or -EINVAL, which has been logged.
 */
int svr_ap_policy_set(const char *text)
{
	int policy = text ? svr_ap_policy_parse(text) : -EINVAL;

	if (policy < 0) {
		pr_err("ap_policy: allowed values are refuse, host, force\n");
		return -EINVAL;
	}
	WRITE_ONCE(svr_ap_policy, policy);
	return 0;
}

/**
 * svr_device_policy_get - what if a device cannot be stopped?
 *
 * Context: any.
 *
 * Return: the administrator's choice.
 */
enum svr_device_policy svr_device_policy_get(void)
{
	return READ_ONCE(svr_device_policy);
}

/**
 * svr_device_policy_set - change what happens if a device cannot be stopped
 * @text: "refuse" or "force"
 *
 * Context: process.
 *
 * Return: 0, or -EINVAL, which has been logged.
 */
int svr_device_policy_set(const char *text)
{
	int policy = text ? svr_device_policy_parse(text) : -EINVAL;

	if (policy < 0) {
		pr_err("device_policy: allowed values are refuse, force\n");
		return -EINVAL;
	}
	WRITE_ONCE(svr_device_policy, policy);
	return 0;
}

static int svr_param_protocol_set(const char *val,
				  const struct kernel_param *kp)
{
	u32 number;

	if (!val || kstrtou32(val, 0, &number) ||
	    number < SVSM_REBOOT_PROTOCOL_MIN) {
		pr_err("protocol: allowed values are %u to %u (below are other protocols)\n",
		       SVSM_REBOOT_PROTOCOL_MIN, U32_MAX);
		return -EINVAL;
	}
	svr_protocol_number = number;
	return 0;
}

static int svr_param_protocol_get(char *buf, const struct kernel_param *kp)
{
	return sysfs_emit(buf, "%u\n", svr_protocol());
}

static const struct kernel_param_ops svr_param_protocol_ops = {
	.set = svr_param_protocol_set,
	.get = svr_param_protocol_get,
};
module_param_cb(protocol, &svr_param_protocol_ops, NULL, 0444);
MODULE_PARM_DESC(protocol, "protocol number of the reboot service (default 5, contested)");

static int svr_param_ap_policy_set(const char *val,
				   const struct kernel_param *kp)
{
	return svr_ap_policy_set(val);
}

static int svr_param_ap_policy_get(char *buf, const struct kernel_param *kp)
{
	return sysfs_emit(buf, "%s\n", svr_ap_policy_name(svr_ap_policy_get()));
}

static const struct kernel_param_ops svr_param_ap_policy_ops = {
	.set = svr_param_ap_policy_set,
	.get = svr_param_ap_policy_get,
};
module_param_cb(ap_policy, &svr_param_ap_policy_ops, NULL, 0444);
MODULE_PARM_DESC(ap_policy, "if a CPU cannot be parked: refuse the SVSM reset (default), take the host's word (host), or force it");

static int svr_param_device_policy_set(const char *val,
				       const struct kernel_param *kp)
{
	return svr_device_policy_set(val);
}

static int svr_param_device_policy_get(char *buf, const struct kernel_param *kp)
{
	return sysfs_emit(buf, "%s\n",
			  svr_device_policy_name(svr_device_policy_get()));
}

static const struct kernel_param_ops svr_param_device_policy_ops = {
	.set = svr_param_device_policy_set,
	.get = svr_param_device_policy_get,
};
module_param_cb(device_policy, &svr_param_device_policy_ops, NULL, 0444);
MODULE_PARM_DESC(device_policy, "if a PCI device cannot be stopped: reset through the SVSM none the less (force, default), or refuse to");

static int svr_param_unattested_set(const char *val,
				    const struct kernel_param *kp)
{
	/* Not kstrtobool(), which takes "1 or so" for a yes */
	static const char * const values[] = { "0", "1" };
	/* A flag: without a value it means yes */
	int yes = val ? sysfs_match_string(values, val) : 1;

	if (yes < 0) {
		pr_err("allow_unattested: allowed values are 0, 1\n");
		return -EINVAL;
	}
	svr_unattested = yes;
	return 0;
}

static int svr_param_unattested_get(char *buf, const struct kernel_param *kp)
{
	return sysfs_emit(buf, "%d\n", svr_unattested);
}

static const struct kernel_param_ops svr_param_unattested_ops = {
	.flags = KERNEL_PARAM_OPS_FL_NOARG,
	.set = svr_param_unattested_set,
	.get = svr_param_unattested_get,
};
module_param_cb(allow_unattested, &svr_param_unattested_ops, NULL, 0444);
MODULE_PARM_DESC(allow_unattested, "load although the SVSM does not know the reboot service's GUID (default 0)");
