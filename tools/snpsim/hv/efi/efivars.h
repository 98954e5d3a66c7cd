/* SPDX-License-Identifier: GPL-2.0 */
/*
 * EFI variables: how the runtime services in the guest (efi/) talk to the host that keeps
 * the variables (host/efivars.c), through two I/O ports.
 *
 * The guest writes EFIVAR_BEGIN to the command port, a request byte by byte to the data
 * port, and the operation to the command port. Then it reads the answer byte by byte from
 * the data port.
 */
#ifndef SNPSIM_EFIVARS_H
#define SNPSIM_EFIVARS_H

#define PORT_EFIVAR_DATA	0x560
#define PORT_EFIVAR_COMMAND	0x561

#define EFIVAR_BEGIN		0
#define EFIVAR_GET		1
#define EFIVAR_NEXT		2
#define EFIVAR_SET		3
#define EFIVAR_QUERY		4

/* Entries of the code in the guest, in the order of the operations, and one more */
#define EFIVAR_ENTRY(op)	(((op) - EFIVAR_GET) * 16)
#define EFIVAR_SET_VIRTUAL_MAP	5

#define EFIVAR_NAME_MAX		256	/* bytes, with the terminating zero */
#define EFIVAR_DATA_MAX		4096
#define EFIVAR_GUID_SIZE	16

#define EFI_ERROR_BIT		0x8000000000000000UL
#define EFI_SUCCESS		0UL
#define EFI_INVALID_PARAMETER	(EFI_ERROR_BIT | 2)
#define EFI_UNSUPPORTED		(EFI_ERROR_BIT | 3)
#define EFI_BUFFER_TOO_SMALL	(EFI_ERROR_BIT | 5)
#define EFI_OUT_OF_RESOURCES	(EFI_ERROR_BIT | 9)
#define EFI_NOT_FOUND		(EFI_ERROR_BIT | 14)

#include "lib/types.h"

/* The name follows, and for EFIVAR_SET the data. */
struct efivar_request {
	u8 guid[EFIVAR_GUID_SIZE];
	u32 attributes, name_size;
	u64 size;			/* of the data, or room for it */
} __packed;

/*
 * EFIVAR_GET: size, attributes; then the data. EFIVAR_NEXT: size; then GUID and
 * name. EFIVAR_QUERY: storage, what remains of it, the largest variable.
 */
struct efivar_answer {
	u64 status;
	u64 value[3];
} __packed;

#endif
