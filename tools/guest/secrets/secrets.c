// SPDX-License-Identifier: GPL-2.0
/*
 * The part of the SNP secrets page that the guest may use, for the tests of what
 * svsm-reset keeps there.
 *
 *   /sys/module/secrets/parameters/usage  os_area.guest_usage, 64 hex digits
 *   /sys/module/secrets/parameters/seqno  msg_seqno_0 to msg_seqno_3
 */
#include <linux/cc_platform.h>
#include <linux/device.h>
#include <linux/errno.h>
#include <linux/hex.h>
#include <linux/io.h>
#include <linux/module.h>
#include <linux/platform_device.h>
#include <linux/sprintf.h>
#include <linux/string.h>
#include <linux/sysfs.h>
#include <asm/sev.h>

static struct snp_secrets_page *page;

static int usage_set(const char *val, const struct kernel_param *kp)
{
	u8 raw[sizeof(page->os_area.guest_usage)];

	if (!page || strcspn(val, "\n") != 2 * sizeof(raw) ||
	    hex2bin(raw, val, sizeof(raw)))
		return -EINVAL;
	memcpy(page->os_area.guest_usage, raw, sizeof(raw));
	return 0;
}

static int usage_get(char *buf, const struct kernel_param *kp)
{
	return sysfs_emit(buf, "%*phN\n",
			  (int)sizeof(page->os_area.guest_usage),
			  page->os_area.guest_usage);
}

static const struct kernel_param_ops usage_ops = {
	.set = usage_set,
	.get = usage_get,
};
module_param_cb(usage, &usage_ops, NULL, 0644);
MODULE_PARM_DESC(usage, "os_area.guest_usage, 64 hex digits; only once loaded");

static int seqno_set(const char *val, const struct kernel_param *kp)
{
	u32 n[4];

	if (!page || sscanf(val, "%u %u %u %u", &n[0], &n[1], &n[2], &n[3]) != 4)
		return -EINVAL;
	page->os_area.msg_seqno_0 = n[0];
	page->os_area.msg_seqno_1 = n[1];
	page->os_area.msg_seqno_2 = n[2];
	page->os_area.msg_seqno_3 = n[3];
	return 0;
}

static int seqno_get(char *buf, const struct kernel_param *kp)
{
	return sysfs_emit(buf, "%u %u %u %u\n", page->os_area.msg_seqno_0,
			  page->os_area.msg_seqno_1, page->os_area.msg_seqno_2,
			  page->os_area.msg_seqno_3);
}

static const struct kernel_param_ops seqno_ops = {
	.set = seqno_set,
	.get = seqno_get,
};
module_param_cb(seqno, &seqno_ops, NULL, 0644);
MODULE_PARM_DESC(seqno, "msg_seqno_0 to msg_seqno_3; only once loaded");

static int __init secrets_init(void)
{
	const struct sev_guest_platform_data *data;
	struct device *dev;

	dev = bus_find_device_by_name(&platform_bus_type, NULL, "sev-guest");
	if (!dev)
		return -ENODEV;
	data = dev_get_platdata(dev);
	if (data)
		page = (__force struct snp_secrets_page *)
			ioremap_encrypted(data->secrets_gpa, PAGE_SIZE);
	put_device(dev);
	return page ? 0 : -ENODEV;
}

static void __exit secrets_exit(void)
{
	iounmap((__force void __iomem *)page);
}

module_init(secrets_init);
module_exit(secrets_exit);

MODULE_DESCRIPTION("The guest's part of the SNP secrets page");
MODULE_LICENSE("GPL");
