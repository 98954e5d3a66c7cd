/* SPDX-License-Identifier: GPL-2.0 */
/*
 * As much of the kernel as the driver's files that are part of this tool use beside
 * what linux/ has for programs. The Makefile includes it before each of them.
 */
#ifndef _SR_KERNEL_H
#define _SR_KERNEL_H

#include <stdbool.h>
#include <string.h>

/* Equal, apart from a newline at the end of one of them */
static inline bool sysfs_streq(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	return *a == *b || (!*a && !strcmp(b, "\n")) || (!*b && !strcmp(a, "\n"));
}

#endif /* _SR_KERNEL_H */
