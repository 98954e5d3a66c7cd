/* SPDX-License-Identifier: GPL-2.0 */
/* The attestation protocol: an operation in memory, its buffers, its answer. */
#ifndef SELFTEST_ATTEST_H
#define SELFTEST_ATTEST_H

#include "types.h"

#define ATTEST_SERVICES		0
#define ATTEST_SINGLE		1

struct attest_place {
	u64 gpa;
	u32 size;
	u32 reserved;
} __packed;

/* AMD 58019, tables 11 and 13; the nonce's size is 16 bits wide */
struct attest_op {
	struct attest_place report, nonce, manifest, certs;
	u8 guid[16];
	u32 version;
	u32 reserved;
} __packed;

static_assert(sizeof(struct attest_op) == 0x58, "attestation operation");

struct attest_answer {
	u64 result, manifest_size, certs_size, report_size;
};

extern const u8 guid_reboot[16], guid_manifest[16];

/* Makes a correct request for the reboot service, in the calling area. */
struct attest_op *attest_op(void);
struct attest_answer attest_call(u32 call);
u8 *attest_manifest(void);
u8 *attest_report(void);

#endif
