/* SPDX-License-Identifier: GPL-2.0 */
/* The EFI runtime code of the guest (efi/), for linux_efi.c to place. */
	.section .rodata
	.globl	efi_runtime_code, efi_runtime_code_end
efi_runtime_code:
	.incbin	"efi_runtime.bin"
efi_runtime_code_end:
	.section .note.GNU-stack, "", @progbits
