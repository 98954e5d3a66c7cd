/* SPDX-License-Identifier: GPL-2.0 */
/* QEMU's fw_cfg device. */
#ifndef SNPSIM_FWCFG_H
#define SNPSIM_FWCFG_H

#include "lib/types.h"

#define FWCFG_DMA_ERROR		BIT_ULL(0)
#define FWCFG_DMA_READ		BIT_ULL(1)
#define FWCFG_DMA_SKIP		BIT_ULL(2)
#define FWCFG_DMA_SELECT	BIT_ULL(3)
#define FWCFG_DMA_WRITE		BIT_ULL(4)

/* All fields are big-endian. */
struct fwcfg_dma {
	u32 control, length;
	u64 address;
} __packed;

u32 fwcfg_find(const char *name, u16 *selector);
void fwcfg_read(u16 selector, void *buf, u32 len);
void fwcfg_zero(void *buf, u32 len);
bool fwcfg_transfer(u32 control, void *buf, u32 len);

#endif
