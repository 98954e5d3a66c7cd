/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The parts of the SNP secrets page that are used here. The firmware's are in
 * the SNP ABI, the area of the OS is Linux' struct secrets_os_area, the SVSM's
 * fields are in its specification.
 */
#ifndef SNPSIM_SECRETS_H
#define SNPSIM_SECRETS_H

#define SECRETS_VERSION			3
#define SECRETS_VMPCK			0x20
#define SECRETS_GUEST_USAGE		0xe0
#define SECRETS_GUEST_USAGE_SIZE	32
#define SECRETS_SVSM_BASE		0x140
#define SECRETS_SVSM_SIZE		0x148
#define SECRETS_SVSM_CAA		0x150
#define SECRETS_SVSM_VERSION		0x158
#define SECRETS_SVSM_VMPL		0x15c

#endif
