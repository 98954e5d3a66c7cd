// SPDX-License-Identifier: GPL-2.0
/*
 * The file opt/snpsim/minisvsm of QEMU's fw_cfg selects: test=<names or groups> runs, list
 * lists. Without that file the program is the SVSM of the kernel that QEMU is given; with
 * keep-private, too, but memory stays private when it is taken back from the guest.
 */
#include "svsm/svsm.h"

#define ACPI_PM1A_CNT	0x604
#define ACPI_S5		0x2000

union cpu_stack cpu_stacks[MAX_CPUS] __aligned(STACK_SIZE);

void planted(void)
{
	say("PLANTED");
}

void power_off(void)
{
	outw(ACPI_PM1A_CNT, ACPI_S5);
	halt_forever();
}

/* Whatever the tables say, hardware takes them as private. */
static void drop_cbit_of_cr3(void)
{
	asm volatile("mov %0, %%cr3" : : "r"(page_root() & ~CBIT) : "memory");
}

void svsm_main(void)
{
	struct cpu *c = this_cpu();

	trap_init();
	page_init();
	drop_cbit_of_cr3();
	c->dr7 = 0x400;
	ghcb_init();
	console_init();
	options_set(fwcfg_text("opt/snpsim/minisvsm"));
	if (!*options || find_option("keep-private"))
		svsm_main_loop();
	say("minisvsm: options %s", options);
	if (find_option("list"))
		report_list();
	else
		report_run(find_option("test=") ?: "");
	power_off();
}
