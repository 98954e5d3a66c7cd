// SPDX-License-Identifier: GPL-2.0
/*
 * Which memory is whose: a byte for each page. What is not in the record as the guest's is
 * neither touched for it nor given to it.
 */
#include "svsm.h"

#define MAX_RANGES	16
#define TYPE_MEMORY	0
#define VGA_HOLE	0xa0000UL
#define ONE_MIB		0x100000UL
#define GIB		0x40000000UL

static u8 *records = (u8 *)PAGE_RECORDS;
static u64 top, low_top;

u64 memory_top(void)
{
	return top;
}

/* Where memory below 4 GiB ends */
u64 memory_low_top(void)
{
	return low_top;
}

/* The tables have the first 4 GiB. */
static void map_high(void)
{
	u64 *pml4 = private(page_root() & ~CBIT), *pdpt = private(*pml4 & ~CBIT & PAGE_MASK);

	for (u64 pa = FOUR_GIB; pa < top; pa += GIB)
		pdpt[pa / GIB] = pa | CBIT | PTE_LARGE | PTE_PRESENT_RW;
}

static void mark(u64 start, u64 end, u8 record)
{
	for (u64 pa = start; pa < end; pa += PAGE_SIZE)
		records[pa >> PAGE_SHIFT] = record;
}

/* The part of a range in which neither this program is nor the VGA hole. */
static void take(u64 start, u64 end)
{
	u64 base = own.info.base, limit = base + own.info.size;

	if (end > top)
		top = end;
	if (end <= FOUR_GIB && end > low_top)
		low_top = end;
	if (top >> PAGE_SHIFT > PAGE_RECORDS_SIZE)
		svsm_fatal("more memory than there is room to keep records of", top);
	mark(start, end, PAGE_OPEN);
	if (start < limit && base < end)
		mark(base, limit < end ? limit : end, PAGE_OTHERS);
	if (start < VGA_HOLE && ONE_MIB < end)
		mark(VGA_HOLE, ONE_MIB, PAGE_OTHERS);
}

void memory_init(void)
{
	const struct memory_map_entry *e = private(own.info.memory_map);

	pages_own(PAGE_RECORDS, PAGE_RECORDS + PAGE_RECORDS_SIZE);
	for (; e->pages; e++)
		if (e->type == TYPE_MEMORY)
			take(e->first << PAGE_SHIFT, (e->first + e->pages) << PAGE_SHIFT);
	map_high();
}

/* Take memory away from the guest, for this program. */
void memory_reserve(u64 start, u64 end)
{
	mark(start, end, PAGE_OTHERS);
	pages_psc(start, end, PSC_PRIVATE);
	pages_own(start, end);
}

u8 page_record(u64 pa)
{
	return pa < top ? records[pa >> PAGE_SHIFT] : PAGE_OTHERS;
}

void page_mark(u64 pa, u64 pages, u8 record)
{
	mark(pa, pa + pages * PAGE_SIZE, record);
}

bool page_is_ram(u64 pa)
{
	return page_record(pa) != PAGE_OTHERS;
}

/* Memory that can be used for the guest: all of it valid, and ordinary. NULL: it cannot be. */
void *guest_memory(u64 pa, u64 len)
{
	if (!len || pa + len < pa)
		return NULL;
	for (u64 page = pa & PAGE_MASK; page < pa + len; page += PAGE_SIZE) {
		u8 record = page_record(page);

		if (record != PAGE_BY_LAUNCH && record != PAGE_BY_GUEST)
			return NULL;
	}
	return private(pa);
}
