/* SPDX-License-Identifier: GPL-2.0 */
/* The first CPU enters the hypervisor here; each other CPU does after its SIPI. */
#define __ASSEMBLER__ 1
#include "lib/layout.h"

	.section .header, "a"
	.long	start32, ap_start32, 0, 0

	.text
	.code32
	.globl	start32
start32:
	movl	$cpu_stacks + CPU_STACK_SIZE - 16, %esp
	/* Identity map of 512 GiB by 1 GiB pages. */
	movl	$hv_pdpt + 3, hv_pml4
	xorl	%ecx, %ecx
	xorl	%edx, %edx
	movl	$0x83, %eax
1:	movl	%eax, hv_pdpt(, %ecx, 8)
	movl	%edx, hv_pdpt + 4(, %ecx, 8)
	addl	$0x40000000, %eax
	adcl	$0, %edx
	incl	%ecx
	cmpl	$512, %ecx
	jb	1b
	movl	$1, HV_BASE + HV_HDR_RUNNING
	call	to_long_mode
	ljmp	$0x8, $start64

	/* After INIT and SIPI, or INIT on the BSP. */
ap_start32:
	movl	$1, %eax
	cpuid
	shrl	$24, %ebx
	incl	%ebx
	shll	$CPU_STACK_SHIFT, %ebx
	leal	cpu_stacks - 16(%ebx), %esp
	call	to_long_mode
	ljmp	$0x8, $ap_start64

	/* Long mode with NX and SVM. Clobbers EAX, ECX, EDX. */
to_long_mode:
	lgdt	hv_gdt_ptr
	movl	$0x20, %eax
	movl	%eax, %cr4
	movl	$hv_pml4, %eax
	movl	%eax, %cr3
	movl	$0xc0000080, %ecx
	rdmsr
	orl	$0x1900, %eax		/* LME, NXE, SVME */
	wrmsr
	movl	$0x80010033, %eax
	movl	%eax, %cr0
	ret

	.code64
start64:
	call	load_segments
	call	hv_main
	ud2
ap_start64:
	call	load_segments
	call	ap_main
	ud2

load_segments:
	movw	$0x10, %ax
	movw	%ax, %ds
	movw	%ax, %es
	movw	%ax, %ss
	xorl	%eax, %eax
	movw	%ax, %fs
	movw	%ax, %gs
	ret

	.data
	.balign	16
hv_gdt:
	.quad	0
	.quad	0x00af9b000000ffff
	.quad	0x00cf93000000ffff
	.quad	0x00cf9b000000ffff
hv_gdt_ptr:
	.word	hv_gdt_ptr - hv_gdt - 1
	.quad	hv_gdt

	.bss
	.balign	4096
hv_pml4:
	.skip	4096
hv_pdpt:
	.skip	4096
