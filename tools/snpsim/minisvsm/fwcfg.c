// SPDX-License-Identifier: GPL-2.0
/* QEMU's fw_cfg: the way by which a run says what it wants. */
#include "minisvsm.h"

#define PORT_SELECTOR	0x510
#define PORT_DATA	0x511
#define FILE_DIR	0x19
#define NAME_SIZE	56

static u32 read_be(unsigned int bytes)
{
	u32 v = 0;

	while (bytes--)
		v = v << 8 | inb(PORT_DATA);
	return v;
}

static u16 find(const char *wanted, u32 *size)
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

u32 fwcfg_read(const char *name, void *to, u32 room)
{
	u32 size;
	u16 selector = find(name, &size);

	if (!selector || size > room)
		return 0;
	outw(PORT_SELECTOR, selector);
	for (u32 i = 0; i < size; i++)
		((u8 *)to)[i] = inb(PORT_DATA);
	return size;
}

const char *fwcfg_text(const char *name)
{
	static char text[256];

	text[fwcfg_read(name, text, sizeof(text) - 1)] = 0;
	return text;
}
