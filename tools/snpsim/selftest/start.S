/* SPDX-License-Identifier: GPL-2.0 */
/* bzImage header, entry of the boot CPU and of the APs. */

	/* Boot protocol 2.15, only what a 64-bit loader looks at */
	.section .setup, "a"
setup:	.asciz	"snpsim-guest"		/* tells the CLI that this is an SNP guest, not Linux */
	.org	0x1f1
	.byte	1			/* setup_sects */
	.word	0
	.long	__syssize
	.word	0, 0, 0
	.word	0xaa55			/* boot_flag */
	.byte	0xeb, header_end - 1f	/* jump, its length is that of the header */
1:	.ascii	"HdrS"
	.word	0x020f			/* version */
	.long	0
	.word	0, 0
	.byte	0xff			/* type_of_loader */
	.byte	1			/* loadflags: LOADED_HIGH */
	.word	0
	.long	0x100000		/* code32_start */
	.long	0, 0			/* ramdisk_image, ramdisk_size */
	.long	0
	.word	0
	.byte	0, 0
	.long	0			/* cmd_line_ptr */
	.long	0x7fffffff		/* initrd_addr_max */
	.long	0x200000		/* kernel_alignment */
	.byte	0, 21			/* relocatable_kernel, min_alignment */
	.word	1			/* xloadflags: 64-bit entry */
	.long	2047			/* cmdline_size */
	.long	0
	.quad	0
	.long	0, 0			/* payload_offset, payload_length */
	.quad	0			/* setup_data */
	.quad	0x1000000		/* pref_address */
	.long	__init_size
	.long	0, 0
header_end:
	.org	0x400

	.section .text.head, "ax"
	.code32
0:	hlt				/* no 32-bit entry */
	jmp	0b
	.org	0x200
	.code64
	.globl	entry64
entry64:
	cld
	/* Save the state after reset, before anything changes it */
	mov	%rax, reset_state + 0
	mov	%rcx, reset_state + 8
	mov	%rdx, reset_state + 16
	mov	%rbx, reset_state + 24
	mov	%rsp, reset_state + 32
	mov	%rbp, reset_state + 40
	mov	%rsi, reset_state + 48
	mov	%rdi, reset_state + 56
	mov	%r8, reset_state + 64
	mov	%r9, reset_state + 72
	mov	%r10, reset_state + 80
	mov	%r11, reset_state + 88
	mov	%r12, reset_state + 96
	mov	%r13, reset_state + 104
	mov	%r14, reset_state + 112
	mov	%r15, reset_state + 120
	mov	%cr0, %rax
	mov	%rax, reset_state + 128
	mov	%cr2, %rax
	mov	%rax, reset_state + 136
	mov	%cr4, %rax
	mov	%rax, reset_state + 144
	mov	%cr8, %rax
	mov	%rax, reset_state + 152
	mov	%db0, %rax
	mov	%rax, reset_state + 160
	mov	%db1, %rax
	mov	%rax, reset_state + 168
	mov	%db2, %rax
	mov	%rax, reset_state + 176
	mov	%db3, %rax
	mov	%rax, reset_state + 184
	mov	%db6, %rax
	mov	%rax, reset_state + 192
	mov	%cr0, %rax
	and	$~0xc, %rax		/* EM, TS */
	mov	%rax, %cr0
	mov	%cr4, %rax
	or	$0x600, %rax		/* OSFXSR, OSXMMEXCPT */
	mov	%rax, %cr4
	fxsave64 reset_fpu

	mov	%rsi, %r12
	lea	__bss_start, %rdi
	lea	__bss_end, %rcx
	sub	%rdi, %rcx
	xor	%eax, %eax
	rep stosb
	lea	cpu_stacks + 16384, %rsp
	xor	%ebp, %ebp
	mov	%r12, %rdi
	call	boot_main
1:	hlt
	jmp	1b

	/* An AP starts here with the stack, tables and segments of its VMSA. */
	.globl	entry_ap
entry_ap:
	cld
	xor	%ebp, %ebp
	call	ap_main
1:	hlt
	jmp	1b

	.data
	.balign	64
	.globl	reset_fpu, reset_state
reset_fpu:
	.skip	512
reset_state:
	.skip	200

	.section .note.GNU-stack, "", @progbits
