// SPDX-License-Identifier: GPL-2.0
/*
 * The file has a few things in low memory, which becomes the guest's: the launch info, and
 * the CPUID page that firmware of the processor has filled in.
 */
#include "svsm.h"

struct own own __aligned(PAGE_SIZE);

void own_init(void)
{
	own.info = *launch_info();
	memcpy(own.cpuid, private(own.info.cpuid), PAGE_SIZE);
}

/* How many CPUs there are */
u32 svsm_cpus(void)
{
	return *(u32 *)private(own.info.general);
}

/*
 * Give the memory back where the file's low part was, one page after the other from the loader to
 * the CPUID page. Nothing of it is needed any more.
 */
void own_give_back(void)
{
	u64 start = (u64)__loader_start, end = own.info.cpuid + PAGE_SIZE;

	for (u64 pa = start; pa < end; pa += PAGE_SIZE)
		if (pvalidate(pa, false, false, NULL))
			svsm_fatal("a page of the loader cannot be rescinded", pa);
	pages_psc(start, end, PSC_SHARED);
}
