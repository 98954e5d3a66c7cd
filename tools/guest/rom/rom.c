// SPDX-License-Identifier: GPL-2.0
/*
 * Writes to firmware's image, which is in the guest's private memory, for the tests of
 * what starts the next boot.
 *
 *	echo ADDRESS BYTE >/sys/module/rom/parameters/write
 *
 * Both are hexadecimal.
 */
#include <linux/errno.h>
#include <linux/io.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/pgtable.h>

static int write_set(const char *val, const struct kernel_param *kp)
{
	void __iomem *page;
	u32 address;
	u8 byte;

	if (sscanf(val, "%x %hhx", &address, &byte) != 2)
		return -EINVAL;
	page = ioremap_encrypted(address & PAGE_MASK, PAGE_SIZE);
	if (!page)
		return -ENOMEM;
	writeb(byte, page + offset_in_page(address));
	iounmap(page);
	return 0;
}

static const struct kernel_param_ops write_ops = {
	.set = write_set,
};
module_param_cb(write, &write_ops, NULL, 0200);
MODULE_PARM_DESC(write, "address and byte, hexadecimal");

MODULE_DESCRIPTION("Writes to firmware's image");
MODULE_LICENSE("GPL");
