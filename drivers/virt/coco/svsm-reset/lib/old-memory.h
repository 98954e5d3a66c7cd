/* SPDX-License-Identifier: GPL-2.0-only */
/* The memory of a dead kernel, seen from the capture kernel: pure functions */
#ifndef _SVSM_RESET_OLD_MEMORY_H
#define _SVSM_RESET_OLD_MEMORY_H

#include <linux/elf.h>
#include <linux/types.h>

/**
 * struct svr_old - where the dead kernel's memory is
 * @phdr:  program headers of its core
 * @count: how many
 */
struct svr_old {
	const struct elf64_phdr *phdr;
	unsigned int count;
};

/**
 * struct svr_old_tables - the dead kernel's page tables
 * @root:   physical address of the topmost one
 * @levels: how many levels there are
 * @c_bit:  mask of the bit that says that a page is private
 */
struct svr_old_tables {
	u64 root;
	unsigned int levels;
	u64 c_bit;
};

/**
 * struct svr_old_ops - what a walk needs
 * @map:    make a table readable: its 512 entries, or NULL
 * @unmap:  the table is no longer needed
 * @shared: these pages are mapped as shared
 *
 * @pa and @pfn are of the dead kernel's memory, @map is only called with pages
 * that belong to it; @pfn and @count can be anything.
 */
struct svr_old_ops {
	const u64 *(*map)(void *ctx, u64 pa);
	void (*unmap)(void *ctx, const u64 *table);
	void (*shared)(void *ctx, u64 pfn, u64 count);
};

int svr_old_check_header(const struct elf64_hdr *ehdr);
bool svr_old_has(const struct svr_old *old, u64 pa, u64 len);
u64 svr_old_end(const struct svr_old *old);
int svr_old_vmcoreinfo(const void *notes, size_t len, const char **text,
		       size_t *text_len);
int svr_old_tables(const char *text, size_t len, u64 c_bit,
		   struct svr_old_tables *tables);
int svr_old_walk(const struct svr_old *old, const struct svr_old_tables *tables,
		 const struct svr_old_ops *ops, void *ctx);

#endif /* _SVSM_RESET_OLD_MEMORY_H */
