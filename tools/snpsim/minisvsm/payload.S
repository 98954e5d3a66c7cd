/* SPDX-License-Identifier: GPL-2.0 */
/* What runs at VMPL 2. It gives way to VMPL 0 by the GHCB MSR protocol. */
#define MSR_GHCB	0xc0010130
#define RUN_VMPL	0x016
#define PATTERN(n)	((n) * 0x0101010101010101)

	.text
	/* Fill all registers, give way, and do so for ever */
	.globl	payload_registers, payload_gave_way
payload_registers:
	movabs	$PATTERN(0x11), %rbx
	mov	%rbx, %dr0
	mov	%rbx, %cr2
	movq	%rbx, %xmm15
	vpermilpd $0, %xmm15, %xmm15
	vinsertf128 $1, %xmm15, %ymm15, %ymm15
	fldpi
	mov	$0x1f80 + 0x20, %eax
	mov	%eax, payload_mxcsr
	ldmxcsr	payload_mxcsr
	movabs	$PATTERN(0x12), %rbp
	movabs	$PATTERN(0x13), %rsi
	movabs	$PATTERN(0x14), %rdi
	movabs	$PATTERN(0x08), %r8
	movabs	$PATTERN(0x09), %r9
	movabs	$PATTERN(0x0a), %r10
	movabs	$PATTERN(0x0b), %r11
	movabs	$PATTERN(0x0c), %r12
	movabs	$PATTERN(0x0d), %r13
	movabs	$PATTERN(0x0e), %r14
	movabs	$PATTERN(0x0f), %r15
1:	mov	$MSR_GHCB, %ecx
	mov	$RUN_VMPL, %eax
	xor	%edx, %edx
	wrmsr
	rep; vmmcall
payload_gave_way:
	jmp	1b

	/* Count for ever */
	.globl	payload_spins
payload_spins:
	xor	%ebx, %ebx
1:	inc	%rbx
	mov	%rbx, payload_count
	jmp	1b

	/* Halt for ever */
	.globl	payload_halts
payload_halts:
	incq	payload_count
	cli
	hlt
	jmp	payload_halts

	/* A CPU at VMPL 0 */
	.globl	cpu_entry
cpu_entry:
	cld
	xor	%ebp, %ebp
	call	cpu_main
1:	hlt
	jmp	1b

	/* Store what the registers have, and give way */
	.globl	payload_stores
payload_stores:
	mov	%rax, payload_found + 0
	mov	%r8, payload_found + 8
	mov	%rsp, payload_found + 16
	movq	%xmm3, payload_found + 24
	mov	%dr1, %rax
	mov	%rax, payload_found + 32
1:	mov	$MSR_GHCB, %ecx
	mov	$RUN_VMPL, %eax
	xor	%edx, %edx
	wrmsr
	rep; vmmcall
	rdmsr				/* the host's answer */
	mov	%eax, payload_found + 40
	mov	%edx, payload_found + 44
	jmp	1b

	.data
	.balign	8
	.globl	payload_found, payload_count
payload_count:
	.quad	0
payload_found:
	.skip	48
payload_mxcsr:
	.long	0

	.section .note.GNU-stack, "", @progbits
