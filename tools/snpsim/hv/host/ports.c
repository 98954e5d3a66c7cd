// SPDX-License-Identifier: GPL-2.0
/*
 * I/O ports that the host watches: power-off, every way to reset a PC, and the
 * simulator's own. A host cannot reset an SNP guest: it ends the VM, and may build
 * another one.
 */
#include "efivars.h"
#include "host.h"
#include "machine.h"

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
	PORT_DEBUG_EXIT + 3, PORT_EFIVAR_DATA, PORT_EFIVAR_COMMAND,
};

void port_bitmap(u8 *iopm)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(watched); i++)
		iopm[watched[i] / 8] |= 1 << watched[i] % 8;
	for (u32 port = PCI_DATA; host_has_stuck_device() && port < PCI_DATA + 4; port++)
		iopm[port / 8] |= 1 << port % 8;
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
	if (port == PORT_EFIVAR_DATA || port == PORT_EFIVAR_COMMAND)
		return efivar_port(v, port, size, in, val);
	if (!in) {
		check_write(v, port, size, val);
		cmos_note_write(port, size, val);
		val = host_device_sticks(port, val);
	}
	switch (size) {
	case 1:
		if (in)
			return in8(port);
		out8(port, val);
		break;
	case 2:
		if (in)
			return in16(port);
		out16(port, val);
		break;
	case 4:
		if (in)
			return in32(port);
		out32(port, val);
		break;
	}
	return val;
}

static void ioio_string(struct vcpu *v, u16 port, int size, bool in, bool rep)
{
	struct vmcb_save *s = &v->vmcb->save;
	u64 n = rep ? v->reg[RCX] : 1;

	for (; n; n--) {
		u32 val = 0;
		int err;

		if (in) {
			val = port_access(v, port, size, true, 0);
			err = guest_write(v, s->es.base + v->reg[RDI], &val, size);
			v->reg[RDI] += size;
		} else {
			err = guest_read(v, s->ds.base + v->reg[RSI], &val, size);
			port_access(v, port, size, false, val);
			v->reg[RSI] += size;
		}
		if (err) {
			hv_log("cpu%u: string I/O to port %x: bad buffer", v->index, port);
			break;
		}
	}
	if (rep)
		v->reg[RCX] = 0;
}

/* A watched port at fast and strict fidelity, any port at full. */
void exit_ioio(struct vcpu *v)
{
	struct vmcb *m = v->vmcb;
	u32 port = m->exit_info1 >> 16 & 0xffff, size = m->exit_info1 >> 4 & 7;
	bool in = m->exit_info1 & IOIO_IN;
	u64 mask = size == 4 ? ~0UL : BIT_ULL(size * 8) - 1;

	count(v, KIND_IOIO);
	if (fidelity_full()) {
		deliver_vc(v, EXIT_IOIO);
		return;
	}
	if (m->exit_info1 & IOIO_STRING) {
		ioio_string(v, port, size, in, m->exit_info1 & IOIO_REP);
	} else {
		u32 val = port_access(v, port, size, in, m->save.rax & mask);

		if (in && size == 4)
			m->save.rax = val;
		else if (in)
			m->save.rax = (m->save.rax & ~mask) | (val & mask);
	}
	m->save.rip = m->exit_info2;
	m->int_shadow = 0;
}
