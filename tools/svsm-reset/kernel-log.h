/* SPDX-License-Identifier: GPL-2.0 */
/* What the kernel's log says of the module that is not loaded */
#ifndef _SR_KERNEL_LOG_H
#define _SR_KERNEL_LOG_H

#include <stddef.h>

void sr_kernel_log_read(const char *root, char *text, size_t size);

#endif /* _SR_KERNEL_LOG_H */
