/* SPDX-License-Identifier: GPL-2.0-only */
/* The record that outlives a reset: versioned, checksummed, in three sizes */
#ifndef _SVSM_RESET_RECORD_CODEC_H
#define _SVSM_RESET_RECORD_CODEC_H

#include <linux/types.h>

#include "words.h"

#define SVR_RECORD_VERSION	3
/* Version 4 is written only for PCI devices that had not been stopped */
#define SVR_RECORD_VERSION_DEVICES	4
/* For a store with hardly any room: no message, one CPU */
#define SVR_RECORD_SMALL	16
/* The beginning of the message, some CPUs */
#define SVR_RECORD_MEDIUM	32
/* All of it */
#define SVR_RECORD_FULL		256
/* As much of a text as a full record holds */
#define SVR_RECORD_TEXT		64
/* A CPU that is not known */
#define SVR_RECORD_NO_CPU	(~0U)
/* CPUs of &svr_record.lost; the last bit is for that CPU and all above it */
#define SVR_RECORD_CPUS		512
/* As many PCI devices as a full record names */
#define SVR_RECORD_DEVICES	7

/**
 * enum svr_stage - how far that reset had come; values are stored
 * @SVR_STAGE_LOADED:   nothing is known of any reset
 * @SVR_STAGE_CALLED:   right before the call
 * @SVR_STAGE_REFUSED:  no call was made; the machine is reset by other means
 * @SVR_STAGE_CRASHED:  on the way to a crash kernel
 * @SVR_STAGE_RETURNED: the call came back with a result code
 * @SVR_STAGE_NOANSWER: the call was answered by nobody
 * @SVR_STAGE_ELSEWHERE: as CALLED, but found by another launch
 */
enum svr_stage {
	SVR_STAGE_LOADED	= 1,
	SVR_STAGE_CALLED	= 2,
	SVR_STAGE_REFUSED	= 3,
	SVR_STAGE_CRASHED	= 4,
	SVR_STAGE_RETURNED	= 5,
	SVR_STAGE_NOANSWER	= 6,
	SVR_STAGE_ELSEWHERE	= 7,
};

/**
 * struct svr_record - the record, decoded; 0 where its size has no room
 * @stage:   an &enum svr_stage
 * @hearsay: @loaded, and that load found it in a store that the host can forge
 * @loaded:  the module has been loaded since, in the boot that @boot names
 * @result:  @rax or @err is known
 * @cause:   an &enum svr_cause: what began the reset
 * @trigger: SVR_CAUSE_EMERGENCY: an &enum svr_trigger; SVR_TRIGGER_NONE else
 * @interrupted: SVR_CAUSE_KDUMP: the crash kernel did not make an orderly restart
 * @boot:    tag of the boot that wrote it, 0 when that has none
 * @cpu:     CPU on which the reset began, SVR_RECORD_NO_CPU if not known
 * @uptime:  seconds since that boot
 * @time:    wall time, seconds since 1970
 * @crashed: SVR_CAUSE_KDUMP: when the crash was, as @time; 0: not known, or @time
 * @tsc:     SVR_STAGE_CALLED: time stamp counter, rounded down
 * @rax:     SVR_STAGE_RETURNED: result code
 * @block:   SVR_STAGE_CRASHED: physical address of the crash block
 * @err:     SVR_STAGE_NOANSWER: a negative errno
 * @counts:  resets so far, by reason; SVR_REASON_UNKNOWN: of those whose reason
 *           is no longer known
 * @lost:    CPUs that had not been quiesced, bit n % 8 of byte n / 8
 * @devices: how many PCI devices had not been stopped, U16_MAX: or more; never in
 *           SVR_STAGE_LOADED and SVR_STAGE_CRASHED
 * @device:  the first of them, bus << 8 | devfn of domain 0; 0: not known
 * @kernel:  release of the kernel, printable
 * @message: message, printable; ends in SVR_CUT when there was more of it
 */
struct svr_record {
	u8 stage;
	bool loaded;
	bool hearsay;
	bool result;
	bool interrupted;
	u8 cause;
	u8 trigger;
	u16 boot;
	u32 cpu;
	u32 uptime;
	u64 time;
	u64 crashed;
	u64 tsc;
	u64 rax;
	u64 block;
	s32 err;
	u16 counts[SVR_NR_REASONS];
	u8 lost[SVR_RECORD_CPUS / 8];
	u16 devices;
	u16 device[SVR_RECORD_DEVICES];
	char kernel[SVR_RECORD_TEXT + 1];
	char message[SVR_RECORD_TEXT + 1];
};

/* record-codec.c: bytes */
void svr_record_encode(const struct svr_record *rec, u8 *raw, size_t size);
int svr_record_decode(const u8 *raw, size_t size, struct svr_record *rec);
void svr_record_add_lost(struct svr_record *rec, unsigned int cpu);
bool svr_record_lost(const struct svr_record *rec, unsigned int cpu);
void svr_record_add_device(struct svr_record *rec, u16 device);

unsigned int svr_record_resets(const struct svr_record *rec);

/* svr_record_rank() of a record of ours, damaged or not */
#define SVR_RANK_OURS		3

/* record-meaning.c: what a record means */
int svr_record_rank(int decoded);
bool svr_record_better(const struct svr_record *rec,
		       const struct svr_record *than);
enum svr_outcome svr_record_outcome(int decoded, const struct svr_record *rec,
				    u16 boot, bool same_launch, u64 tsc);
void svr_record_settle(struct svr_record *rec, enum svr_outcome outcome,
		       u16 boot);
enum svr_reason svr_cause_reason(enum svr_cause cause);
enum svr_reason svr_record_reason(const struct svr_record *rec,
				  enum svr_outcome outcome);
enum svr_dump svr_record_dump(const struct svr_record *rec);
u64 svr_record_crash_time(const struct svr_record *rec);
void svr_record_join(struct svr_record *rec, u16 boot, unsigned int resets);
void svr_record_count(struct svr_record *rec, enum svr_reason reason);

#endif /* _SVSM_RESET_RECORD_CODEC_H */
