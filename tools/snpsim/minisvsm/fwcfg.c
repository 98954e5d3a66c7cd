// SPDX-License-Identifier: GPL-2.0
/* QEMU's fw_cfg: the way by which a run says what it wants, and what is launched. */
#include "minisvsm.h"

#define PORT_SELECTOR	0x510
#define PORT_DATA	0x511
#define PORT_DMA_HIGH	0x514
#define PORT_DMA_LOW	0x518
#define FILE_DIR	0x19
#define NAME_SIZE	56

#define DMA_READ	BIT(1)
#define DMA_SELECT	BIT(3)

/* All of it is big-endian, and has to be in shared memory. */
struct dma_access {
	u32 control, length;
	u64 address;
} __packed;

static u32 read_be(unsigned int bytes)
{
	u32 v = 0;

	while (bytes--)
		v = v << 8 | inb(PORT_DATA);
	return v;
}

u16 fwcfg_find(const char *wanted, u32 *size)
{
	u32 files;

	outw(PORT_SELECTOR, FILE_DIR);
	for (files = read_be(4); files; files--) {
		u32 n = read_be(4);
		u16 selector = read_be(2);
		char name[NAME_SIZE];

		read_be(2);
		for (unsigned int i = 0; i < NAME_SIZE; i++)
			name[i] = inb(PORT_DATA);
		if (!strncmp(name, wanted, NAME_SIZE)) {
			*size = n;
			return selector;
		}
	}
	return 0;
}

static void read_item(u16 selector, void *to, u32 size)
{
	outw(PORT_SELECTOR, selector);
	for (u32 i = 0; i < size; i++)
		((u8 *)to)[i] = inb(PORT_DATA);
}

u32 fwcfg_number(u16 selector)
{
	u32 v;

	read_item(selector, &v, sizeof(v));
	return v;
}

u32 fwcfg_read(const char *name, void *to, u32 room)
{
	u32 size;
	u16 selector = fwcfg_find(name, &size);

	if (!selector || size > room)
		return 0;
	read_item(selector, to, size);
	return size;
}

const char *fwcfg_text(const char *name)
{
	static char text[256];

	text[fwcfg_read(name, text, sizeof(text) - 1)] = 0;
	return text;
}

/* One transfer into shared memory behind the descriptor, which is shared as well. */
static bool transfer(u64 descriptor, u32 control, u64 to, u32 size)
{
	struct dma_access *d = shared(descriptor);

	d->control = __builtin_bswap32(control);
	d->length = __builtin_bswap32(size);
	d->address = __builtin_bswap64(to);
	outl(PORT_DMA_HIGH, __builtin_bswap32(descriptor >> 32));
	outl(PORT_DMA_LOW, __builtin_bswap32(descriptor));
	return !load(&d->control);
}

/*
 * Read an item into private memory. The host writes to shared memory, `room` bytes from
 * `bounce` on, and what is copied from there is read once. Returns false if it refuses.
 */
bool fwcfg_fetch(u16 selector, void *to, u64 size, u64 bounce, u64 room)
{
	u32 control = (u32)selector << 16 | DMA_SELECT | DMA_READ;

	room -= PAGE_SIZE;
	for (u64 done = 0, n; done < size; done += n) {
		n = size - done < room ? size - done : room;
		if (!transfer(bounce, control, bounce + PAGE_SIZE, n))
			return false;
		memcpy((u8 *)to + done, shared(bounce + PAGE_SIZE), n);
		control = DMA_READ;
	}
	return true;
}
