/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The handler that accepts an interrupt and does nothing about it: lapic.c
 */
#include <linux/linkage.h>
#include <asm/unwind_hints.h>

	.code64
	.text

/* Entered through the IDT, on the current stack, from kernel mode only */
SYM_CODE_START(svr_drain_vector)
	UNWIND_HINT_IRET_REGS
	ENDBR
	iretq
SYM_CODE_END(svr_drain_vector)
