// SPDX-License-Identifier: GPL-2.0-only
/*
 * Files about the last reset, one value each, out of the record:
 * Documentation/ABI/testing/sysfs-platform-svsm-reset
 */
#include <linux/bitmap.h>
#include <linux/device.h>
#include <linux/errno.h>
#include <linux/pci.h>
#include <linux/power/power_on_reason.h>
#include <linux/string.h>
#include <linux/sysfs.h>

#include "record/record.h"
#include "sysfs/sysfs.h"

static ssize_t last_reset_reason_show(struct device *dev,
				      struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%s\n", svr_reason_name(svr_last_reset()->reason));
}
static DEVICE_ATTR_RO(last_reset_reason);

static ssize_t last_reset_cause_show(struct device *dev,
				     struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%s\n",
			  svr_cause_name(svr_last_reset()->record.cause));
}
static DEVICE_ATTR_RO(last_reset_cause);

static ssize_t last_reset_trigger_show(struct device *dev,
				       struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%s\n",
			  svr_trigger_name(svr_last_reset()->record.trigger));
}
static DEVICE_ATTR_RO(last_reset_trigger);

static ssize_t last_reset_outcome_show(struct device *dev,
				       struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%s\n", svr_outcome_name(svr_last_reset()->outcome));
}
static DEVICE_ATTR_RO(last_reset_outcome);

static ssize_t last_reset_message_show(struct device *dev,
				       struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%s\n", svr_last_reset()->record.message);
}

/* As the log may be (dmesg_restrict, which is not exported): not for everybody */
static DEVICE_ATTR_ADMIN_RO(last_reset_message);

static ssize_t last_reset_cpu_show(struct device *dev,
				   struct device_attribute *attr, char *buf)
{
	u32 cpu = svr_last_reset()->record.cpu;

	if (cpu == SVR_RECORD_NO_CPU)
		return sysfs_emit(buf, "unknown\n");
	return sysfs_emit(buf, "%u\n", cpu);
}
static DEVICE_ATTR_RO(last_reset_cpu);

static ssize_t last_reset_cpus_show(struct device *dev,
				    struct device_attribute *attr, char *buf)
{
	DECLARE_BITMAP(lost, SVR_RECORD_CPUS);
	unsigned int cpu;

	bitmap_zero(lost, SVR_RECORD_CPUS);
	for (cpu = 0; cpu < SVR_RECORD_CPUS; cpu++)
		if (svr_record_lost(&svr_last_reset()->record, cpu))
			__set_bit(cpu, lost);
	return sysfs_emit(buf, "%*pbl\n", SVR_RECORD_CPUS, lost);
}
static DEVICE_ATTR_RO(last_reset_cpus);

static ssize_t last_reset_devices_show(struct device *dev,
				       struct device_attribute *attr, char *buf)
{
	const struct svr_record *rec = &svr_last_reset()->record;
	unsigned int i;
	int len = 0;

	/* A gap is one whose number is not known */
	for (i = 0; i < SVR_RECORD_DEVICES; i++)
		if (rec->device[i])
			len += sysfs_emit_at(buf, len, "%s0000:%02x:%02x.%x",
					     len ? " " : "", rec->device[i] >> 8,
					     PCI_SLOT(rec->device[i]),
					     PCI_FUNC(rec->device[i]));
	return len + sysfs_emit_at(buf, len, "\n");
}
static DEVICE_ATTR_RO(last_reset_devices);

static ssize_t last_reset_device_count_show(struct device *dev,
					    struct device_attribute *attr,
					    char *buf)
{
	return sysfs_emit(buf, "%u\n", svr_last_reset()->record.devices);
}
static DEVICE_ATTR_RO(last_reset_device_count);

static ssize_t last_reset_time_show(struct device *dev,
				    struct device_attribute *attr, char *buf)
{
	char text[SVR_TIME_TEXT];

	svr_time_text(svr_last_reset()->record.time, text, sizeof(text));
	return sysfs_emit(buf, "%s\n", text);
}
static DEVICE_ATTR_RO(last_reset_time);

static ssize_t last_reset_crash_time_show(struct device *dev,
					  struct device_attribute *attr,
					  char *buf)
{
	char text[SVR_TIME_TEXT];

	svr_time_text(svr_record_crash_time(&svr_last_reset()->record), text,
		      sizeof(text));
	return sysfs_emit(buf, "%s\n", text);
}
static DEVICE_ATTR_RO(last_reset_crash_time);

static ssize_t last_reset_uptime_show(struct device *dev,
				      struct device_attribute *attr, char *buf)
{
	u32 uptime = svr_last_reset()->record.uptime;

	if (!uptime)
		return sysfs_emit(buf, "unknown\n");
	return sysfs_emit(buf, "%u\n", uptime);
}
static DEVICE_ATTR_RO(last_reset_uptime);

static ssize_t last_reset_kernel_show(struct device *dev,
				      struct device_attribute *attr, char *buf)
{
	const char *kernel = svr_last_reset()->record.kernel;

	return sysfs_emit(buf, "%s\n", kernel[0] ? kernel : "unknown");
}
static DEVICE_ATTR_RO(last_reset_kernel);

static ssize_t last_reset_result_show(struct device *dev,
				      struct device_attribute *attr, char *buf)
{
	const struct svr_record *rec = &svr_last_reset()->record;

	if (rec->stage != SVR_STAGE_RETURNED &&
	    rec->stage != SVR_STAGE_NOANSWER)
		return sysfs_emit(buf, "none\n");
	if (!rec->result)
		return sysfs_emit(buf, "unknown\n");
	if (rec->stage == SVR_STAGE_NOANSWER)
		return sysfs_emit(buf, "%d\n", rec->err);
	return sysfs_emit(buf, "0x%llx\n", rec->rax);
}
static DEVICE_ATTR_RO(last_reset_result);

static ssize_t last_reset_dump_show(struct device *dev,
				    struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%s\n", svr_dump_name(svr_last_reset_dump()));
}
static DEVICE_ATTR_RO(last_reset_dump);

static ssize_t reset_count_show(struct device *dev,
				struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%u\n", svr_record_resets(&svr_last_reset()->record));
}
static DEVICE_ATTR_RO(reset_count);

static ssize_t record_store_show(struct device *dev,
				 struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%s\n", svr_last_reset_store());
}
static DEVICE_ATTR_RO(record_store);

static ssize_t record_trust_show(struct device *dev,
				 struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%s\n", svr_trust_name(svr_last_reset_trust()));
}
static DEVICE_ATTR_RO(record_trust);

/* What the kernel has in common words for all machines: why this one came up */
static ssize_t power_on_reason_show(struct device *dev,
				    struct device_attribute *attr, char *buf)
{
	static const char * const reasons[SVR_NR_OUTCOMES] = {
		[SVR_OUTCOME_NONE]	 = POWER_ON_REASON_REGULAR,
		[SVR_OUTCOME_UNKNOWN]	 = POWER_ON_REASON_UNKNOWN,
		[SVR_OUTCOME_COMPLETED]	 = POWER_ON_REASON_SOFTWARE,
		[SVR_OUTCOME_REFUSED]	 = POWER_ON_REASON_UNKNOWN,
		[SVR_OUTCOME_RELAUNCHED] = POWER_ON_REASON_REGULAR,
	};

	return sysfs_emit(buf, "%s\n", reasons[svr_last_reset()->outcome]);
}
static DEVICE_ATTR_RO(power_on_reason);

static struct attribute *svr_last_attrs[] = {
	&dev_attr_last_reset_reason.attr,
	&dev_attr_last_reset_cause.attr,
	&dev_attr_last_reset_trigger.attr,
	&dev_attr_last_reset_outcome.attr,
	&dev_attr_last_reset_message.attr,
	&dev_attr_last_reset_cpu.attr,
	&dev_attr_last_reset_cpus.attr,
	&dev_attr_last_reset_devices.attr,
	&dev_attr_last_reset_device_count.attr,
	&dev_attr_last_reset_time.attr,
	&dev_attr_last_reset_crash_time.attr,
	&dev_attr_last_reset_uptime.attr,
	&dev_attr_last_reset_kernel.attr,
	&dev_attr_last_reset_result.attr,
	&dev_attr_last_reset_dump.attr,
	&dev_attr_reset_count.attr,
	&dev_attr_record_store.attr,
	&dev_attr_record_trust.attr,
	&dev_attr_power_on_reason.attr,
	NULL
};

/* Files about the last reset */
const struct attribute_group svr_last_group = {
	.attrs = svr_last_attrs,
};

/* A file in reset_counts/, named after its reason */
static ssize_t svr_count_show(struct device *dev, struct device_attribute *attr,
			      char *buf)
{
	const u16 *counts = svr_last_reset()->record.counts;
	unsigned int i;

	for (i = 0; i < SVR_NR_REASONS; i++)
		if (!strcmp(attr->attr.name, svr_reason_name(i)))
			return sysfs_emit(buf, "%u\n", counts[i]);
	return -ENOENT;
}

#define SVR_COUNT_ATTR(_name, _word)					\
	static struct device_attribute svr_count_##_name = {		\
		.attr = { .name = _word, .mode = 0444 },		\
		.show = svr_count_show,					\
	}

SVR_COUNT_ATTR(reboot, "reboot");
SVR_COUNT_ATTR(emergency, "emergency-restart");
SVR_COUNT_ATTR(panic, "panic");
SVR_COUNT_ATTR(kdump, "kdump");
SVR_COUNT_ATTR(refused, "refused");

static struct attribute *svr_count_attrs[] = {
	&svr_count_reboot.attr,
	&svr_count_emergency.attr,
	&svr_count_panic.attr,
	&svr_count_kdump.attr,
	&svr_count_refused.attr,
	NULL
};

/* Directory reset_counts: resets so far, by reason */
const struct attribute_group svr_counts_group = {
	.name = "reset_counts",
	.attrs = svr_count_attrs,
};
