// SPDX-License-Identifier: GPL-2.0
/*
 * PCI configuration space by the ports 0xcf8 and 0xcfc, which are the guest's: the
 * address that it has written there is put back after each access.
 */
#include "lib/lib.h"
#include "lib/x86.h"
#include "machine/pci.h"

#define PCI_ADDRESS		0xcf8
#define PCI_DATA		0xcfc
#define ADDRESS_ENABLE		BIT_ULL(31)
#define PCI_DEVICES		32
#define PCI_FUNCTIONS		8
#define NO_FUNCTION		0xffffffffU

#define REG_ID			0x00
#define REG_COMMAND		0x04		/* and the status above it */
#define REG_CLASS		0x08
#define REG_HEADER		0x0c
#define REG_BUSES		0x18
#define REG_CAPABILITIES	0x34
#define COMMAND_MASTER		BIT_ULL(2)
#define STATUS_CAPABILITIES	BIT_ULL(16 + 4)
#define HEADER_TYPE(v)		((v) >> 16 & 0x7f)
#define HEADER_SEVERAL		BIT_ULL(23)
#define HEADER_BRIDGE		1
#define HEADER_CARDBUS		2
#define CAP_MSI			0x05
#define CAP_MSIX		0x11
#define MSI_ENABLE		BIT_ULL(16)
#define MSIX_ENABLE		BIT_ULL(16 + 15)
#define MAX_CAPABILITIES	48		/* as many as there is room for */
#define EXBAR_LENGTH		6UL		/* 0: 256 MiB */
#define EXBAR_ADDRESS		0xf0000000UL
#define BDF_SIZE		8		/* bb:dd.f */

/* Buses to look at. A bridge that leads up, or to a bus that was seen, adds none. */
struct buses {
	bool wanted[PCI_BUSES];
};

u32 pci_read(u32 function, u32 reg)
{
	u32 address = in32(PCI_ADDRESS), v;

	out32(PCI_ADDRESS, ADDRESS_ENABLE | function << 8 | reg);
	v = in32(PCI_DATA);
	out32(PCI_ADDRESS, address);
	return v;
}

void pci_write(u32 function, u32 reg, u32 v)
{
	u32 address = in32(PCI_ADDRESS);

	out32(PCI_ADDRESS, ADDRESS_ENABLE | function << 8 | reg);
	out32(PCI_DATA, v);
	out32(PCI_ADDRESS, address);
}

/* Where firmware has put the memory-mapped configuration space of all buses, or 0. */
u64 pci_config_space(void)
{
	u64 bar = pci_read(PCI_HOST_BRIDGE, PCI_EXBAR);

	if ((bar & (PCI_EXBAR_ENABLE | EXBAR_LENGTH)) != PCI_EXBAR_ENABLE)
		return 0;
	return (bar & EXBAR_ADDRESS) | (u64)pci_read(PCI_HOST_BRIDGE, PCI_EXBAR + 4) << 32;
}

/* A list may have a loop, or lead into the header. */
static void look_at_capabilities(struct pci_function *f)
{
	u32 at = pci_read(f->number, REG_CAPABILITIES);

	for (u32 i = 0; i < MAX_CAPABILITIES; i++) {
		u32 cap;

		at &= 0xfc;
		if (at < 0x40)
			return;
		cap = pci_read(f->number, at);
		if ((cap & 0xff) == CAP_MSI)
			f->msi = cap & MSI_ENABLE;
		if ((cap & 0xff) == CAP_MSIX)
			f->msix = cap & MSIX_ENABLE;
		at = cap >> 8;
	}
}

static void look_at(u32 number, u32 header, struct buses *buses, pci_visit *visit)
{
	struct pci_function f = { .number = number };
	u32 command = pci_read(number, REG_COMMAND), id = pci_read(number, REG_ID);
	u32 secondary;

	f.vendor = id & 0xffff;
	f.device = id >> 16;
	f.class = pci_read(number, REG_CLASS) >> 8;
	f.bus_master = command & COMMAND_MASTER;
	/* That of a CardBus bridge is elsewhere; QEMU has no such bridge. */
	if ((command & STATUS_CAPABILITIES) && HEADER_TYPE(header) != HEADER_CARDBUS)
		look_at_capabilities(&f);
	visit(&f);
	if (HEADER_TYPE(header) != HEADER_BRIDGE)
		return;
	secondary = pci_read(number, REG_BUSES) >> 8 & 0xff;
	if (secondary > PCI_BUS(number))
		buses->wanted[secondary] = true;
}

static void look_at_device(u32 first, struct buses *buses, pci_visit *visit)
{
	u32 functions = 1;

	for (u32 f = 0; f < functions; f++) {
		u32 header;

		if (pci_read(first + f, REG_ID) == NO_FUNCTION)
			continue;
		header = pci_read(first + f, REG_HEADER);
		if (!f && (header & HEADER_SEVERAL))
			functions = PCI_FUNCTIONS;
		look_at(first + f, header, buses, visit);
	}
}

/* Every function there is, on the first bus and behind bridges. No other vCPU runs. */
void pci_for_each(pci_visit *visit)
{
	struct buses buses = { .wanted = { true } };

	for (u32 bus = 0; bus < PCI_BUSES; bus++)
		for (u32 device = 0; buses.wanted[bus] && device < PCI_DEVICES; device++)
			look_at_device(bus << 8 | device << 3, &buses, visit);
}

static char hex_digit(u32 v)
{
	return "0123456789abcdef"[v & 15];
}

/* As lspci names it, in an event. */
void event_bdf(const char *name, u32 n)
{
	char bdf[BDF_SIZE] = {
		hex_digit(n >> 12), hex_digit(n >> 8), ':', hex_digit(n >> 7 & 1),
		hex_digit(n >> 3), '.', hex_digit(n & 7), 0,
	};

	event_str(name, bdf);
}
