// SPDX-License-Identifier: GPL-2.0
/*
 * What firmware does to a q35 machine before an OS: the power-management base,
 * memory-mapped PCI configuration, virtual wire mode. Done before the launch of a
 * new VM: a reset by the SVSM leaves devices as they are.
 */
#include "launch/launch.h"
#include "lib/layout.h"
#include "lib/x86.h"
#include "machine/apic.h"
#include "machine/pci.h"

#define LPC			PCI_FUNCTION(0, 31, 0)

#define LPC_PMBASE		0x40
#define LPC_PMBASE_IO		1
#define LPC_ACPI_CNTL		0x44
#define LPC_ACPI_ENABLE		0x80

#define LVT_EXTINT		0x8700
#define LVT_NMI			0x8400

void platform_init(void)
{
	pci_write(LPC, LPC_PMBASE, PM_BASE | LPC_PMBASE_IO);
	pci_write(LPC, LPC_ACPI_CNTL, LPC_ACPI_ENABLE);
	pci_write(PCI_HOST_BRIDGE, PCI_EXBAR + 4, 0);
	pci_write(PCI_HOST_BRIDGE, PCI_EXBAR, PCIEXBAR_BASE | PCI_EXBAR_ENABLE); /* 256 MiB */
	out8(0x21, 0xff);
	out8(0xa1, 0xff);
	apic_write(APIC_SVR, APIC_SVR_ENABLE | 0xff);
	apic_write(APIC_LVT_LINT0, LVT_EXTINT);
	apic_write(APIC_LVT_LINT1, LVT_NMI);
}
