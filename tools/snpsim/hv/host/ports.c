// SPDX-License-Identifier: GPL-2.0
/*
 * I/O ports that the host watches: power-off, every way to reset a PC, and the
 * simulator's own. A host cannot reset an SNP guest: it ends the VM, and may build
 * another one.
 */
#include "efi/efivars.h"
#include "host/host.h"
#include "lib/config.h"
#include "lib/layout.h"
#include "lib/x86.h"
#include "machine/fuzz.h"
#include "machine/path.h"
#include "machine/pci.h"
#include "machine/run_end.h"
#include "machine/svm.h"
#include "machine/timers.h"
#include "machine/vcpu.h"

#define PORT_KBD_DATA		0x60
#define PORT_KBD_COMMAND	0x64
#define PORT_CMOS_INDEX		0x70
#define PORT_SYSTEM_CONTROL	0x92
#define PORT_RESET_CONTROL	0xcf9
#define PORT_PM1A_CNT		(PM_BASE + 4)
#define PM1_SLP_EN		BIT_ULL(13)
#define PM1_SLP_TYP(v)		((v) >> 10 & 7)
#define SLP_TYP_S5		0	/* QEMU's q35 */
#define KBD_WRITE_OUTPUT	0xd1	/* the next data byte is for the output port */
#define KBD_OUTPUT_NO_RESET	BIT_ULL(0)
#define KBD_PULSE_RESET(v)	(((v) & 0xf1) == 0xf0)
#define RESET_CPU		BIT_ULL(2)

static const u16 watched[] = {
	PORT_KBD_DATA, PORT_KBD_COMMAND, PORT_CMOS_INDEX, PORT_SYSTEM_CONTROL, PORT_RESET_CONTROL,
	PORT_PM1A_CNT, PORT_PM1A_CNT + 1,
	PORT_DEBUGCON, PORT_DEBUG_EXIT, PORT_DEBUG_EXIT + 1, PORT_DEBUG_EXIT + 2,
	PORT_DEBUG_EXIT + 3, PORT_EFIVAR_DATA, PORT_EFIVAR_COMMAND, PORT_MARK,
	PORT_SAVE, PORT_FUZZ, PORT_FUZZ + 1, PORT_FUZZ + 2, PORT_FUZZ + 3,
};

void ports_init(void)
{
	svm_watch_ports(watched, ARRAY_SIZE(watched));
	fw_cfg_watch();
}

/* Does this write end the VM? */
static void check_write(struct vcpu *v, u16 port, int size, u32 val)
{
	static bool kbd_output_next;

	switch (port) {
	case PORT_KBD_DATA:
		if (kbd_output_next && !(val & KBD_OUTPUT_NO_RESET)) {
			kbd_output_next = false;
			report_host_reset(v, "keyboard-output");
		}
		kbd_output_next = false;
		break;
	case PORT_KBD_COMMAND:
		kbd_output_next = val == KBD_WRITE_OUTPUT;
		if (KBD_PULSE_RESET(val))
			report_host_reset(v, "keyboard");
		break;
	case PORT_SYSTEM_CONTROL:
		if (val & 1)
			report_host_reset(v, "port-92");
		break;
	case PORT_RESET_CONTROL:
		if (val & RESET_CPU)
			report_host_reset(v, "port-cf9");
		break;
	case PORT_PM1A_CNT:
		if (size >= 2 && (val & PM1_SLP_EN) && PM1_SLP_TYP(val) == SLP_TYP_S5)
			report_poweroff(v);
		break;
	case PORT_PM1A_CNT + 1:
		/* The upper half alone, as a byte. */
		if ((val << 8 & PM1_SLP_EN) && PM1_SLP_TYP(val << 8) == SLP_TYP_S5)
			report_poweroff(v);
		break;
	}
}

static bool own_port(u16 port)
{
	return port == PORT_DEBUGCON || (port >= PORT_DEBUG_EXIT && port < PORT_DEBUG_EXIT + 4);
}

/* One access by the guest, direct or through a GHCB. */
u32 port_access(struct vcpu *v, u16 port, int size, bool in, u32 val)
{
	/* The guest cannot write events, nor end the run behind our back. */
	if (own_port(port) || own_port(port + size - 1))
		return 0xffffffff;
	if (fw_cfg_port(port))
		return fw_cfg_access(port, size, in, val);
	if (port == PORT_EFIVAR_DATA || port == PORT_EFIVAR_COMMAND)
		return efivar_port(v, port, size, in, val);
	if (port == PORT_MARK || port == PORT_SAVE) {
		if (!in && port == PORT_MARK)
			path_mark(v);
		else if (!in)
			host_save(v);
		return 0xffffffff;
	}
	if (port == PORT_FUZZ && host_is(HOST_FUZZ)) {
		if (!in)
			fuzz_seed(val);
		return 0xffffffff;
	}
	if (!in) {
		check_write(v, port, size, val);
		cmos_saw_write(port, size, val);
		/* Whoever looks after the host resets the machine */
		if (host_device_hangs(port, val))
			report_host_reset(v, "hung-write");
		val = host_device_sticks(port, val);
		if (port == PCI_ADDRESS && size == 4)
			moves_address(val);
		moves_port_out(v, port, size, val);
		return val;
	}
	switch (size) {
	case 1:
		return in8(port);
	case 2:
		return in16(port);
	case 4:
		return in32(port);
	}
	return val;
}
