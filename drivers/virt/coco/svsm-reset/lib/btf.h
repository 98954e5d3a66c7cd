/* SPDX-License-Identifier: GPL-2.0-only */
/* Where the kernel keeps a per-CPU variable, out of its BTF: pure functions */
#ifndef _SVSM_RESET_BTF_H
#define _SVSM_RESET_BTF_H

#include <linux/types.h>

int svr_btf_percpu(const void *btf, size_t len, const char *name, u32 size,
		   u32 *offset);

#endif /* _SVSM_RESET_BTF_H */
