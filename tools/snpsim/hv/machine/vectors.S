/* SPDX-License-Identifier: GPL-2.0 */
/* Exceptions, NMIs and interrupts that arrive in the hypervisor, and waiting for one. */

	.text
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
	 * (wait_for_interrupt), has been taken. The HLT must not sleep through one that
	 * comes before it: hv_trap_c() moves RIP from wait_begin..wait_end to wait_end.
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
