// SPDX-License-Identifier: GPL-2.0-only
/*
 * Files about the next reset, for root only, like the message of the last one:
 * Documentation/ABI/testing/sysfs-platform-svsm-reset
 */
#include <linux/device.h>
#include <linux/sysfs.h>

#include "record/record.h"
#include "reset/reset.h"
#include "sysfs/sysfs.h"

static ssize_t next_reset_note_show(struct device *dev,
				    struct device_attribute *attr, char *buf)
{
	char note[SVR_REQUEST_MESSAGE];

	svr_next_note_get(note);
	return sysfs_emit(buf, "%s\n", note);
}

/* No uevent: everybody can listen to those */
static ssize_t next_reset_note_store(struct device *dev,
				     struct device_attribute *attr,
				     const char *buf, size_t count)
{
	return svr_next_note_set(buf, count) ?: count;
}
static DEVICE_ATTR_ADMIN_RW(next_reset_note);

static ssize_t next_reset_note_kept_show(struct device *dev,
					 struct device_attribute *attr,
					 char *buf)
{
	char note[SVR_REQUEST_MESSAGE], kept[SVR_RECORD_TEXT + 1];

	svr_next_note_get(note);
	svr_write_preview(note, kept, sizeof(kept));
	return sysfs_emit(buf, "%s\n", kept);
}
static DEVICE_ATTR_ADMIN_RO(next_reset_note_kept);

static struct attribute *svr_next_attrs[] = {
	&dev_attr_next_reset_note.attr,
	&dev_attr_next_reset_note_kept.attr,
	NULL
};

/* Files about the next reset */
const struct attribute_group svr_next_group = {
	.attrs = svr_next_attrs,
};
