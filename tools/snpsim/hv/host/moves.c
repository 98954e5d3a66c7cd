// SPDX-License-Identifier: GPL-2.0
/*
 * Writes to PCI's configuration space that change what is where in QEMU's memory, such as one
 * that turns a device's registers on. Each vCPU takes the new map when it gets to it. What one
 * reads or writes until then, of a local APIC or of any device, can get lost or to another
 * device (Debian's QEMU 10.0.2, which has the mend of upstream's issue 3040). So all others stay
 * out of the guest for such a write, and what the hypervisor itself does under sim_lock waits.
 * Its accesses to a local APIC without that lock do not (an NMI that is due, vapic.c, HLT).
 * Capabilities that move memory (power state, FLR, SR-IOV), the chipset's own registers and
 * ECAM are not looked after.
 *
 * The write of an address says whether the data's ports have to be watched.
 */
#include "debug/debug.h"
#include "host/host.h"
#include "lib/config.h"
#include "lib/x86.h"
#include "machine/pci.h"
#include "machine/rmp.h"
#include "machine/svm.h"
#include "machine/vcpu.h"

#define DATA_PORTS		4
#define REG_BARS		0x10
#define REG_BARS_END		0x28
#define REG_ROM			0x30
/* A bridge's: what QEMU's pci_bridge_write_config() looks at, and pci_default_write_config() */
#define REG_BRIDGE_BARS_END	0x18
#define REG_IO_WINDOW		0x1c
#define REG_WINDOWS		0x20
#define REG_WINDOWS_END		0x34
#define REG_BRIDGE_ROM		0x38
#define REG_BRIDGE_CONTROL	0x3e
#define COMMAND_DECODE		3		/* ports and memory */
#define COMMAND_MOVES		(COMMAND_DECODE | BIT_ULL(2))	/* and bus master */

static u32 reg_of(u32 address)
{
	return address & 0xfc;
}

/* Can a write to this register change QEMU's map? Whose it is says more. */
static bool may_move(u32 reg)
{
	return reg == PCI_COMMAND || (reg >= REG_BARS && reg < REG_WINDOWS_END) ||
	       reg == REG_BRIDGE_ROM || reg == reg_of(REG_BRIDGE_CONTROL);
}

/* The guest addresses a register: will a write to it have to be seen? */
void moves_address(u32 address)
{
	if (host_has_stuck_device() || may_move(reg_of(address)))
		svm_watch_range(PCI_DATA, DATA_PORTS);
	else
		svm_leave_range(PCI_DATA, DATA_PORTS);
}

/* Two ranges of bytes: [from, from + size), [begin, end) */
static bool overlap(u32 from, u32 size, u32 begin, u32 end)
{
	return from < end && from + size > begin;
}

/* QEMU builds the windows anew, whatever is written. */
static bool moves_bridge(u32 from, u32 size)
{
	return overlap(from, size, PCI_COMMAND, PCI_COMMAND + 2) ||
	       overlap(from, size, REG_BARS, REG_BRIDGE_BARS_END) ||
	       overlap(from, size, REG_IO_WINDOW, REG_IO_WINDOW + 2) ||
	       overlap(from, size, REG_WINDOWS, REG_WINDOWS_END) ||
	       overlap(from, size, REG_BRIDGE_ROM, REG_BRIDGE_ROM + 4) ||
	       overlap(from, size, REG_BRIDGE_CONTROL, REG_BRIDGE_CONTROL + 2);
}

/* Does the write of a part of the data, from @shift on, change QEMU's map? */
static bool moves(u32 shift, int size, u32 val)
{
	u32 mask = (size == 4 ? ~0U : (1U << size * 8) - 1) << shift;
	u32 address = in32(PCI_ADDRESS), reg = reg_of(address);
	u32 function = address >> 8 & 0xffff, changed;

	if (!(address & PCI_ADDRESS_ENABLE) || !may_move(reg) || !pci_is_there(function))
		return false;
	if (pci_is_bridge(function))
		return moves_bridge(reg + shift / 8, size);
	changed = (pci_read(function, reg) ^ val << shift) & mask;
	if (reg == PCI_COMMAND)
		return changed & COMMAND_MOVES;
	if ((reg < REG_BARS || reg >= REG_BARS_END) && reg != REG_ROM)
		return false;
	return changed && (pci_read(function, PCI_COMMAND) & COMMAND_DECODE);
}

static void port_out(u16 port, int size, u32 val)
{
	if (size == 1)
		out8(port, val);
	else if (size == 2)
		out16(port, val);
	else if (size == 4)
		out32(port, val);
}

/*
 * A write to a port. If it changes QEMU's map, all others are out of the guest meanwhile; takes
 * sim_lock then, unless this CPU holds it.
 */
void moves_port_out(struct vcpu *v, u16 port, int size, u32 val)
{
	bool locked;

	if (!pci_is_data(port) || !moves((port & 3) * 8, size, val)) {
		port_out(port, size, val);
		return;
	}
	vcpu_hold_others(v);
	locked = lock_unless_ours(&sim_lock);
	port_out(port, size, val);
	if (locked)
		unlock(&sim_lock);
	vcpu_let_go();
	if (debug_is_on())
		debug_wake_parked();
}
