/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The firmware of the PSP (AMD 56860): what it keeps of the guest, and what it
 * answers to the guest's messages. It knows nothing of resets by an SVSM.
 */
#ifndef SNPSIM_PSP_H
#define SNPSIM_PSP_H

#include "lib/types.h"

/* Status codes (AMD 56860, table "Status codes"). */
#define PSP_SUCCESS		0x00
#define PSP_INVALID_PARAM	0x16
#define PSP_AEAD_OFLOW		0x1d

#define PSP_VMPCKS		4
#define PSP_KEY_SIZE		32
#define PSP_REPORT_SIZE		1184	/* table ATTESTATION_REPORT */
#define PSP_REPORT_DATA_SIZE	64

#define PSP_MSG_REPORT_REQ	5
#define PSP_MSG_TYPE		0x34	/* offset in a message */

/* context.c: keys and message counts of the guest, made at the launch of a VM */
void psp_launch(void);
const u8 *psp_key(u32 vmpck);
bool psp_count_next(u32 vmpck, u64 seqno);
u64 psp_count_answer(u32 vmpck);
/* request.c: one message from a CPU, a page each way; the answer is written only on success */
u32 psp_guest_request(u32 cpu, const u8 *request, u8 *response);
/* report.c */
void psp_report(u8 *report, const u8 *data, u32 vmpl);

#endif
