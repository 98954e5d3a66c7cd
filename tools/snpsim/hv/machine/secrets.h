/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The parts of the SNP secrets page that the simulator uses. The SNP ABI defines the
 * firmware's fields, Linux the OS area (struct secrets_os_area), and the SVSM's
 * specification its own fields.
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
