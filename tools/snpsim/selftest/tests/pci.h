/* SPDX-License-Identifier: GPL-2.0 */
/* PCI configuration space, through its two ports */
#ifndef SELFTEST_PCI_H
#define SELFTEST_PCI_H

#include "snp.h"

#define PCI_ADDRESS	0xcf8
#define PCI_DATA	0xcfc
#define BDF(bus, dev, fn)	((bus) << 16 | (dev) << 11 | (fn) << 8)
#define REG_ID		0x00
#define REG_COMMAND	0x04
#define REG_BAR0	0x10
#define REG_BAR4	0x20
#define REG_BUSES	0x18
#define REG_CAPS	0x34
#define COMMAND_PORTS	BIT(0)
#define COMMAND_MEMORY	BIT(1)
#define COMMAND_MASTER	BIT(2)
#define COMMAND_INTX_OFF	BIT(10)

static inline u32 pci_get(u32 bdf, u32 reg)
{
	outl(PCI_ADDRESS, BIT(31) | bdf | reg);
	return inl(PCI_DATA);
}

static inline void pci_set(u32 bdf, u32 reg, u32 v)
{
	outl(PCI_ADDRESS, BIT(31) | bdf | reg);
	outl(PCI_DATA, v);
}

static inline void bus_master_on(u32 bdf)
{
	pci_set(bdf, REG_COMMAND, (pci_get(bdf, REG_COMMAND) & 0xffff) | COMMAND_MASTER);
}

#endif
