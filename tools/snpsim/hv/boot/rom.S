/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The boot ROM: 64 KiB below 1 MiB and below 4 GiB. Reset, INIT on the BSP and SIPI all
 * lead here, and from here into the hypervisor in 32-bit mode. So starting a CPU needs no
 * page of guest memory and no CMOS byte.
 */
#define __ASSEMBLER__ 1
#include "lib/layout.h"

	.text
	.code16
rom_start:
	jmp	enter			/* SIPI: F000:0000 */

	.org	0xf000
enter:
	cli
	lgdtl	%cs:(rom_gdt_ptr - rom_start)
	movl	$0x11, %eax
	movl	%eax, %cr0
	ljmpl	$0x18, $(0xffff0000 + (enter32 - rom_start))

	.code32
enter32:
	movw	$0x10, %ax
	movw	%ax, %ds
	movw	%ax, %es
	movw	%ax, %ss
	movl	$HV_BASE, %ebx
	cmpl	$0, HV_HDR_RUNNING(%ebx)
	jne	1f
	jmp	*HV_HDR_ENTRY(%ebx)
1:	jmp	*HV_HDR_AP_ENTRY(%ebx)

	.balign	8
rom_gdt:
	.quad	0
	.quad	0x00af9b000000ffff	/* 0x08: 64-bit code */
	.quad	0x00cf93000000ffff	/* 0x10: data */
	.quad	0x00cf9b000000ffff	/* 0x18: 32-bit code */
rom_gdt_ptr:
	.word	rom_gdt_ptr - rom_gdt - 1
	.long	0xffff0000 + (rom_gdt - rom_start)

	.org	0xfff0
	.code16
	jmp	enter			/* reset vector */
	.org	0xffff
	.byte	0
