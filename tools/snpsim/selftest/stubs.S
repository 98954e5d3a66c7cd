/* SPDX-License-Identifier: GPL-2.0 */
/* Where exceptions and interrupts arrive: trap() gets the registers. */
#define TRAP_STUBS	65		/* exceptions, and up to vector 0x40 */

	.text
	.globl	trap_stubs
	.balign	16
trap_stubs:
	.set	i, 0
	.rept	TRAP_STUBS
	.balign	16
	.if	(i >= 32) || !((0x60227d00 >> (i & 31)) & 1)	/* no error code */
	push	$0
	.endif
	push	$i
	jmp	trap_entry
	.set	i, i + 1
	.endr

trap_entry:
	push	%rax
	push	%rcx
	push	%rdx
	push	%rbx
	push	%rbp
	push	%rsi
	push	%rdi
	push	%r8
	push	%r9
	push	%r10
	push	%r11
	push	%r12
	push	%r13
	push	%r14
	push	%r15
	cld
	mov	%rsp, %rdi
	mov	%rsp, %rbp
	and	$~15, %rsp
	call	trap
	mov	%rbp, %rsp
	pop	%r15
	pop	%r14
	pop	%r13
	pop	%r12
	pop	%r11
	pop	%r10
	pop	%r9
	pop	%r8
	pop	%rdi
	pop	%rsi
	pop	%rbp
	pop	%rbx
	pop	%rdx
	pop	%rcx
	pop	%rax
	add	$16, %rsp
	iretq

	.section .note.GNU-stack, "", @progbits
