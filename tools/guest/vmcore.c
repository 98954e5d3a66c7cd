// SPDX-License-Identifier: GPL-2.0
/*
 * vmcore - look at a crash dump page by page, in the capture kernel.
 *
 *   vmcore plant N   fills N pages of memory with a mark, and waits
 *   vmcore check     reads every page of /proc/vmcore and prints one line:
 *                    vmcore: pages N failed N zero N marked N
 *
 * check ends with status 1 if the file is not a core or a page cannot be read.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE		4096
#define CHUNK		(64 * PAGE)
#define MAX_SEGMENTS	64
#define VMCORE		"/proc/vmcore"
#define KERNEL_MAP	0xffffffff80000000UL
#define ELF_CORE	4	/* e_type of a core */
#define ELF_LOAD	1	/* p_type to load */

/* Elf64_Ehdr and Elf64_Phdr of <elf.h> */
struct elf_header {
	unsigned char ident[16];
	uint16_t type, machine;
	uint32_t version;
	uint64_t entry, phoff, shoff;
	uint32_t flags;
	uint16_t ehsize, phentsize, phnum, shentsize, shnum, shstrndx;
};

struct elf_segment {
	uint32_t type, flags;
	uint64_t offset, vaddr, paddr, filesz, memsz, align;
};

/*
 * Half of the mark, which is there twice a page: this program's code and data never have
 * the whole mark.
 */
static const uint64_t half = 0x766d636f72652d70ULL;

struct counts {
	unsigned long pages, failed, zero, marked;
};

static void mark_page(uint64_t *page)
{
	for (int i = 0; i < PAGE / 8; i++)
		page[i] = i % 2 ? ~half - i : half + i;
}

/* The segment of the kernel's own mapping repeats pages of other segments. */
static int is_again(const struct elf_segment *p)
{
	return p->vaddr >= KERNEL_MAP;
}

static void look(struct counts *n, const uint64_t *page, int again)
{
	static uint64_t mark[PAGE / 8], zero[PAGE / 8];

	mark_page(mark);
	n->zero += !memcmp(page, zero, PAGE);
	n->marked += !again && !memcmp(page, mark, PAGE);
}

static int plant_pages(unsigned long pages)
{
	char *area = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (!pages || area == MAP_FAILED) {
		fprintf(stderr, "vmcore: cannot plant: %s\n", strerror(pages ? errno : EINVAL));
		return 1;
	}
	/* The kernel could copy the pages into a huge page, and the dump would have them twice. */
	madvise(area, pages * PAGE, MADV_NOHUGEPAGE);
	for (unsigned long i = 0; i < pages; i++)
		mark_page((uint64_t *)(area + i * PAGE));
	printf("vmcore: planted %lu pages\n", pages);
	fflush(stdout);
	for (;;)
		pause();
}

/* Read in chunks, and page by page if a chunk has a page that cannot be read. */
static void read_segment(struct counts *n, int fd, const struct elf_segment *p)
{
	static uint64_t buf[CHUNK / 8];
	uint64_t at = 0, size;

	while (at < p->filesz) {
		size = p->filesz - at < CHUNK ? p->filesz - at : CHUNK;
		if (pread(fd, buf, size, p->offset + at) != (ssize_t)size) {
			size = p->filesz - at < PAGE ? p->filesz - at : PAGE;
			if (pread(fd, buf, size, p->offset + at) != (ssize_t)size) {
				if (!n->failed++)
					printf("vmcore: cannot read %#lx: %s\n",
					       p->paddr + at, strerror(errno));
				n->pages++;
				at += size;
				continue;
			}
		}
		for (uint64_t i = 0; i < size / PAGE; i++)
			look(n, buf + i * (PAGE / 8), is_again(p));
		n->pages += (size + PAGE - 1) / PAGE;
		at += size;
	}
}

static int check(void)
{
	struct elf_segment ph[MAX_SEGMENTS];
	struct counts n = { 0 };
	struct elf_header eh;
	size_t size;
	int fd = open(VMCORE, O_RDONLY);

	if (fd < 0 || pread(fd, &eh, sizeof(eh), 0) != sizeof(eh)) {
		fprintf(stderr, "vmcore: %s: %s\n", VMCORE, strerror(errno));
		return 1;
	}
	size = eh.phnum * sizeof(*ph);
	if (memcmp(eh.ident, "\177ELF", 4) || eh.type != ELF_CORE ||
	    eh.phentsize != sizeof(*ph) || eh.phnum > MAX_SEGMENTS ||
	    pread(fd, ph, size, eh.phoff) != (ssize_t)size) {
		fprintf(stderr, "vmcore: %s: no ELF core\n", VMCORE);
		return 1;
	}
	for (int i = 0; i < eh.phnum; i++)
		if (ph[i].type == ELF_LOAD)
			read_segment(&n, fd, &ph[i]);
	printf("vmcore: pages %lu failed %lu zero %lu marked %lu\n", n.pages, n.failed, n.zero,
	       n.marked);
	return !n.pages || n.failed;
}

int main(int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[1], "plant"))
		return plant_pages(strtoul(argv[2], NULL, 0));
	if (argc == 2 && !strcmp(argv[1], "check"))
		return check();
	fprintf(stderr, "usage: vmcore plant PAGES | vmcore check\n");
	return 2;
}
