/* SPDX-License-Identifier: GPL-2.0-only */
/* The record that outlives a reset: versioned, checksummed, in two sizes */
#ifndef _SVSM_RESET_RECORD_H
#define _SVSM_RESET_RECORD_H

#include <linux/types.h>

#include "words.h"

#define SVR_RECORD_VERSION	2
/* Where there is hardly any room: no message, one CPU */
#define SVR_RECORD_SMALL	16
/* All of it */
#define SVR_RECORD_LARGE	32
/* As much of the message as a large record holds */
#define SVR_RECORD_MESSAGE	12
/* A CPU that is not known */
#define SVR_RECORD_NO_CPU	0xff
/* Bit of &svr_record.lost for this CPU and all above it */
#define SVR_RECORD_LAST_LOST	31

/**
 * enum svr_stage - who wrote the record, and when; values are stored
 * @SVR_STAGE_LOADED:   at load; reason is the one of the previous reset
 * @SVR_STAGE_CALLED:   right before the call; reason is the one of this reset
 * @SVR_STAGE_RETURNED: the call came back; the machine is reset by other means
 * @SVR_STAGE_CRASHED:  on the way to a crash kernel
 */
enum svr_stage {
	SVR_STAGE_LOADED	= 1,
	SVR_STAGE_CALLED	= 2,
	SVR_STAGE_RETURNED	= 3,
	SVR_STAGE_CRASHED	= 4,
};

/**
 * struct svr_record - the record, decoded
 * @stage:   an &enum svr_stage
 * @reason:  an &enum svr_reason
 * @cpu:     CPU on which the reset began, SVR_RECORD_NO_CPU if not known
 * @count:   resets so far, modulo 65536; calls that came back are none
 * @boot:    tag of the boot that wrote it, 0 when that has none
 * @lost:    CPUs that had not been quiesced; in a small record, the first
 * @message: beginning of the message, printable; only in a large record
 * @block:   physical address of the crash block; instead of @message in a
 *           large record with SVR_STAGE_CRASHED
 */
struct svr_record {
	u8 stage;
	u8 reason;
	u8 cpu;
	u16 count;
	u32 boot;
	u32 lost;
	char message[SVR_RECORD_MESSAGE + 1];
	u64 block;
};

void svr_record_encode(const struct svr_record *rec, u8 *raw, size_t size);
int svr_record_decode(const u8 *raw, size_t size, struct svr_record *rec);
int svr_record_rank(int decoded);
enum svr_reason svr_record_reason(int decoded, const struct svr_record *rec,
				  u32 boot);

#endif /* _SVSM_RESET_RECORD_H */
