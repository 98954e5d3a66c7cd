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
