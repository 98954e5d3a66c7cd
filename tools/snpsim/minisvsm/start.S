/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The boot CPU starts here in 32-bit protected mode without paging, so that all accesses
 * are private. It goes to long mode on tables whose pages have the C-bit; CR3 has not.
 */
#define CBIT_HIGH	(1 << (47 - 32))
#define MSR_EFER	0xc0000080

	.section .loader, "awx", @progbits
	.code32
	.byte	0xeb, 0xfe		/* nothing starts here: RIP is 0x10002 */
	.globl	entry32
entry32:
	movl	%eax, start_state + 0
	movl	%esp, start_state + 8
	movl	%esi, start_state + 16
	movl	%cr0, %eax
	movl	%eax, start_state + 24
	movl	$MSR_EFER, %ecx
	rdmsr
	movl	%eax, start_state + 32
	orl	$0x900, %eax		/* LME, NXE */
	wrmsr
	/* 4 GiB by 1 GiB pages */
	movl	$loader_pdpt + 3, loader_pml4
	movl	$CBIT_HIGH, loader_pml4 + 4
	xorl	%ecx, %ecx
	movl	$0x83, %eax
1:	movl	%eax, loader_pdpt(, %ecx, 8)
	movl	$CBIT_HIGH, loader_pdpt + 4(, %ecx, 8)
	addl	$0x40000000, %eax
	incl	%ecx
	cmpl	$4, %ecx
	jb	1b
	movl	$loader_pml4, %eax
	movl	%eax, %cr3
	movl	%cr0, %eax
	orl	$0x80000000, %eax
	movl	%eax, %cr0
	lgdt	loader_gdt_ptr
	ljmp	$0x10, $entry64

	.code64
entry64:
	movw	$0x18, %ax
	movw	%ax, %ds
	movw	%ax, %es
	movw	%ax, %ss
	/* OSFXSR, OSXMMEXCPT */
	mov	%cr4, %rax
	or	$0x600, %rax
	mov	%rax, %cr4
	lea	cpu_stacks + 16384, %rsp
	xor	%ebp, %ebp
	cld
	movabs	$svsm_main, %rax
	call	*%rax
1:	hlt
	jmp	1b

	.balign	8
loader_gdt:
	.quad	0, 0
	.quad	0x00af9b000000ffff
	.quad	0x00cf93000000ffff
loader_gdt_ptr:
	.word	loader_gdt_ptr - loader_gdt - 1
	.quad	loader_gdt
	.balign	4096
loader_pml4:
	.skip	4096
loader_pdpt:
	.skip	4096

	.data
	.balign	8
	.globl	start_state
start_state:
	.skip	40

	.section .note.GNU-stack, "", @progbits
