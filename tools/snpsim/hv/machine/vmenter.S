/* SPDX-License-Identifier: GPL-2.0 */
/* void vmenter(struct context *c): run it until the next #VMEXIT (APM volume 2, 15.5). */
#define __ASSEMBLER__ 1
#include "lib/layout.h"

	.text
	.globl	vmenter
vmenter:
	push	%rbx
	push	%rbp
	push	%r12
	push	%r13
	push	%r14
	push	%r15
	push	%rdi
	mov	CONTEXT_VMCB_PA(%rdi), %rax
	mov	CONTEXT_REG(1)(%rdi), %rcx
	mov	CONTEXT_REG(2)(%rdi), %rdx
	mov	CONTEXT_REG(3)(%rdi), %rbx
	mov	CONTEXT_REG(5)(%rdi), %rbp
	mov	CONTEXT_REG(6)(%rdi), %rsi
	mov	CONTEXT_REG(8)(%rdi), %r8
	mov	CONTEXT_REG(9)(%rdi), %r9
	mov	CONTEXT_REG(10)(%rdi), %r10
	mov	CONTEXT_REG(11)(%rdi), %r11
	mov	CONTEXT_REG(12)(%rdi), %r12
	mov	CONTEXT_REG(13)(%rdi), %r13
	mov	CONTEXT_REG(14)(%rdi), %r14
	mov	CONTEXT_REG(15)(%rdi), %r15
	mov	CONTEXT_REG(7)(%rdi), %rdi
	vmload	%rax
	vmrun	%rax
	vmsave	%rax
	push	%rdi
	mov	8(%rsp), %rdi
	mov	%rcx, CONTEXT_REG(1)(%rdi)
	mov	%rdx, CONTEXT_REG(2)(%rdi)
	mov	%rbx, CONTEXT_REG(3)(%rdi)
	mov	%rbp, CONTEXT_REG(5)(%rdi)
	mov	%rsi, CONTEXT_REG(6)(%rdi)
	mov	%r8, CONTEXT_REG(8)(%rdi)
	mov	%r9, CONTEXT_REG(9)(%rdi)
	mov	%r10, CONTEXT_REG(10)(%rdi)
	mov	%r11, CONTEXT_REG(11)(%rdi)
	mov	%r12, CONTEXT_REG(12)(%rdi)
	mov	%r13, CONTEXT_REG(13)(%rdi)
	mov	%r14, CONTEXT_REG(14)(%rdi)
	mov	%r15, CONTEXT_REG(15)(%rdi)
	pop	%rcx
	mov	%rcx, CONTEXT_REG(7)(%rdi)
	pop	%rdi
	pop	%r15
	pop	%r14
	pop	%r13
	pop	%r12
	pop	%rbp
	pop	%rbx
	ret
