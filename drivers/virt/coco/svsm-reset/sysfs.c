// SPDX-License-Identifier: GPL-2.0-only
/*
 * Files of the platform device, one value each:
 * Documentation/ABI/testing/sysfs-platform-svsm-reset
 */
#include <linux/bits.h>
#include <linux/device.h>
#include <linux/string.h>
#include <linux/sysfs.h>
#include <linux/svsm-reboot.h>

#include "svsm-reset.h"

static ssize_t protocol_id_show(struct device *dev,
				struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%u\n", svr_protocol());
}
static DEVICE_ATTR_RO(protocol_id);

static ssize_t protocol_version_show(struct device *dev,
				     struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%u\n", SVSM_REBOOT_VERSION);
}
static DEVICE_ATTR_RO(protocol_version);

static ssize_t last_reset_reason_show(struct device *dev,
				      struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%s\n",
			  svr_reason_name(svr_store_last_reason()));
}
static DEVICE_ATTR_RO(last_reset_reason);

static ssize_t last_reset_message_show(struct device *dev,
				       struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%s\n", svr_store_last()->message);
}
static DEVICE_ATTR_RO(last_reset_message);

static ssize_t last_reset_cpu_show(struct device *dev,
				   struct device_attribute *attr, char *buf)
{
	u8 cpu = svr_store_last()->cpu;

	if (cpu == SVR_RECORD_NO_CPU)
		return sysfs_emit(buf, "unknown\n");
	return sysfs_emit(buf, "%u\n", cpu);
}
static DEVICE_ATTR_RO(last_reset_cpu);

static ssize_t last_reset_cpus_show(struct device *dev,
				    struct device_attribute *attr, char *buf)
{
	unsigned long lost = svr_store_last()->lost;

	return sysfs_emit(buf, "%*pbl\n", (int)BITS_PER_TYPE(u32), &lost);
}
static DEVICE_ATTR_RO(last_reset_cpus);

static ssize_t reset_count_show(struct device *dev,
				struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%u\n", svr_store_last()->count);
}
static DEVICE_ATTR_RO(reset_count);

static ssize_t record_store_show(struct device *dev,
				 struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%s\n", svr_store_name());
}
static DEVICE_ATTR_RO(record_store);

static ssize_t deadman_show(struct device *dev,
			    struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%u\n", svr_deadman_get());
}

static ssize_t deadman_store(struct device *dev, struct device_attribute *attr,
			     const char *buf, size_t count)
{
	/* A string that ends before the write does is no value */
	int err = svr_deadman_set(strnlen(buf, count) == count ? buf : NULL);

	return err ?: count;
}
static DEVICE_ATTR_RW(deadman);

static ssize_t ap_policy_show(struct device *dev,
			      struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%s\n", svr_ap_policy_name(svr_ap_policy_get()));
}

static ssize_t ap_policy_store(struct device *dev,
			       struct device_attribute *attr,
			       const char *buf, size_t count)
{
	/* A string that ends before the write does is no value */
	int err = svr_ap_policy_set(strnlen(buf, count) == count ? buf : NULL);

	return err ?: count;
}
static DEVICE_ATTR_RW(ap_policy);

static ssize_t state_show(struct device *dev,
			  struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%s\n", svr_state_name(svr_state_get()));
}
static DEVICE_ATTR_RO(state);

static struct attribute *svr_attrs[] = {
	&dev_attr_protocol_id.attr,
	&dev_attr_protocol_version.attr,
	&dev_attr_last_reset_reason.attr,
	&dev_attr_last_reset_message.attr,
	&dev_attr_last_reset_cpu.attr,
	&dev_attr_last_reset_cpus.attr,
	&dev_attr_reset_count.attr,
	&dev_attr_record_store.attr,
	&dev_attr_deadman.attr,
	&dev_attr_ap_policy.attr,
	&dev_attr_state.attr,
	NULL
};

static const struct attribute_group svr_group = {
	.attrs = svr_attrs,
};

/* Files of the platform device, for device_add() */
const struct attribute_group *svr_groups[] = {
	&svr_group,
	NULL
};
