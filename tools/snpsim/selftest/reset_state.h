/* SPDX-License-Identifier: GPL-2.0 */
/* The vCPU's state when this boot began. */
#ifndef SELFTEST_RESET_STATE_H
#define SELFTEST_RESET_STATE_H

#include "types.h"

/* start.S fills this in and relies on the order. */
struct reset_state {
	u64 rax, rcx, rdx, rbx, rsp, rbp, rsi, rdi;
	u64 r8, r9, r10, r11, r12, r13, r14, r15;
	u64 cr0, cr2, cr4, cr8;
	u64 dr0, dr1, dr2, dr3, dr6;
} __packed;

/* FXSAVE image */
struct reset_fpu {
	u16 fcw, fsw;
	u8 ftw, reserved;
	u16 fop;
	u64 fip, fdp;
	u32 mxcsr, mxcsr_mask;
	u8 st[8][16];
	u8 xmm[16][16];
	u8 rest[96];
} __packed __aligned(16);

static_assert(sizeof(struct reset_fpu) == 512, "FXSAVE image");

extern struct reset_state reset_state;
extern struct reset_fpu reset_fpu;

void reset_state_print(void);		/* STATE name value, one a line */
void reset_state_check(u64 boot_params);
void reset_state_dirty(void);		/* change everything that reset_state_print() shows */

#endif
