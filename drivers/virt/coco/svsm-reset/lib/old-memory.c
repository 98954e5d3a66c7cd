// SPDX-License-Identifier: GPL-2.0-only
/*
 * The memory of a dead kernel: where it is, what it says about itself, and
 * which of its pages it had shared with the host.
 *
 * All of it is data that somebody else left behind: every length, count and
 * address is checked before it is used, and a walk of the page tables takes no
 * more steps than the core has pages.
 * Pure: kunit/old_memory_kunit.c.
 */
#include <linux/align.h>
#include <linux/bits.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/kstrtox.h>
#include <linux/minmax.h>
#include <linux/sizes.h>
#include <linux/string.h>

#include "old-memory.h"

#define SVR_OLD_NOTE_NAME	"VMCOREINFO"

/* AMD64 Architecture Programmer's Manual, volume 2, 5.4 "Long-Mode" */
#define SVR_PTE_PRESENT		BIT_ULL(0)
#define SVR_PTE_PSE		BIT_ULL(7)
#define SVR_PTE_ADDRESS		GENMASK_ULL(51, 12)
#define SVR_PTE_INDEX(va, level) (((va) >> SVR_PTE_SHIFT(level)) & 511)
#define SVR_PTE_SHIFT(level)	(12 + 9 * (level))
/* Levels, counted from 0, at which an entry may be a page */
#define SVR_PTE_LARGEST		2

/* Where the kernel image is mapped: __START_KERNEL_map */
#define SVR_KERNEL_MAP		0xffffffff80000000ULL

/**
 * svr_old_check_header - is this the header of a core that is known here?
 * @ehdr: the header
 *
 * Context: any.
 *
 * Return: 0 or -EINVAL.
 */
int svr_old_check_header(const struct elf64_hdr *ehdr)
{
	if (memcmp(ehdr->e_ident, ELFMAG, SELFMAG) ||
	    ehdr->e_ident[EI_CLASS] != ELFCLASS64 ||
	    ehdr->e_ident[EI_DATA] != ELFDATA2LSB ||
	    ehdr->e_type != ET_CORE || ehdr->e_machine != EM_X86_64 ||
	    ehdr->e_ehsize != sizeof(struct elf64_hdr) ||
	    ehdr->e_phentsize != sizeof(struct elf64_phdr) ||
	    !ehdr->e_phnum)
		return -EINVAL;
	return 0;
}

/* The last byte of a segment that is not empty and does not wrap around */
static bool svr_old_load(const struct elf64_phdr *phdr, u64 *last)
{
	if (phdr->p_type != PT_LOAD || !phdr->p_memsz ||
	    phdr->p_memsz - 1 > U64_MAX - phdr->p_paddr)
		return false;
	*last = phdr->p_paddr + (phdr->p_memsz - 1);
	return *last <= (SVR_PTE_ADDRESS | (SZ_4K - 1));
}

/**
 * svr_old_has - is this part of the dead kernel's memory?
 * @old: its memory
 * @pa:  physical address
 * @len: bytes, not 0
 *
 * Context: any.
 *
 * Return: true when all of it lies in one segment of the core.
 */
bool svr_old_has(const struct svr_old *old, u64 pa, u64 len)
{
	unsigned int i;
	u64 last;

	for (i = 0; i < old->count; i++)
		if (svr_old_load(&old->phdr[i], &last) && len &&
		    pa >= old->phdr[i].p_paddr && pa <= last &&
		    len - 1 <= last - pa)
			return true;
	return false;
}

/**
 * svr_old_end - where does the dead kernel's memory end?
 * @old: its memory
 *
 * Context: any.
 *
 * Return: number of the page frame after the last one, 0 if there is none.
 */
u64 svr_old_end(const struct svr_old *old)
{
	unsigned int i;
	u64 end = 0, last;

	for (i = 0; i < old->count; i++)
		if (svr_old_load(&old->phdr[i], &last))
			end = max(end, last / SZ_4K + 1);
	return end;
}

/* Finds an ELF note's name and contents; returns how far it is to the next one, 0 at the end */
static size_t svr_old_note(const void *notes, size_t len, const char **name,
			   const char **text)
{
	const struct elf64_note *n = notes;
	u64 size, desc;

	if (len < sizeof(*n) || !n->n_namesz)
		return 0;
	desc = sizeof(*n) + ALIGN((u64)n->n_namesz, 4);
	size = desc + ALIGN((u64)n->n_descsz, 4);
	if (size > len)
		return 0;
	*name = (const char *)(n + 1);
	*text = (const char *)notes + desc;
	return size;
}

/**
 * svr_old_vmcoreinfo - find VMCOREINFO among the notes
 * @notes:    the notes, aligned to 4 bytes
 * @len:      their length, bytes
 * @text:     where to put the address of the text
 * @text_len: where to put its length, bytes
 *
 * Context: any.
 *
 * Return: 0; -ENOENT when it is not there.
 */
int svr_old_vmcoreinfo(const void *notes, size_t len, const char **text,
		       size_t *text_len)
{
	const struct elf64_note *n;
	const char *name;
	size_t size;

	for (n = notes; (size = svr_old_note(n, len, &name, text));
	     n = (const void *)n + size, len -= size) {
		if (n->n_namesz == sizeof(SVR_OLD_NOTE_NAME) &&
		    !memcmp(name, SVR_OLD_NOTE_NAME, n->n_namesz)) {
			*text_len = n->n_descsz;
			return 0;
		}
	}
	return -ENOENT;
}

/*
 * A number in VMCOREINFO: @name is the part of the line in front of "="; a negative number
 * is decimal, and @val has it in two's complement. 0; -ENOENT when there is no such line,
 * -EINVAL when it has no number.
 */
static int svr_old_number(const char *text, size_t len, const char *name,
			  unsigned int base, u64 *val)
{
	const char *end = text + len, *next;
	size_t name_len = strlen(name);
	char number[24];
	s64 negative;

	for (; text < end; text = next) {
		next = memchr(text, '\n', end - text);
		next = next ? next + 1 : end;
		if (next - text <= name_len || memcmp(text, name, name_len) ||
		    text[name_len] != '=')
			continue;
		text += name_len + 1;
		if (next - text >= sizeof(number))
			return -EINVAL;
		memcpy(number, text, next - text);
		number[next - text] = 0;
		if (number[0] != '-')
			return kstrtou64(number, base, val) ? -EINVAL : 0;
		if (kstrtos64(number, base, &negative))
			return -EINVAL;
		*val = negative;
		return 0;
	}
	return -ENOENT;
}

/**
 * svr_old_tables - where does VMCOREINFO say that the page tables are?
 * @text:   VMCOREINFO
 * @len:    its length, bytes
 * @c_bit:  the bit that says that a page is private, as of this kernel
 * @tables: where to put it
 *
 * Context: any.
 *
 * Return: 0; -ENOENT when something is missing, -EINVAL when it makes no sense.
 */
int svr_old_tables(const char *text, size_t len, u64 c_bit,
		   struct svr_old_tables *tables)
{
	u64 top, phys_base, five, mask;

	if (svr_old_number(text, len, "SYMBOL(init_top_pgt)", 16, &top) ||
	    svr_old_number(text, len, "NUMBER(phys_base)", 10, &phys_base) ||
	    svr_old_number(text, len, "NUMBER(pgtable_l5_enabled)", 10, &five) ||
	    svr_old_number(text, len, "NUMBER(sme_mask)", 10, &mask))
		return -ENOENT;
	if (top < SVR_KERNEL_MAP || five > 1 || mask != c_bit || !c_bit)
		return -EINVAL;
	tables->root = top - SVR_KERNEL_MAP + phys_base;
	tables->levels = five ? 5 : 4;
	tables->c_bit = c_bit;
	return IS_ALIGNED(tables->root, SZ_4K) ? 0 : -EINVAL;
}

struct svr_old_walker {
	const struct svr_old *old;
	const struct svr_old_tables *tables;
	const struct svr_old_ops *ops;
	void *ctx;
};

static bool svr_old_is_leaf(u64 entry, unsigned int level)
{
	return !level || (level <= SVR_PTE_LARGEST && entry & SVR_PTE_PSE);
}

/* From @va to @last, both in the reach of the table; recurses @level deep */
static int svr_old_walk_table(const struct svr_old_walker *w, u64 pa,
			      unsigned int level, u64 va, u64 last)
{
	u64 below = BIT_ULL(SVR_PTE_SHIFT(level)) - 1;
	const u64 *table;
	int err = 0;

	if (!svr_old_has(w->old, pa, SZ_4K))
		return -EFAULT;
	table = w->ops->map(w->ctx, pa);
	if (!table)
		return -ENOMEM;

	for (;;) {
		u64 entry = READ_ONCE(table[SVR_PTE_INDEX(va, level)]);
		u64 to = min(last, va | below);
		u64 target = entry & SVR_PTE_ADDRESS & ~w->tables->c_bit;

		if (!(entry & SVR_PTE_PRESENT))
			;
		else if (!svr_old_is_leaf(entry, level))
			/* Every page table is private */
			err = entry & w->tables->c_bit ?
			      svr_old_walk_table(w, target, level - 1, va, to) :
			      -EFAULT;
		else if (!(entry & w->tables->c_bit))
			w->ops->shared(w->ctx,
				       ((target & ~below) | (va & below)) / SZ_4K,
				       (to - va) / SZ_4K + 1);
		if (err || to == last)
			break;
		va = to + 1;
	}
	w->ops->unmap(w->ctx, table);
	return err;
}

/**
 * svr_old_walk - find the pages that the dead kernel had shared
 * @old:    its memory
 * @tables: its page tables
 * @ops:    what to do
 * @ctx:    for @ops
 *
 * Goes through the addresses at which the core has memory: the direct map and
 * the kernel's image. What is not mapped at all is not reported.
 *
 * Context: that of @ops.
 *
 * Return: 0; -EFAULT when the tables lead out of that memory, -ENOMEM when one
 * of them could not be mapped. What was found until then has been reported.
 */
int svr_old_walk(const struct svr_old *old, const struct svr_old_tables *tables,
		 const struct svr_old_ops *ops, void *ctx)
{
	struct svr_old_walker w = { old, tables, ops, ctx };
	unsigned int top = tables->levels - 1, i;
	u64 span = BIT_ULL(SVR_PTE_SHIFT(top) + 8);
	int err = 0;
	u64 last;

	for (i = 0; i < old->count && !err; i++) {
		const struct elf64_phdr *phdr = &old->phdr[i];
		u64 va = ALIGN_DOWN(phdr->p_vaddr, SZ_4K);

		if (!svr_old_load(phdr, &last))
			continue;
		/* Only the upper half of the address space, the kernel's */
		if (phdr->p_vaddr < -span ||
		    phdr->p_memsz - 1 > U64_MAX - phdr->p_vaddr)
			return -EFAULT;
		err = svr_old_walk_table(&w, tables->root, top, va,
					 phdr->p_vaddr + phdr->p_memsz - 1);
	}
	return err;
}
