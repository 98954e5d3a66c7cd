// SPDX-License-Identifier: GPL-2.0
/* What firmware asks QEMU for, and is told otherwise: the guest's memory, its command line. */
#include "host/host.h"
#include "launch/launch.h"
#include "lib/config.h"
#include "lib/lib.h"
#include "machine/fwcfg.h"
#include "machine/rmp.h"

#define KEY_CMDLINE_SIZE	0x14
#define KEY_CMDLINE		0x15
#define E820_RAM		1
#define MAX_E820		16
#define CMDLINE_SIZE		2304

struct e820_entry {
	u64 addr, size;
	u32 type;
} __packed;

static struct e820_entry e820[MAX_E820];
static char cmdline[CMDLINE_SIZE];
static u32 cmdline_len;			/* with the terminating zero */

static u32 add_ram(u32 n, u64 start, u64 end)
{
	if (start < end)
		e820[n++] = (struct e820_entry){ start, end - start, E820_RAM };
	return n;
}

/* QEMU's map, with the guest's RAM instead of the machine's. */
static void serve_e820(void)
{
	static struct e820_entry theirs[MAX_E820];
	u16 selector;
	u32 len = fwcfg_find("etc/e820", &selector), n = 0;

	if (!len || len > sizeof(theirs))
		hv_panic("QEMU offers no map of memory that can be used");
	fwcfg_read(selector, theirs, len);
	n = add_ram(n, 0, ram_low_top());
	n = add_ram(n, 1UL << 32, ram_high_top());
	for (u32 i = 0; i < len / sizeof(*theirs) && n < MAX_E820; i++)
		if (theirs[i].type != E820_RAM)
			e820[n++] = theirs[i];
	fw_cfg_serve(selector, e820, n * sizeof(*e820));
}

void firmware_cfg_init(void)
{
	fw_cfg_init();
	serve_e820();
}

/* The command line is another one in each boot. */
void firmware_cfg_next_boot(void)
{
	if (!config->with_kernel)
		return;
	cmdline_len = launch_command_line(cmdline, CMDLINE_SIZE) + 1;
	fw_cfg_serve(KEY_CMDLINE_SIZE, &cmdline_len, sizeof(cmdline_len));
	fw_cfg_serve(KEY_CMDLINE, cmdline, cmdline_len);
}

const char *firmware_cmdline(u32 *len)
{
	*len = cmdline_len;
	return cmdline;
}
