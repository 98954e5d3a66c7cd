/* SPDX-License-Identifier: GPL-2.0-only */
/* What can be seen and set */
#ifndef _SVSM_RESET_SYSFS_H
#define _SVSM_RESET_SYSFS_H

#include <linux/device.h>

/* sysfs.c: all groups */
extern const struct attribute_group *svr_groups[];

/* sysfs-last.c, sysfs-next.c */
extern const struct attribute_group svr_last_group;
extern const struct attribute_group svr_counts_group;
extern const struct attribute_group svr_next_group;

/* uevent.c */
extern const struct device_type svr_device_type;

#endif /* _SVSM_RESET_SYSFS_H */
