// SPDX-License-Identifier: GPL-2.0-only
/*
 * All module parameters, and the setters of those that can be changed later. Each refuses a
 * value that it does not know, in one line that names those it knows.
 */
#define pr_fmt(fmt) "svsm-reset: " fmt

#include <linux/kstrtox.h>
#include <linux/moduleparam.h>
#include <linux/string.h>
#include <linux/sysfs.h>
#include <linux/svsm-reboot.h>

#include "record/record.h"
#include "reset/reset.h"
#include "svsm-reset.h"

/* As long as systemd gives a restart (RebootWatchdogSec) */
#define SVR_DEADMAN_DEFAULT_S	600
#define SVR_DEADMAN_MAX_S	86400

static u32 svr_protocol_number = SVSM_REBOOT_PROTOCOL_DEFAULT;
static enum svr_ap_policy svr_ap_policy = SVR_AP_REFUSE;
/*
 * A device writes only to shared memory, which the host may write to anyway. It can spoil a
 * buffer there; to refuse the reset is to lose the VM.
 */
static enum svr_device_policy svr_device_policy = SVR_DEVICE_FORCE;
static unsigned int svr_deadman = SVR_DEADMAN_DEFAULT_S;
static bool svr_unattested;
static bool svr_delete;
static bool svr_kdump = true;

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
 * svr_allow_unattested - may the reboot service go without its attestation?
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

/**
 * svr_deadman_get - how long may a restart take?
 *
 * Context: any.
 *
 * Return: seconds, 0 when it may take for ever.
 */
unsigned int svr_deadman_get(void)
{
	return READ_ONCE(svr_deadman);
}

/**
 * svr_deadman_set - change how long a restart may take
 * @text: seconds, 0 to SVR_DEADMAN_MAX_S
 *
 * Counts for restarts that begin later. Context: process.
 *
 * Return: 0, or -EINVAL, which has been logged.
 */
int svr_deadman_set(const char *text)
{
	unsigned int seconds;

	if (!text || kstrtouint(text, 10, &seconds) ||
	    seconds > SVR_DEADMAN_MAX_S) {
		pr_err("deadman: allowed values are 0 to %u (seconds, 0: never)\n",
		       SVR_DEADMAN_MAX_S);
		return -EINVAL;
	}
	WRITE_ONCE(svr_deadman, seconds);
	return 0;
}

/**
 * svr_delete_vcpu - may the SVSM be asked to delete vCPUs?
 *
 * Context: any.
 *
 * Return: the administrator's choice.
 */
bool svr_delete_vcpu(void)
{
	return svr_delete;
}

/**
 * svr_kdump_wanted - does the administrator want crash kernels to come up?
 *
 * Context: any.
 *
 * Return: the administrator's choice.
 */
bool svr_kdump_wanted(void)
{
	return svr_kdump;
}

/* 0 or 1, or -EINVAL, which has been logged. Not kstrtobool(), which takes "1 or so" */
static int svr_parse_bool(const char *name, const char *text)
{
	static const char * const values[] = { "0", "1" };
	int yes = text ? sysfs_match_string(values, text) : -EINVAL;

	if (yes < 0)
		pr_err("%s: allowed values are 0, 1\n", name);
	return yes;
}

/**
 * svr_enabled_set - allow or forbid resets through the SVSM
 * @text: "0" or "1"
 *
 * Context: process.
 *
 * Return: 0; -EINVAL, or -EBUSY once a reset has begun, which has been logged.
 */
int svr_enabled_set(const char *text)
{
	int yes = svr_parse_bool("enabled", text);
	int err = yes < 0 ? yes : svr_state_enable(yes);

	if (err == -EBUSY)
		pr_err("enabled: a reset has begun, it is too late\n");
	return err;
}

/* A flag: without a value it means yes */
static int svr_param_bool_set(const char *val, const struct kernel_param *kp)
{
	int yes = svr_parse_bool(kp->name, val ?: "1");

	if (yes < 0)
		return yes;
	*(bool *)kp->arg = yes;
	return 0;
}

static int svr_param_bool_get(char *buf, const struct kernel_param *kp)
{
	return sysfs_emit(buf, "%d\n", *(bool *)kp->arg);
}

static const struct kernel_param_ops svr_param_bool_ops = {
	.flags = KERNEL_PARAM_OPS_FL_NOARG,
	.set = svr_param_bool_set,
	.get = svr_param_bool_get,
};
module_param_cb(allow_unattested, &svr_param_bool_ops, &svr_unattested, 0444);
MODULE_PARM_DESC(allow_unattested, "load although the SVSM does not know the reboot service's GUID (default 0)");
module_param_cb(delete_vcpu, &svr_param_bool_ops, &svr_delete, 0444);
MODULE_PARM_DESC(delete_vcpu, "have the SVSM delete the other vCPUs, by what the kernel's BTF says (default 0)");
#if SVR_HAS_KDUMP
module_param_cb(kdump, &svr_param_bool_ops, &svr_kdump, 0444);
MODULE_PARM_DESC(kdump, "make crash kernels come up, refuse kexec where it cannot work (default 1)");
#endif

/* As svr_param_bool_ops, but refused once a reset has begun */
static int svr_param_enabled_set(const char *val, const struct kernel_param *kp)
{
	return svr_enabled_set(val ?: "1");
}

static int svr_param_enabled_get(char *buf, const struct kernel_param *kp)
{
	return sysfs_emit(buf, "%d\n", svr_enabled());
}

static const struct kernel_param_ops svr_param_enabled_ops = {
	.flags = KERNEL_PARAM_OPS_FL_NOARG,
	.set = svr_param_enabled_set,
	.get = svr_param_enabled_get,
};
module_param_cb(enabled, &svr_param_enabled_ops, NULL, 0444);
MODULE_PARM_DESC(enabled, "reset through the SVSM (default 1), 0: leave it to the kernel");

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

static int svr_param_deadman_set(const char *val, const struct kernel_param *kp)
{
	return svr_deadman_set(val);
}

static int svr_param_deadman_get(char *buf, const struct kernel_param *kp)
{
	return sysfs_emit(buf, "%u\n", svr_deadman_get());
}

static const struct kernel_param_ops svr_param_deadman_ops = {
	.set = svr_param_deadman_set,
	.get = svr_param_deadman_get,
};
module_param_cb(deadman, &svr_param_deadman_ops, NULL, 0444);
MODULE_PARM_DESC(deadman, "seconds after which a restart that hangs is forced, 0: never (default 600)");

static int svr_param_record_set(const char *val, const struct kernel_param *kp)
{
	return svr_stores_choose(val);
}

static int svr_param_record_get(char *buf, const struct kernel_param *kp)
{
	return svr_stores_chosen(buf);
}

static const struct kernel_param_ops svr_param_record_ops = {
	.set = svr_param_record_set,
	.get = svr_param_record_get,
};
module_param_cb(record, &svr_param_record_ops, NULL, 0444);
MODULE_PARM_DESC(record, "where the record of a reset is kept: auto (default: secrets, cmos), none, or a list of secrets, cmos, efi");
