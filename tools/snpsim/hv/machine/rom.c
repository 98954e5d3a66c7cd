// SPDX-License-Identifier: GPL-2.0
/*
 * Firmware's image ends at 4 GiB, where this machine has the boot ROM. The guest's nested
 * page tables map memory of the hypervisor there. The hypervisor's own page table does so
 * too, so that a guest address is a pointer here as well.
 */
#include "lib/config.h"
#include "lib/launch_list.h"
#include "lib/layout.h"
#include "lib/lib.h"
#include "lib/x86.h"
#include "machine/rom.h"

#define FOUR_GIB		BIT_ULL(32)
#define GIB_OF_ROM		3
#define LARGE_SHIFT		21
#define LARGE_MASK		(~(BIT_ULL(LARGE_SHIFT) - 1))
#define ENTRIES			512
#define TABLE(entry)		((u64 *)((entry) & GENMASK_ULL(51, 12)))

static u64 rom_gpa = FOUR_GIB;		/* where the image begins */
static u8 discarded[HV_ROM_SIZE / PAGE_SIZE / 8];	/* a bit for each page of the image */
static const u8 zeros[PAGE_SIZE] __aligned(8);
static u64 rom_host = HV_ROM;		/* what the guest has of it, in the hypervisor's memory */

/* Is this guest address in the image? */
bool page_is_rom(u64 gpa)
{
	return gpa >= rom_gpa && gpa < FOUR_GIB;
}

/* Is there firmware, from its own file or from that of a program at VMPL 0? */
bool rom_is_there(void)
{
	return rom_gpa < FOUR_GIB;
}

static const struct launch_list *launch_list(void)
{
	return (const struct launch_list *)HV_IMAGES;
}

/* The contents of a page of the list; zeros where it has none. */
static const u8 *page_of_list(u64 gpa)
{
	const struct launch_list *list = launch_list();

	for (u32 i = 0; i < list->ranges; i++) {
		const struct launch_range *r = &list->range[i];

		if (r->offset && gpa >= r->gpa && gpa < r->gpa + (r->pages << PAGE_SHIFT))
			return (const u8 *)list + r->offset + (gpa - r->gpa);
	}
	return zeros;
}

/* The file's contents at a guest address within the image. */
const u8 *rom_pristine(u64 gpa)
{
	return vmpl0_is_guest() ? page_of_list(gpa) : (const u8 *)(HV_IMAGES + (gpa - rom_gpa));
}

static u8 *rom_bit(u64 gpa, u8 *mask)
{
	u64 n = (gpa - rom_gpa) >> PAGE_SHIFT;

	*mask = BIT_ULL(n % 8);
	return &discarded[n / 8];
}

/*
 * QEMU has a second copy of the image, which the guest has where a page is shared. It gives
 * that copy up as soon as the page is made private (kvm_convert_memory()).
 */
void rom_discard(u64 gpa)
{
	u8 mask, *bits = rom_bit(gpa, &mask);

	*bits |= mask;
}

void rom_restore(void)
{
	memset(discarded, 0, sizeof(discarded));
}

const u8 *rom_shared(u64 gpa)
{
	u8 mask, *bits = rom_bit(gpa, &mask);

	return *bits & mask ? zeros : rom_pristine(gpa);
}

/* The physical address of a guest page. */
u64 page_host(u64 gfn)
{
	u64 gpa = gfn << PAGE_SHIFT;

	return page_is_rom(gpa) ? gpa - (rom_gpa & LARGE_MASK) + rom_host : gpa;
}

/* Where the pages of firmware begin that a program at VMPL 0 is launched with */
static u64 first_of_list(void)
{
	const struct launch_list *list = launch_list();
	u64 first = FOUR_GIB;

	for (u32 i = 0; i < list->ranges; i++) {
		u64 gpa = list->range[i].gpa;

		if (gpa >= FOUR_GIB - HV_ROM_SIZE && gpa < first)
			first = gpa;
	}
	return first;
}

/* Call before the other CPUs start, which use the same page table. */
void rom_init(void)
{
	u64 *directory, first, cr3;

	rom_gpa = FOUR_GIB - config->firmware_len;
	if (vmpl0_is_guest()) {
		rom_gpa = first_of_list();
		rom_host = HV_LIST_ROM;
	}
	if (rom_gpa == FOUR_GIB)
		return;
	first = rom_gpa & LARGE_MASK;
	directory = alloc_pages(1);
	for (u64 i = 0; i < ENTRIES; i++) {
		u64 pa = (u64)GIB_OF_ROM << 30 | i << LARGE_SHIFT;

		if (pa >= first)
			pa = pa - first + rom_host;
		directory[i] = pa | PTE_LARGE | PTE_WRITE | PTE_PRESENT;
	}
	asm volatile("mov %%cr3, %0" : "=r"(cr3));
	TABLE(*TABLE(cr3))[GIB_OF_ROM] = (u64)directory | PTE_WRITE | PTE_PRESENT;
	asm volatile("mov %0, %%cr3" : : "r"(cr3) : "memory");
}
