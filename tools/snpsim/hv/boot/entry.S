/* SPDX-License-Identifier: GPL-2.0 */
/* Entries into the hypervisor: first CPU, other CPUs, exceptions, interrupts. */
#define __ASSEMBLER__ 1
#include "layout.h"

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

	/*
	 * 256 vectors of 16 bytes: an error code (real or 0), the number, and on.
	 * Vectors with an error code: 8, 10-14, 17, 21, 29, 30.
	 */
	.globl	hv_vectors
	.balign	16
hv_vectors:
	.set	i, 0
	.rept	256
	.balign	16
	.if	i >= 32
	push	$0
	.elseif	!((0x60227d00 >> i) & 1)
	push	$0
	.endif
	push	$i
	jmp	hv_trap
	.set	i, i + 1
	.endr

hv_trap:
	push	%rax
	push	%rcx
	push	%rdx
	push	%rsi
	push	%rdi
	push	%r8
	push	%r9
	push	%r10
	push	%r11
	lea	72(%rsp), %rdi		/* struct trap_frame */
	cld
	call	hv_trap_c
	pop	%r11
	pop	%r10
	pop	%r9
	pop	%r8
	pop	%rdi
	pop	%rsi
	pop	%rdx
	pop	%rcx
	pop	%rax
	add	$16, %rsp
	iretq

	/*
	 * Sleep with GIF set until an NMI (wait_for_nmi), or an NMI or interrupt
	 * (wait_for_interrupt) has been taken. One that comes before the HLT must
	 * not be slept over: hv_trap_c() moves RIP from the first range to the end.
	 */
	.globl	wait_for_nmi, wait_for_interrupt, take_nmi, wait_begin, wait_end
take_nmi:
	stgi
	nop
	nop
	clgi
	ret
wait_for_nmi:
	stgi
wait_begin:
	hlt
	jmp	wait_end
wait_for_interrupt:
	stgi
	sti
	hlt
wait_end:
	cli
	clgi
	ret

	/* int msr_try(u32 msr, u64 *val, int write): -1 if it raises #GP */
	.globl	msr_try, msr_try_read, msr_try_write, msr_try_failed
msr_try:
	mov	%edi, %ecx
	mov	%rdx, %r8
	mov	(%rsi), %eax
	mov	4(%rsi), %edx
	test	%r8d, %r8d
	jnz	msr_try_write
msr_try_read:
	rdmsr
	mov	%eax, (%rsi)
	mov	%edx, 4(%rsi)
	xor	%eax, %eax
	ret
msr_try_write:
	wrmsr
	xor	%eax, %eax
	ret
msr_try_failed:
	mov	$-1, %eax
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
	.globl	hv_pdpt
hv_pdpt:
	.skip	4096
	/* Aligned to its size, so that a stack pointer tells the CPU (this_vcpu()). */
	.balign	CPU_STACK_SIZE
	.globl	cpu_stacks
cpu_stacks:
	.skip	CPU_STACK_SIZE * MAX_CPUS
