/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The page at HV_DEBUG_BOX, by which the command asks. It reaches the page as QEMU's tests
 * reach memory (-qtest), and sends an NMI in the same way; so the guest sees no device that it
 * would not have without gdb. class Box of gdb_box.py has the same layout.
 */
#ifndef SNPSIM_DEBUG_BOX_H
#define SNPSIM_DEBUG_BOX_H

#include "lib/layout.h"
#include "lib/types.h"

#define BOX_DATA		2048UL	/* bytes */

enum box_command {
	BOX_REGISTERS = 1,		/* of cpu, into data: struct box_registers */
	BOX_SET_REGISTER,		/* of cpu: the word number @address of them, from data */
	BOX_READ,			/* length bytes at address, as VMPL 0 of cpu sees them */
	BOX_WRITE,
	BOX_BREAK,			/* at address; length: 1 in a debug register */
	BOX_UNBREAK,
	BOX_FORGET,			/* all breakpoints */
	BOX_GO,				/* data: enum debug_mode of each CPU, a byte each */
};

/* What a vCPU does */
enum box_state { BOX_AT_VMPL0, BOX_AT_VMPL2, BOX_HALTED, BOX_OFF };

struct box_registers {
	u64 reg[16];			/* in encoding order */
	u64 rip, rflags;
	u64 seg[6];			/* CS, SS, DS, ES, FS, GS */
	u64 fs_base, gs_base, kernel_gs_base;
	u64 cr0, cr2, cr3, cr4, efer;
	u64 state;
};

struct box {
	u32 request, answered;		/* they differ while there is something to do */
	u32 asked;			/* stop */
	u32 server;			/* the vCPU that answers, while all have stopped */
	u32 command, cpu;
	u64 address, length;
	u64 result;			/* bytes, or 1: done */
	u32 sent;			/* = request once the NMI for it has been sent */
	u32 sending;			/* the NMI that wants a stop is not sent yet */
	u8 rsvd[8];
	u8 kicked[MAX_CPUS];		/* an NMI is on its way, or will be */
	u8 rsvd2[32];
	u8 data[BOX_DATA];
};

static_assert(offsetof(struct box, result) == 40, "box");
static_assert(offsetof(struct box, sending) == 52, "box");
static_assert(offsetof(struct box, kicked) == 64, "box");
static_assert(offsetof(struct box, data) == 128, "box");
static_assert(sizeof(struct box) <= 4096, "box");

#define box			((struct box *)HV_DEBUG_BOX)

#endif
