/* SPDX-License-Identifier: GPL-2.0 */
/* PCI functions and their configuration space. */
#ifndef SNPSIM_PCI_H
#define SNPSIM_PCI_H

#include "lib/types.h"

#define PCI_BUSES		256
#define PCI_FUNCTION(bus, dev, fn)	((bus) << 8 | (dev) << 3 | (fn))
#define PCI_BUS(function)	((function) >> 8)
#define PCI_HOST_BRIDGE		PCI_FUNCTION(0, 0, 0)
#define PCI_EXBAR		0x60		/* of the host bridge (q35) */
#define PCI_EXBAR_ENABLE	1UL
#define PCI_ADDRESS		0xcf8
#define PCI_DATA		0xcfc
#define PCI_ADDRESS_ENABLE	BIT_ULL(31)
#define PCI_COMMAND		0x04		/* and the status above it */

struct pci_function {
	u32 number;			/* PCI_FUNCTION() */
	u32 vendor, device, class;
	bool bus_master, msi, msix;	/* enabled */
	u32 msi_at, msix_at, express_at;	/* capabilities, 0: none */
};

/* Is this port one of the data? */
static inline bool pci_is_data(u16 port)
{
	return (port & ~3U) == PCI_DATA;
}

typedef void pci_visit(const struct pci_function *f);
u32 pci_read(u32 function, u32 reg);
void pci_write(u32 function, u32 reg, u32 v);
bool pci_is_there(u32 function);
bool pci_is_bridge(u32 function);
void pci_for_each(pci_visit *visit);
u64 pci_config_space(void);
u32 pci_live_bits(u32 function, u32 reg);
u32 pci_reset_bits(u32 function, u32 reg);
void event_bdf(const char *name, u32 function);

#endif
