// SPDX-License-Identifier: GPL-2.0-only
/*
 * In a capture kernel: which pages of the dead kernel may be read.
 *
 * A kernel that crashes leaves pages that it had shared with the host: I/O
 * buffers, GHCBs. /proc/vmcore maps everything as private; a private access to
 * a shared page is an exception that no guest survives. So the driver finds
 * these pages in the dead kernel's page tables and has them read as zeros. It
 * does the same with the VMSAs of its CPUs, which belong to the SVSM.
 *
 * This has to be in place before /proc/vmcore is read.
 */
#define pr_fmt(fmt) "svsm-reset: " fmt

#include <linux/bitmap.h>
#include <linux/crash_dump.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/io.h>
#include <linux/limits.h>
#include <linux/mem_encrypt.h>
#include <linux/mm.h>
#include <linux/printk.h>
#include <linux/sizes.h>
#include <linux/vmalloc.h>

#include "crash/crash.h"
#include "lib/old-memory.h"

/* All notes: a page of VMCOREINFO, and less than half a KiB for each CPU */
#define SVR_NOTES_MAX		SZ_4M

static struct {
	struct svr_old old;
	unsigned long *unreadable;	/* one bit for each page frame */
	u64 end;			/* bits in it */
	u64 shared;			/* bits that the walk has set */
	bool registered;
} svr_vmcore;

/* Reads private memory; ioremap() refuses what is RAM of this kernel */
static int svr_read_old(u64 pa, void *buf, size_t len)
{
	while (len) {
		size_t at = offset_in_page(pa);
		size_t part = min(len, PAGE_SIZE - at);
		void __iomem *page = ioremap_encrypted(pa - at, PAGE_SIZE);

		if (!page)
			return -ENOMEM;
		memcpy(buf, (__force void *)page + at, part);
		iounmap(page);
		buf += part;
		pa += part;
		len -= part;
	}
	return 0;
}

/**
 * svr_vmcore_read - read memory of the dead kernel
 * @pa:  physical address
 * @buf: where to
 * @len: bytes
 *
 * Context: process, may sleep; a capture kernel.
 *
 * Return: 0; -EFAULT when it is not the dead kernel's memory, or was shared;
 * -ENOMEM when it could not be mapped.
 */
int svr_vmcore_read(u64 pa, void *buf, size_t len)
{
	u64 first = PHYS_PFN(pa), last;

	if (!len || !svr_old_has(&svr_vmcore.old, pa, len))
		return -EFAULT;
	last = PHYS_PFN(pa + len - 1);
	if (svr_vmcore.unreadable &&
	    find_next_bit(svr_vmcore.unreadable, last + 1, first) <= last)
		return -EFAULT;
	return svr_read_old(pa, buf, len);
}

/**
 * svr_vmcore_hide - let a page of the dead kernel read as zeros
 * @pa: its physical address
 *
 * Context: process; before anybody reads the core.
 *
 * Return: true when this is a page of the dead kernel.
 */
bool svr_vmcore_hide(u64 pa)
{
	if (!svr_vmcore.unreadable || PHYS_PFN(pa) >= svr_vmcore.end)
		return false;
	set_bit(PHYS_PFN(pa), svr_vmcore.unreadable);
	return true;
}

static bool svr_pfn_is_ram(struct vmcore_cb *cb, unsigned long pfn)
{
	return pfn >= svr_vmcore.end || !test_bit(pfn, svr_vmcore.unreadable);
}

static struct vmcore_cb svr_vmcore_cb = {
	.pfn_is_ram = svr_pfn_is_ram,
};

/* Reads a piece of the core file; its beginning is this kernel's memory */
static void *svr_read_core(struct file *core, loff_t at, size_t len)
{
	void *buf = vmalloc(len);
	ssize_t got;

	if (!buf)
		return ERR_PTR(-ENOMEM);
	got = kernel_read(core, buf, len, &at);
	if (got == len)
		return buf;
	vfree(buf);
	return ERR_PTR(got < 0 ? got : -EIO);
}

static int svr_read_headers(struct file *core)
{
	struct elf64_hdr *ehdr;
	void *phdr;
	int err;

	ehdr = svr_read_core(core, 0, sizeof(*ehdr));
	if (IS_ERR(ehdr))
		return PTR_ERR(ehdr);
	err = svr_old_check_header(ehdr);
	if (err)
		goto out;
	phdr = svr_read_core(core, ehdr->e_phoff,
			     ehdr->e_phnum * sizeof(struct elf64_phdr));
	if (IS_ERR(phdr)) {
		err = PTR_ERR(phdr);
		goto out;
	}
	svr_vmcore.old.phdr = phdr;
	svr_vmcore.old.count = ehdr->e_phnum;
out:
	vfree(ehdr);
	return err;
}

static int svr_find_tables(struct file *core, struct svr_old_tables *tables)
{
	struct svr_old *old = &svr_vmcore.old;
	size_t text_len;
	const char *text;
	unsigned int i;
	void *notes;
	int err;

	for (i = 0; i < old->count; i++)
		if (old->phdr[i].p_type == PT_NOTE)
			break;
	if (i == old->count || !old->phdr[i].p_filesz ||
	    old->phdr[i].p_filesz > SVR_NOTES_MAX)
		return -EINVAL;
	notes = svr_read_core(core, old->phdr[i].p_offset,
			      old->phdr[i].p_filesz);
	if (IS_ERR(notes))
		return PTR_ERR(notes);
	err = svr_old_vmcoreinfo(notes, old->phdr[i].p_filesz, &text, &text_len);
	if (!err)
		err = svr_old_tables(text, text_len, sme_me_mask, tables);
	vfree(notes);
	return err;
}

static const u64 *svr_table_map(void *ctx, u64 pa)
{
	cond_resched();
	return (__force const u64 *)ioremap_encrypted(pa, PAGE_SIZE);
}

static void svr_table_unmap(void *ctx, const u64 *table)
{
	iounmap((void __iomem *)table);
}

static void svr_page_shared(void *ctx, u64 pfn, u64 count)
{
	if (pfn >= svr_vmcore.end)
		return;
	count = min(count, svr_vmcore.end - pfn);
	while (count--)
		if (!__test_and_set_bit(pfn++, svr_vmcore.unreadable))
			svr_vmcore.shared++;
}

static const struct svr_old_ops svr_vmcore_ops = {
	.map = svr_table_map,
	.unmap = svr_table_unmap,
	.shared = svr_page_shared,
};

static int svr_vmcore_find_shared(struct file *core)
{
	struct svr_old_tables tables;
	u64 end;
	int err;

	err = svr_read_headers(core);
	if (err)
		return err;
	end = svr_old_end(&svr_vmcore.old);
	svr_vmcore.unreadable = vzalloc(BITS_TO_LONGS(end) *
					sizeof(unsigned long));
	if (!svr_vmcore.unreadable)
		return -ENOMEM;
	svr_vmcore.end = end;
	err = svr_find_tables(core, &tables);
	if (err)
		return err;
	return svr_old_walk(&svr_vmcore.old, &tables, &svr_vmcore_ops, NULL);
}

/**
 * svr_vmcore_init - have the dead kernel's shared pages read as zeros
 *
 * Only in a capture kernel; elsewhere it does nothing. A failure is logged; the
 * core may then not be readable as a whole. Where the dead kernel had made its
 * pages private itself, the walk finds none and nothing changes.
 *
 * Context: process, may sleep; /proc has to be mounted.
 */
void svr_vmcore_init(void)
{
	struct file *core;
	int err;

	if (!is_kdump_kernel())
		return;
	/* Before the open: the kernel warns of a callback that comes after it */
	register_vmcore_cb(&svr_vmcore_cb);
	svr_vmcore.registered = true;

	/* The kernel has forgotten by now where the headers are: read the file */
	core = filp_open("/proc/vmcore", O_RDONLY, 0);
	if (IS_ERR(core)) {
		err = PTR_ERR(core);
	} else {
		err = svr_vmcore_find_shared(core);
		filp_close(core, NULL);
	}
	if (err)
		pr_err("the crashed kernel's shared pages could not be found (%pe), reading the core may end this kernel\n",
		       ERR_PTR(err));
	else
		pr_info("the crashed kernel left %llu pages shared, they read as zeros\n",
			svr_vmcore.shared);
}

/**
 * svr_vmcore_exit - undo svr_vmcore_init()
 *
 * Context: process, may sleep.
 */
void svr_vmcore_exit(void)
{
	if (svr_vmcore.registered)
		unregister_vmcore_cb(&svr_vmcore_cb);
	vfree(svr_vmcore.unreadable);
	vfree(svr_vmcore.old.phdr);
}
