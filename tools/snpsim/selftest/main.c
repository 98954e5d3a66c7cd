// SPDX-License-Identifier: GPL-2.0
/*
 * Bare-metal SNP guest that tests the simulator.  The command line selects:
 * test=<names or groups> runs, list lists; anything else is a test's option.
 */
#include "psp.h"
#include "report.h"
#include "snp.h"

#define ACPI_PM1A_CNT	0x604
#define ACPI_S5		0x2000
#define BP_CMDLINE	0x228

unsigned int boot;
u64 boot_params_address;

void planted(void)
{
	say("PLANTED");
}

void power_off(void)
{
	outw(ACPI_PM1A_CNT, ACPI_S5);
	halt_forever();
}

void boot_main(void *boot_params)
{
	struct cpu *c = this_cpu();
	u32 regs[4];

	trap_init();
	page_init();
	c->dr7 = 0x400;
	boot_params_address = (u64)boot_params;
	svsm_init(boot_params);
	psp_init(svsm_secrets(), GUEST_VMPL);
	ghcb_init();
	console_init();
	options_set(private(*(u32 *)(boot_params + BP_CMDLINE)));
	boot = option("snpsim.boot", 0);
	cpuid(1, 0, regs);
	c->apic_id = regs[1] >> 24;
	say("selftest: boot %u, APIC id %u, options %s", boot, c->apic_id, options);
	if (find_option("list"))
		report_list();
	else
		report_run(find_option("test=") ?: "");
	power_off();
}
