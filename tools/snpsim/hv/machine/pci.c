// SPDX-License-Identifier: GPL-2.0
/*
 * PCI configuration space, through ports 0xcf8 and 0xcfc. The ports belong to the guest:
 * each access here restores the address that the guest has written.
 */
#include "lib/lib.h"
#include "lib/x86.h"
#include "machine/pci.h"

#define PCI_NUMBERS		256		/* of devices and functions on a bus */
#define NO_FUNCTION		0xffffffffU

#define REG_ID			0x00
#define REG_CLASS		0x08
#define REG_HEADER		0x0c
#define REG_BUSES		0x18
#define REG_CAPABILITIES	0x34
#define COMMAND_MASTER		BIT_ULL(2)
#define STATUS_CAPABILITIES	BIT_ULL(16 + 4)
#define HEADER_TYPE(v)		((v) >> 16 & 0x7f)
#define HEADER_BRIDGE		1
#define HEADER_CARDBUS		2
#define CAP_MSI			0x05
#define CAP_EXPRESS		0x10
#define CAP_MSIX		0x11
#define EXPRESS_CONTROL		8		/* behind the capability's head */
#define EXPRESS_FLR		BIT_ULL(15)	/* function level reset, of a device */
#define MSI_ENABLE		BIT_ULL(16)
#define MSIX_ENABLE		BIT_ULL(16 + 15)
#define MAX_CAPABILITIES	48		/* configuration space has room for no more */
#define EXBAR_LENGTH		6UL		/* 0: 256 MiB */
#define EXBAR_ADDRESS		0xf0000000UL
#define BDF_SIZE		8		/* bb:dd.f */

/* Buses to scan. A bridge adds its secondary bus only if that has a higher number than its own. */
struct buses {
	bool wanted[PCI_BUSES];
};

u32 pci_read(u32 function, u32 reg)
{
	u32 address = in32(PCI_ADDRESS), v;

	out32(PCI_ADDRESS, PCI_ADDRESS_ENABLE | function << 8 | reg);
	v = in32(PCI_DATA);
	out32(PCI_ADDRESS, address);
	return v;
}

void pci_write(u32 function, u32 reg, u32 v)
{
	u32 address = in32(PCI_ADDRESS);

	out32(PCI_ADDRESS, PCI_ADDRESS_ENABLE | function << 8 | reg);
	out32(PCI_DATA, v);
	out32(PCI_ADDRESS, address);
}

/* The identity of a virtual function (SR-IOV) reads as all ones, its command register does not. */
bool pci_is_there(u32 function)
{
	return pci_read(function, REG_ID) != NO_FUNCTION ||
	       pci_read(function, PCI_COMMAND) != NO_FUNCTION;
}

bool pci_is_bridge(u32 function)
{
	return HEADER_TYPE(pci_read(function, REG_HEADER)) == HEADER_BRIDGE;
}

/* The address of the memory-mapped configuration space that firmware has set up, or 0. */
u64 pci_config_space(void)
{
	u64 bar = pci_read(PCI_HOST_BRIDGE, PCI_EXBAR);

	if ((bar & (PCI_EXBAR_ENABLE | EXBAR_LENGTH)) != PCI_EXBAR_ENABLE)
		return 0;
	return (bar & EXBAR_ADDRESS) | (u64)pci_read(PCI_HOST_BRIDGE, PCI_EXBAR + 4) << 32;
}

/* The device may be wrong: its list may loop, or lead into the header. */
static void look_at_capabilities(struct pci_function *f)
{
	u32 at = pci_read(f->number, REG_CAPABILITIES);

	for (u32 i = 0; i < MAX_CAPABILITIES; i++) {
		u32 cap;

		at &= 0xfc;
		if (at < 0x40)
			return;
		cap = pci_read(f->number, at);
		if ((cap & 0xff) == CAP_MSI) {
			f->msi = cap & MSI_ENABLE;
			f->msi_at = at;
		}
		if ((cap & 0xff) == CAP_EXPRESS)
			f->express_at = at;
		if ((cap & 0xff) == CAP_MSIX) {
			f->msix = cap & MSIX_ENABLE;
			f->msix_at = at;
		}
		at = cap >> 8;
	}
}

/* The bits of that register with which the function writes to memory: one has them on. */
u32 pci_live_bits(u32 number, u32 reg)
{
	struct pci_function f = { .number = number };

	if (reg == PCI_COMMAND)
		return pci_read(number, reg) & COMMAND_MASTER;
	if (!(pci_read(number, PCI_COMMAND) & STATUS_CAPABILITIES))
		return 0;
	look_at_capabilities(&f);
	if (f.msi && reg == f.msi_at)
		return MSI_ENABLE;
	if (f.msix && reg == f.msix_at)
		return MSIX_ENABLE;
	return 0;
}

/* The bits of that register that reset the function when they are written. */
u32 pci_reset_bits(u32 number, u32 reg)
{
	struct pci_function f = { .number = number };

	if (!(pci_read(number, PCI_COMMAND) & STATUS_CAPABILITIES))
		return 0;
	look_at_capabilities(&f);
	return f.express_at && reg == f.express_at + EXPRESS_CONTROL ? EXPRESS_FLR : 0;
}

static void look_at(u32 number, struct buses *buses, pci_visit *visit)
{
	struct pci_function f = { .number = number };
	u32 command = pci_read(number, PCI_COMMAND), id = pci_read(number, REG_ID);
	u32 header = pci_read(number, REG_HEADER), secondary;

	f.vendor = id & 0xffff;
	f.device = id >> 16;
	f.class = pci_read(number, REG_CLASS) >> 8;
	f.bus_master = command & COMMAND_MASTER;
	/* A CardBus bridge has its list elsewhere; QEMU has no such bridge. */
	if ((command & STATUS_CAPABILITIES) && HEADER_TYPE(header) != HEADER_CARDBUS)
		look_at_capabilities(&f);
	visit(&f);
	if (HEADER_TYPE(header) != HEADER_BRIDGE)
		return;
	secondary = pci_read(number, REG_BUSES) >> 8 & 0xff;
	if (secondary > PCI_BUS(number))
		buses->wanted[secondary] = true;
}

/*
 * Visit every function, on the first bus and behind bridges. A device of ARI has numbers
 * above 7, so each number is asked for. No other vCPU may run.
 */
void pci_for_each(pci_visit *visit)
{
	struct buses buses = { .wanted = { true } };

	for (u32 bus = 0; bus < PCI_BUSES; bus++)
		for (u32 number = 0; buses.wanted[bus] && number < PCI_NUMBERS; number++)
			if (pci_is_there(bus << 8 | number))
				look_at(bus << 8 | number, &buses, visit);
}

static char hex_digit(u32 v)
{
	return "0123456789abcdef"[v & 15];
}

/* Add a function to an event, named as lspci does. */
void event_bdf(const char *name, u32 n)
{
	char bdf[BDF_SIZE] = {
		hex_digit(n >> 12), hex_digit(n >> 8), ':', hex_digit(n >> 7 & 1),
		hex_digit(n >> 3), '.', hex_digit(n & 7), 0,
	};

	event_str(name, bdf);
}
