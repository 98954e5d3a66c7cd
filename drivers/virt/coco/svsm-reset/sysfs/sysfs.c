// SPDX-License-Identifier: GPL-2.0-only
/*
 * Files of the platform device, one value each; those about the last reset are
 * in sysfs-last.c, those about the next one in sysfs-next.c.
 * Documentation/ABI/testing/sysfs-platform-svsm-reset
 */
#include <linux/device.h>
#include <linux/kobject.h>
#include <linux/string.h>
#include <linux/sysfs.h>
#include <linux/svsm-reboot.h>

#include "reset/reset.h"
#include "svsm-reset.h"
#include "svsm/svsm.h"
#include "sysfs/sysfs.h"

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

static ssize_t supported_versions_show(struct device *dev,
				       struct device_attribute *attr, char *buf)
{
	u32 lowest, highest;

	svr_supported_versions(&lowest, &highest);
	return sysfs_emit(buf, "%u-%u\n", lowest, highest);
}
static DEVICE_ATTR_RO(supported_versions);

static ssize_t state_show(struct device *dev,
			  struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%s\n", svr_state_name(svr_state_get()));
}
static DEVICE_ATTR_RO(state);

/* Writes a setting, and tells udev that there is another one */
static ssize_t svr_set(struct device *dev, int (*set)(const char *text),
		       const char *buf, size_t count)
{
	/* A string that ends before the write does is no value */
	int err = set(strnlen(buf, count) == count ? buf : NULL);

	if (err)
		return err;
	kobject_uevent(&dev->kobj, KOBJ_CHANGE);
	return count;
}

static ssize_t enabled_show(struct device *dev,
			    struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%d\n", svr_enabled());
}

static ssize_t enabled_store(struct device *dev, struct device_attribute *attr,
			     const char *buf, size_t count)
{
	return svr_set(dev, svr_enabled_set, buf, count);
}
static DEVICE_ATTR_RW(enabled);

static ssize_t deadman_show(struct device *dev,
			    struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%u\n", svr_deadman_get());
}

static ssize_t deadman_store(struct device *dev, struct device_attribute *attr,
			     const char *buf, size_t count)
{
	return svr_set(dev, svr_deadman_set, buf, count);
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
	return svr_set(dev, svr_ap_policy_set, buf, count);
}
static DEVICE_ATTR_RW(ap_policy);

static ssize_t device_policy_show(struct device *dev,
				  struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%s\n",
			  svr_device_policy_name(svr_device_policy_get()));
}

static ssize_t device_policy_store(struct device *dev,
				   struct device_attribute *attr,
				   const char *buf, size_t count)
{
	return svr_set(dev, svr_device_policy_set, buf, count);
}
static DEVICE_ATTR_RW(device_policy);

static ssize_t rehearse_show(struct device *dev,
			     struct device_attribute *attr, char *buf)
{
	return svr_rehearsal_show(buf);
}

static ssize_t rehearse_store(struct device *dev, struct device_attribute *attr,
			      const char *buf, size_t count)
{
	/* A string that ends before the write does is no value */
	int err = svr_rehearse(strnlen(buf, count) == count ? buf : NULL);

	return err ?: count;
}
static DEVICE_ATTR_RW(rehearse);

static struct attribute *svr_attrs[] = {
	&dev_attr_protocol_id.attr,
	&dev_attr_protocol_version.attr,
	&dev_attr_supported_versions.attr,
	&dev_attr_state.attr,
	&dev_attr_enabled.attr,
	&dev_attr_ap_policy.attr,
	&dev_attr_device_policy.attr,
	&dev_attr_deadman.attr,
	&dev_attr_rehearse.attr,
	NULL
};

static const struct attribute_group svr_group = {
	.attrs = svr_attrs,
};

/* Files of the platform device, for device_add() */
const struct attribute_group *svr_groups[] = {
	&svr_group,
	&svr_last_group,
	&svr_counts_group,
	&svr_next_group,
	NULL
};
