/* SPDX-License-Identifier: GPL-2.0 */
/* Messages to the PSP (AMD 56860, chapter 7): one request at a time */
#ifndef SELFTEST_PSP_H
#define SELFTEST_PSP_H

#include "types.h"

#define PSP_INVALID_PARAM	0x16
#define PSP_AEAD_OFLOW		0x1d
#define PSP_NOT_ASKED		(~0UL)	/* the host did not take the request */

#define PSP_REPORT_REQ		5
#define PSP_REPORT_RSP		6

struct psp_header {
	u8 authtag[32];
	u64 seqno;
	u8 reserved0[8];
	u8 algo, hdr_version;
	u16 hdr_size;
	u8 type, version;
	u16 size;
	u8 reserved1[4];
	u8 vmpck;
	u8 reserved2[35];
} __packed;

struct psp_msg {
	struct psp_header h;
	u8 payload[PAGE_SIZE - sizeof(struct psp_header)];
} __packed;

static_assert(sizeof(struct psp_header) == 0x60, "PSP message");

struct psp_report_req {
	u8 data[64];
	u32 vmpl;
	u8 reserved[28];
} __packed;

struct psp_report_rsp {
	u32 status, size;
	u8 reserved[24];
	u8 report[1184];
} __packed;

void psp_init(u64 secrets_page, u32 vmpl);	/* the VMPL's key in there */
u64 psp_seqno(void);			/* the next number, from the secrets page */
void psp_count(void);			/* count a request and its answer */
struct psp_msg *psp_report_msg(u32 vmpl);	/* a request for a report, ready to be sealed */
void psp_seal(void);			/* encrypt it, and put it into shared memory */
u64 psp_send(void);			/* send that; returns the firmware's status */
u64 psp_send_pages(u64 request, u64 response);
bool psp_open(void);			/* decrypt the answer */
struct psp_msg *psp_answer(void);
struct psp_msg *psp_in_transit(void);	/* the request as the host sees it */
u64 psp_extended(u64 certificates, u64 pages);

#endif
