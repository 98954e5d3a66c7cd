/* SPDX-License-Identifier: GPL-2.0-only */
/* What outlives the reset: the record, where it is kept, and what it says */
#ifndef _SVSM_RESET_RECORD_H
#define _SVSM_RESET_RECORD_H

#include <linux/cpumask.h>
#include <linux/types.h>

#include "lib/request.h"
#include "lib/record-codec.h"
#include "lib/words.h"

struct svr_result;

/**
 * struct svr_store - a place for a record that outlives a reset
 * @name:       as in sysfs, in the log and in the parameter "record"
 * @size:       SVR_RECORD_SMALL, SVR_RECORD_MEDIUM or SVR_RECORD_FULL
 * @trust:      how far it can be trusted
 * @one_launch: nothing in it outlives the virtual machine: a record that is
 *              found there has been written since the launch
 * @memory:     @write only writes to memory; nothing else may be done on the way to a crash
 *              kernel
 * @on_request: not one of those that record=auto means
 * @shared:     others may have a use for it: while it is blank, a load leaves it alone, and
 *              only the record of a reset claims it
 * @in_place:   writing what it already has loses nothing, wherever that is cut short
 * @init:       optional: may it be used? Process context, may sleep; 0, or a
 *              negative errno, then nothing else is called
 * @exit:       optional: undo @init; process context, may sleep
 * @read:       fill all of @raw, with zeros if nothing has been written yet;
 *              process context, may sleep; 0 or a negative errno
 * @write:      write all of @raw; any context, NMI included: allocates nothing,
 *              does not sleep, only tries locks; 0 or a negative errno. Also
 *              called in process context, at load
 *
 * A store is one line in svr_stores[] of store.c, which is in the order in which they are
 * asked and written.
 */
struct svr_store {
	const char *name;
	size_t size;
	enum svr_trust trust;
	bool one_launch;
	bool memory;
	bool on_request;
	bool shared;
	bool in_place;
	int (*init)(void);
	void (*exit)(void);
	int (*read)(u8 *raw);
	int (*write)(const u8 *raw);
};

extern const struct svr_store svr_store_secrets;
extern const struct svr_store svr_store_cmos;
extern const struct svr_store svr_store_efi;

/* store-cmos.c: its two ports are those of the real-time clock */
typedef int (*svr_rtc_job_t)(const u8 *raw);
int svr_rtc_try(svr_rtc_job_t job, const u8 *raw);

/* store.c: all of them */
int svr_stores_choose(const char *which);
ssize_t svr_stores_chosen(char *buf);
void svr_stores_open(void);
void svr_stores_close(void);
int svr_stores_read(struct svr_record *rec, const struct svr_store **from);
void svr_stores_mark(const struct svr_record *rec);
size_t svr_stores_write(const struct svr_record *rec, bool memory_only);
void svr_stores_write_ahead(const struct svr_record *rec);
void svr_stores_preview(const struct svr_record *rec, struct svr_record *shown);
bool svr_stores_keep(u16 boot);
bool svr_stores_wanted(void);
enum svr_check svr_stores_rehearse(u16 boot, int (*may)(void), char *text, size_t size);

/**
 * struct svr_last_reset - what is known of the last reset
 * @record:  what the record says, settled; it may be forged
 * @outcome: what became of it
 * @reason:  why the machine was reset
 * @store:   where the record was found, NULL without one
 */
struct svr_last_reset {
	struct svr_record record;
	enum svr_outcome outcome;
	enum svr_reason reason;
	const struct svr_store *store;
};

/* Wall time, or "unknown" */
#define SVR_TIME_TEXT		32

/* last-reset.c: what is known of the last reset */
void svr_last_reset_load(void);
void svr_last_reset_mark(void);
void svr_last_reset_report(void);
const struct svr_last_reset *svr_last_reset(void);
u16 svr_boot_tag(void);
u64 svr_last_reset_crash_block(void);
enum svr_trust svr_last_reset_trust(void);
const char *svr_last_reset_store(void);
enum svr_dump svr_last_reset_dump(void);
void svr_time_text(u64 time, char *text, size_t size);

/* write.c: the record of this one */
void svr_write_ahead(const struct svr_request *req, const struct cpumask *lost);
bool svr_write_call(const struct svr_request *req, const struct cpumask *lost);
void svr_write_refusal(const struct svr_request *req, const struct cpumask *lost,
		       const struct svr_result *result);
bool svr_write_crash(const struct svr_request *req, u64 block);
void svr_write_preview(const char *message, char *shown, size_t size);

/* measure.c: for a verifier */
void svr_measure(void);

#endif /* _SVSM_RESET_RECORD_H */
