// SPDX-License-Identifier: GPL-2.0
/* The hypervisor's own memory: the CLI's configuration, and the heap. */
#include "lib/config.h"
#include "lib/layout.h"
#include "lib/lib.h"

const struct sim_config *config = (const struct sim_config *)HV_CONFIG;

static u64 heap;

/* Nothing is freed: every allocation lasts for the run. */
void *alloc_pages(u64 n)
{
	u8 *p;

	if (!heap)
		heap = align_up((u64)__hv_end, PAGE_SIZE);
	p = (u8 *)heap;
	heap += n * PAGE_SIZE;
	if (heap > HV_DEBUG_BOX)
		hv_panic("out of hypervisor memory");
	return memset(p, 0, n * PAGE_SIZE);
}
