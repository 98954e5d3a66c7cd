// SPDX-License-Identifier: GPL-2.0
/*
 * The guest's memory: page tables that map everything both private and shared, and pages
 * in a known state for the tests.
 */
#include "report.h"
#include "snp.h"

#define PTE_PRESENT_RW	3UL
#define PTE_HUGE	0x80UL
#define FAR_BASE	0x4000000UL	/* clear of the image, the initrd and low memory */
#define FAR_HUGE_BASE	0x6000000UL
#define FAR_END		0x8000000UL
#define POOL_PAGES	192

static u64 pml4[512] __aligned(PAGE_SIZE);
static u64 pdpt[2][512] __aligned(PAGE_SIZE);
static u64 pd[2][4][512] __aligned(PAGE_SIZE);

static u8 pool[POOL_PAGES][PAGE_SIZE] __aligned(PAGE_SIZE);
static unsigned int pool_used;
static u64 far_next = FAR_BASE;
static u64 far_huge_next = FAR_HUGE_BASE;

void page_init(void)
{
	for (unsigned int view = 0; view < 2; view++) {
		pml4[view] = (u64)pdpt[view] | CBIT | PTE_PRESENT_RW;
		for (unsigned int g = 0; g < 4; g++) {
			pdpt[view][g] = (u64)pd[view][g] | CBIT | PTE_PRESENT_RW;
			for (unsigned int i = 0; i < 512; i++) {
				u64 pa = ((u64)g << 30) + i * HUGE_SIZE;

				pd[view][g][i] = pa | PTE_HUGE | PTE_PRESENT_RW;
				if (!view && pa < MMIO_BASE)
					pd[view][g][i] |= CBIT;
			}
		}
	}
	asm volatile("mov %0, %%cr3" : : "r"(page_root()) : "memory");
}

u64 page_root(void)
{
	return (u64)pml4 | CBIT;
}

u64 page_alloc(void)
{
	if (pool_used == POOL_PAGES) {
		say("FAIL out of pages");
		power_off();
	}
	return (u64)pool[pool_used++];
}

/* Make a page assigned but not validated, whatever it was before. */
static void make_fresh(u64 pa)
{
	expect_eq("PSC to private", ghcb_psc_msr(pa, PSC_PRIVATE), 0);
	expect_eq("rescind", svsm_pvalidate(pa, PV_IGNORE_CF), SVSM_SUCCESS);
}

u64 page_far(void)
{
	u64 pa = far_next;

	if (pa >= FAR_HUGE_BASE) {
		say("FAIL out of far pages");
		power_off();
	}
	far_next += PAGE_SIZE;
	make_fresh(pa);
	return pa;
}

u64 page_far_huge(void)
{
	u64 pa = far_huge_next;

	if (pa >= FAR_END) {
		say("FAIL out of far 2 MiB pages");
		power_off();
	}
	far_huge_next += HUGE_SIZE;
	for (unsigned int i = 0; i < 512; i++)
		make_fresh(pa + i * PAGE_SIZE);
	return pa;
}

u64 page_top(void)
{
	return 0x100000000UL;
}

bool page_accept(u64 pa)
{
	return expect_eq("validate", svsm_pvalidate(pa, PV_VALIDATE), SVSM_SUCCESS);
}

bool page_share(u64 pa)
{
	return expect_eq("rescind", svsm_pvalidate(pa, 0), SVSM_SUCCESS) &&
	       expect_eq("PSC to shared", ghcb_psc_msr(pa, PSC_SHARED), 0);
}
