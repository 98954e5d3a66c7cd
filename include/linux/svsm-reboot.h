/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The Reboot protocol of a Secure VM Service Module (SVSM), as drafted for
 * "Secure VM Service Module for SEV-SNP Guests" (AMD 58019), v1.01 draft 3.
 *
 * A draft: the protocol number is contested, see
 * Documentation/virt/coco/svsm-reset-protocol.rst.
 */
#ifndef _LINUX_SVSM_REBOOT_H
#define _LINUX_SVSM_REBOOT_H

#include <linux/bits.h>
#include <linux/types.h>
#include <linux/uuid.h>

/* Protocols of AMD 58019 that are somebody else's: 0 core ... 4 UEFI MM */
#define SVSM_REBOOT_PROTOCOL_MIN	5
/* The number that the draft gives to the reboot protocol */
#define SVSM_REBOOT_PROTOCOL_DEFAULT	5
/* The only version that there is */
#define SVSM_REBOOT_VERSION		1

/* RAX of every call: protocol in [63:32], call in [31:0] */
#define SVSM_REBOOT_RAX(proto, call)	(((u64)(proto) << 32) | (u32)(call))

/* Core protocol (0), version 1: RCX in = protocol << 32 | version */
#define SVSM_REBOOT_CORE_PROTOCOL	0
#define SVSM_REBOOT_CORE_VERSION	1
#define SVSM_REBOOT_CORE_DELETE_VCPU	3
#define SVSM_REBOOT_CORE_QUERY_PROTOCOL	6

/* Reboot protocol, call 0: RCX = flags (all reserved, must be 0) */
#define SVSM_REBOOT_EXECUTE		0

/* Result codes in RAX, "Result Codes" of the calling convention */
#define SVSM_RESULT_SUCCESS			0x00000000
#define SVSM_RESULT_INCOMPLETE			0x80000000
#define SVSM_RESULT_UNSUPPORTED_PROTOCOL	0x80000001
#define SVSM_RESULT_UNSUPPORTED_CALL		0x80000002
#define SVSM_RESULT_INVALID_ADDRESS		0x80000003
#define SVSM_RESULT_INVALID_FORMAT		0x80000004
#define SVSM_RESULT_INVALID_PARAMETER		0x80000005
#define SVSM_RESULT_INVALID_REQUEST		0x80000006
#define SVSM_RESULT_BUSY			0x80000007
#define SVSM_RESULT_PROTOCOL_BASE		0x80001000
/* Core protocol, DELETE_VCPU: a processor executes that VMSA */
#define SVSM_RESULT_CORE_VCPU_IN_USE		0x80001003

/* Attestation of the service: 0cc20f93-afaa-4013-9fb6-9d16fc42ceae */
#define SVSM_REBOOT_SERVICE_GUID					\
	GUID_INIT(0x0cc20f93, 0xafaa, 0x4013,				\
		  0x9f, 0xb6, 0x9d, 0x16, 0xfc, 0x42, 0xce, 0xae)

/**
 * struct svsm_reboot_manifest - service manifest of the reboot service
 * @version: 0 is the only one defined
 * @flags:   all reserved, 0
 */
struct svsm_reboot_manifest {
	__le32 version;
	__le32 flags;
} __packed;

#define SVSM_REBOOT_MANIFEST_VERSION	0

#endif /* _LINUX_SVSM_REBOOT_H */
