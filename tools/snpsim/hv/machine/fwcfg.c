// SPDX-License-Identifier: GPL-2.0
/* QEMU's fw_cfg device, by DMA (QEMU docs/specs/fw_cfg.rst). */
#include "lib/lib.h"
#include "lib/x86.h"
#include "machine/fwcfg.h"

#define PORT_FWCFG_DMA		0x514
#define FWCFG_FILE_DIR		0x19
#define FWCFG_NO_ITEM		0xffff
#define NAME_SIZE		56

struct fwcfg_file {
	u32 size;
	u16 select, rsvd;
	char name[NAME_SIZE];
} __packed;

/* Do one transfer. Returns true if the device has done it. One CPU at a time. */
bool fwcfg_transfer(u32 control, void *buf, u32 len)
{
	static struct fwcfg_dma dma __aligned(16);

	dma.length = __builtin_bswap32(len);
	dma.address = __builtin_bswap64((u64)buf);
	WRITE_ONCE(dma.control, __builtin_bswap32(control));
	out32(PORT_FWCFG_DMA, __builtin_bswap32((u64)&dma >> 32));
	out32(PORT_FWCFG_DMA + 4, __builtin_bswap32((u64)&dma));
	while (READ_ONCE(dma.control) & ~__builtin_bswap32(FWCFG_DMA_ERROR))
		cpu_relax();
	return !dma.control;
}

void fwcfg_read(u16 selector, void *buf, u32 len)
{
	if (!fwcfg_transfer((u32)selector << 16 | FWCFG_DMA_SELECT | FWCFG_DMA_READ, buf, len))
		hv_panic("fw_cfg: reading item %x failed", selector);
}

/* What is read of an item that is not there is zeros. */
void fwcfg_zero(void *buf, u32 len)
{
	fwcfg_read(FWCFG_NO_ITEM, buf, len);
}

/* Size of a file, or 0 if there is none of that name. */
u32 fwcfg_find(const char *name, u16 *selector)
{
	static struct {
		u32 count;
		struct fwcfg_file file[64];
	} __packed dir;
	u32 n, max = ARRAY_SIZE(dir.file);

	fwcfg_read(FWCFG_FILE_DIR, &dir, sizeof(dir));
	n = __builtin_bswap32(dir.count);
	n = min(n, max);
	for (u32 i = 0; i < n; i++) {
		dir.file[i].name[NAME_SIZE - 1] = 0;
		if (strcmp(dir.file[i].name, name))
			continue;
		*selector = __builtin_bswap16(dir.file[i].select);
		return __builtin_bswap32(dir.file[i].size);
	}
	return 0;
}
