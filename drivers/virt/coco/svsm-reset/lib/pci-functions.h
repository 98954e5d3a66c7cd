/* SPDX-License-Identifier: GPL-2.0-only */
/* PCI functions that may write to memory: find them, stop them, start them again */
#ifndef _SVSM_RESET_PCI_FUNCTIONS_H
#define _SVSM_RESET_PCI_FUNCTIONS_H

#include <linux/pci_regs.h>
#include <linux/types.h>

/* Functions beyond these are only counted, as not stopped */
#define SVR_PCI_MAX		256
#define SVR_PCI_BUSES		256
/* Values of svr_pci_number() */
#define SVR_PCI_NUMBERS		(SVR_PCI_BUSES * 256)
/* As many capabilities as fit behind the standard header */
#define SVR_PCI_CAPS		((PCI_CFG_SPACE_SIZE - PCI_STD_HEADER_SIZEOF) / 4)

/**
 * struct svr_pci_access - configuration space
 * @read:  the four bytes at @reg, a multiple of 4; all ones where there is no function
 * @write: write these
 * @read_byte: the byte at @reg
 * @write_byte: write that
 * @hold:  wait for as long as a bus must be held in reset
 * @late:  has it taken too long already? Then nobody looks or waits any longer
 */
struct svr_pci_access {
	u32 (*read)(u8 bus, u8 devfn, u8 reg);
	void (*write)(u8 bus, u8 devfn, u8 reg, u32 val);
	u8 (*read_byte)(u8 bus, u8 devfn, u8 reg);
	void (*write_byte)(u8 bus, u8 devfn, u8 reg, u8 val);
	void (*hold)(void);
	bool (*late)(void);
};

/* What ends the requests that a function has taken */
enum svr_pci_kind {
	SVR_PCI_PLAIN,		/* nothing more */
	SVR_PCI_VIRTIO,		/* its status register */
	SVR_PCI_QEMU,		/* a function level reset, if it has that */
};

/**
 * struct svr_pci_function - a function that was found alive
 * @bus:     its bus
 * @devfn:   device and function
 * @msi:     where its MSI capability is, if that was on; else 0
 * @msix:    the same of MSI-X
 * @kind:    what ends its requests, of enum svr_pci_kind
 * @command: what its command register was
 * @bridge:  other functions are behind it
 * @console: it may carry a console
 * @root:    it is on a root bus
 * @lost:    it has been reset, and has lost its settings
 * @stuck:   it has not been shown to have stopped
 */
struct svr_pci_function {
	u8 bus;
	u8 devfn;
	u8 msi;
	u8 msix;
	u8 kind;
	u16 command;
	bool bridge;
	bool console;
	bool root;
	bool lost;
	bool stuck;
};

/**
 * struct svr_pci_list - what was found
 * @count: how many of @functions there are
 * @more:  how many more there were than fit
 * @cut:   there may be others: finding them took too long
 * @seen:  there is any function at all, alive or not
 * @functions: the functions
 */
struct svr_pci_list {
	unsigned int count;
	unsigned int more;
	bool cut;
	bool seen;
	struct svr_pci_function functions[SVR_PCI_MAX];
};

/**
 * struct svr_pci_cap - a place in a function's list of capabilities
 * @head: its first four bytes
 * @pos:  where it is
 * @next: where the next one is said to be
 * @seen: how many there were, this one included
 */
struct svr_pci_cap {
	u32 head;
	u8 pos;
	u8 next;
	u8 seen;
};

static inline u32 svr_pci_read(const struct svr_pci_access *pci,
			       const struct svr_pci_function *f,
			       unsigned int reg)
{
	return pci->read(f->bus, f->devfn, reg & ~3u);
}

/* A function's place in a bitmap, and its name in the record */
static inline u16 svr_pci_number(u8 bus, u8 devfn)
{
	return bus << 8 | devfn;
}

void svr_pci_find(const struct svr_pci_access *pci, const unsigned long *roots,
		  const unsigned long *hidden, struct svr_pci_list *list);
unsigned int svr_pci_stop(const struct svr_pci_access *pci,
			  struct svr_pci_list *list);
void svr_pci_start(const struct svr_pci_access *pci,
		   const struct svr_pci_list *list);
struct svr_pci_cap svr_pci_caps(const struct svr_pci_access *pci,
				const struct svr_pci_function *f);
bool svr_pci_next_cap(const struct svr_pci_access *pci,
		      const struct svr_pci_function *f, struct svr_pci_cap *cap);
enum svr_pci_kind svr_pci_kind(u32 id);
bool svr_pci_end_requests(const struct svr_pci_access *pci,
			  struct svr_pci_function *f);
void svr_pci_reset_buses(const struct svr_pci_access *pci,
			 struct svr_pci_list *list);

#endif /* _SVSM_RESET_PCI_FUNCTIONS_H */
