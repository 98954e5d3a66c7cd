/* SPDX-License-Identifier: GPL-2.0 */
/* What the EFI runtime code in the guest and its loader share. */
#ifndef SNPSIM_RUNTIME_H
#define SNPSIM_RUNTIME_H

#include "lib/layout.h"
#include "lib/types.h"

#define EFI_RUNTIME		(GUEST_EFI_PAGE + 0x300)
#define EFI_MEMORY_DESC_VERSION	1
#define N_RUNTIME_SERVICES	14

struct efi_table_header {
	u64 signature;
	u32 revision, size, crc, rsvd;
} __packed;

struct efi_runtime_table {
	struct efi_table_header hdr;
	u64 service[N_RUNTIME_SERVICES];
} __packed;

struct efi_memory_desc {
	u32 type, pad;
	u64 phys, virt, pages, attr;
} __packed;

/* The code, as the hypervisor carries it (launch/efi_runtime.S). */
extern const u8 efi_runtime_code[], efi_runtime_code_end[];

#endif
