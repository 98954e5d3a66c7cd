/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A launch at VMPL 0: the list of pages that the command has made of an IGVM file, at
 * HV_IMAGES. The command has checked every range. Offsets are from the header.
 */
#ifndef SNPSIM_LAUNCH_LIST_H
#define SNPSIM_LAUNCH_LIST_H

#include "lib/types.h"

#define LAUNCH_LIST_MAGIC	0x31304d5647494e53UL	/* "SNIGVM01" */

/* In the order in which a launch takes them */
enum launch_kind {
	LAUNCH_REQUIRED,		/* assigned, not validated */
	LAUNCH_PAGES,			/* validated from here on */
	LAUNCH_UNMEASURED,
	LAUNCH_PARAMETERS,
	LAUNCH_SHARED,			/* not assigned */
	LAUNCH_CPUID,			/* the leaves are asked for, the answers filled in */
	LAUNCH_SECRETS,
	LAUNCH_VMSA,			/* of the boot CPU; no memory of the guest's */
};

struct launch_range {
	u64 gpa, pages;
	u32 kind, large;
	u64 offset;			/* of the contents; 0: zeros */
} __packed;

struct launch_list {
	u64 magic;
	u32 ranges, rsvd;
	u64 policy, size;
	struct launch_range range[];
} __packed;

#endif
