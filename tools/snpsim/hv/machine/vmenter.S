/* SPDX-License-Identifier: GPL-2.0 */
/* void vmenter(struct vcpu *v): run the guest until the next #VMEXIT (APM volume 2, 15.5). */
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
	mov	VCPU_VMCB_PA(%rdi), %rax
	mov	VCPU_REG(1)(%rdi), %rcx
	mov	VCPU_REG(2)(%rdi), %rdx
	mov	VCPU_REG(3)(%rdi), %rbx
	mov	VCPU_REG(5)(%rdi), %rbp
	mov	VCPU_REG(6)(%rdi), %rsi
	mov	VCPU_REG(8)(%rdi), %r8
	mov	VCPU_REG(9)(%rdi), %r9
	mov	VCPU_REG(10)(%rdi), %r10
	mov	VCPU_REG(11)(%rdi), %r11
	mov	VCPU_REG(12)(%rdi), %r12
	mov	VCPU_REG(13)(%rdi), %r13
	mov	VCPU_REG(14)(%rdi), %r14
	mov	VCPU_REG(15)(%rdi), %r15
	mov	VCPU_REG(7)(%rdi), %rdi
	vmload	%rax
	vmrun	%rax
	vmsave	%rax
	push	%rdi
	mov	8(%rsp), %rdi
	mov	%rcx, VCPU_REG(1)(%rdi)
	mov	%rdx, VCPU_REG(2)(%rdi)
	mov	%rbx, VCPU_REG(3)(%rdi)
	mov	%rbp, VCPU_REG(5)(%rdi)
	mov	%rsi, VCPU_REG(6)(%rdi)
	mov	%r8, VCPU_REG(8)(%rdi)
	mov	%r9, VCPU_REG(9)(%rdi)
	mov	%r10, VCPU_REG(10)(%rdi)
	mov	%r11, VCPU_REG(11)(%rdi)
	mov	%r12, VCPU_REG(12)(%rdi)
	mov	%r13, VCPU_REG(13)(%rdi)
	mov	%r14, VCPU_REG(14)(%rdi)
	mov	%r15, VCPU_REG(15)(%rdi)
	pop	%rcx
	mov	%rcx, VCPU_REG(7)(%rdi)
	pop	%rdi
	pop	%r15
	pop	%r14
	pop	%r13
	pop	%r12
	pop	%rbp
	pop	%rbx
	ret
