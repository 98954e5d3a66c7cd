// SPDX-License-Identifier: GPL-2.0
/*
 * Bare-metal SNP guest that tests the simulator.  The command line selects:
 * test=<name or group> runs, list lists; anything else is a test's option.
 */
#include "report.h"
#include "snp.h"

#define ACPI_PM1A_CNT	0x604
#define ACPI_S5		0x2000
#define BP_CMDLINE	0x228

unsigned int boot;
u64 boot_params_address;
static const char *cmdline;

static const char *find_option(const char *name)
{
	size_t n = strlen(name);

	for (const char *s = cmdline; *s; s++)
		if ((s == cmdline || s[-1] == ' ') && !strncmp(s, name, n))
			return s + n;
	return NULL;
}

u64 option(const char *name, u64 otherwise)
{
	const char *s = find_option(name);

	return s && *s == '=' ? parse_number(s + 1) : otherwise;
}

bool option_given(const char *name)
{
	return find_option(name);
}

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
	ghcb_init();
	console_init();
	cmdline = private(*(u32 *)(boot_params + BP_CMDLINE));
	boot = option("snpsim.boot", 0);
	cpuid(1, 0, regs);
	c->apic_id = regs[1] >> 24;
	say("selftest: boot %u, APIC id %u, options %s", boot, c->apic_id, cmdline);
	if (find_option("list"))
		report_list();
	else
		report_run(find_option("test=") ?: "");
	power_off();
}
