/* SPDX-License-Identifier: GPL-2.0 */
/* The entries of the runtime code, each at its EFIVAR_ENTRY(). */
	.section .entry, "ax"
	jmp	efi_get_variable
	.balign 16
	jmp	efi_get_next_variable_name
	.balign 16
	jmp	efi_set_variable
	.balign 16
	jmp	efi_query_variable_info
	.balign 16
	jmp	efi_set_virtual_address_map
	.balign 16
	.section .note.GNU-stack, "", @progbits
