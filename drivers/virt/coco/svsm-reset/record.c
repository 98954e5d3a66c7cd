// SPDX-License-Identifier: GPL-2.0-only
/*
 * Codec of the record that outlives a reset.
 *
 *   byte 0-1   'S' 'R'
 *        2     version, 2
 *        3     stage in bits 7-4, reason in bits 3-0
 *        4     CPU on which the reset began, 0xff: not known
 *        5     first CPU that had not been quiesced, 0xff: none
 *        6-7   count
 *        8-11  boot tag
 *        12-15 CPUs that had not been quiesced, bit 31: CPU 31 or above
 *        16-27 beginning of the message, or 16-23 physical address of the
 *              crash block
 *        last 4  CRC-32 (as in Ethernet) of all before it
 *
 * Numbers are little endian. A small record has no bytes 12 to 27.
 *
 * The checksum is against accidents: torn writes, other owners of the same
 * bytes, decay. Against the host it is no protection and is not meant to be.
 * Pure: kunit/record_kunit.c.
 */
#include <linux/bitops.h>
#include <linux/bits.h>
#include <linux/crc32.h>
#include <linux/ctype.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include <linux/unaligned.h>

#include "record.h"

#define SVR_RECORD_MAGIC	0x5253	/* "SR", little endian */
#define SVR_RECORD_NONE_LOST	0xff
/* Offsets of what only a large record has */
#define SVR_RECORD_LOST		12
#define SVR_RECORD_TEXT		16

static size_t svr_record_crc_at(size_t size)
{
	return size - sizeof(u32);
}

static u32 svr_record_crc(const u8 *raw, size_t size)
{
	return ~crc32_le(~0U, raw, svr_record_crc_at(size));
}

/**
 * svr_record_encode - put a record into bytes
 * @rec:  the record
 * @raw:  where to
 * @size: SVR_RECORD_SMALL or SVR_RECORD_LARGE
 *
 * Context: any.
 */
void svr_record_encode(const struct svr_record *rec, u8 *raw, size_t size)
{
	memset(raw, 0, size);
	put_unaligned_le16(SVR_RECORD_MAGIC, raw);
	raw[2] = SVR_RECORD_VERSION;
	raw[3] = rec->stage << 4 | rec->reason;
	raw[4] = rec->cpu;
	raw[5] = rec->lost ? __ffs(rec->lost) : SVR_RECORD_NONE_LOST;
	put_unaligned_le16(rec->count, raw + 6);
	put_unaligned_le32(rec->boot, raw + 8);
	if (size >= SVR_RECORD_LARGE) {
		put_unaligned_le32(rec->lost, raw + SVR_RECORD_LOST);
		if (rec->stage == SVR_STAGE_CRASHED)
			put_unaligned_le64(rec->block, raw + SVR_RECORD_TEXT);
		else
			memcpy(raw + SVR_RECORD_TEXT, rec->message,
			       strnlen(rec->message, SVR_RECORD_MESSAGE));
	}
	put_unaligned_le32(svr_record_crc(raw, size),
			   raw + svr_record_crc_at(size));
}

/* Whoever wrote it: what people get to see is printable */
static void svr_record_text(const u8 *text, char *message)
{
	int i;

	for (i = 0; i < SVR_RECORD_MESSAGE && text[i]; i++)
		message[i] = isascii(text[i]) && isprint(text[i]) ? text[i] : '?';
}

/**
 * svr_record_decode - take a record out of bytes
 * @raw:  the bytes, from whoever wrote them
 * @size: SVR_RECORD_SMALL or SVR_RECORD_LARGE
 * @rec:  the record, all zero unless 0 is returned
 *
 * Context: any.
 *
 * Return: 0 for a record; -ENODATA when nobody has ever written here (all
 * bytes 0x00 or all 0xff); -ENOMSG for something else's data; -EBADMSG for a
 * damaged record; -EPROTONOSUPPORT for one of another version; -EINVAL for
 * an intact one with values that no writer of this version uses, or for a
 * @size that there is not.
 */
int svr_record_decode(const u8 *raw, size_t size, struct svr_record *rec)
{
	u8 stage = raw[3] >> 4, reason = raw[3] & 0xf;

	memset(rec, 0, sizeof(*rec));

	if (size != SVR_RECORD_SMALL && size != SVR_RECORD_LARGE)
		return -EINVAL;
	if (!memchr_inv(raw, 0x00, size) || !memchr_inv(raw, 0xff, size))
		return -ENODATA;
	if (get_unaligned_le16(raw) != SVR_RECORD_MAGIC)
		return -ENOMSG;
	if (get_unaligned_le32(raw + svr_record_crc_at(size)) !=
	    svr_record_crc(raw, size))
		return -EBADMSG;
	if (raw[2] != SVR_RECORD_VERSION)
		return -EPROTONOSUPPORT;
	if (stage < SVR_STAGE_LOADED || stage > SVR_STAGE_CRASHED ||
	    reason >= SVR_NR_REASONS)
		return -EINVAL;
	if (raw[5] != SVR_RECORD_NONE_LOST && raw[5] > SVR_RECORD_LAST_LOST)
		return -EINVAL;

	rec->stage = stage;
	rec->reason = reason;
	rec->cpu = raw[4];
	rec->count = get_unaligned_le16(raw + 6);
	rec->boot = get_unaligned_le32(raw + 8);
	if (size < SVR_RECORD_LARGE) {
		rec->lost = raw[5] == SVR_RECORD_NONE_LOST ? 0 : BIT(raw[5]);
		return 0;
	}
	rec->lost = get_unaligned_le32(raw + SVR_RECORD_LOST);
	if (stage == SVR_STAGE_CRASHED)
		rec->block = get_unaligned_le64(raw + SVR_RECORD_TEXT);
	else
		svr_record_text(raw + SVR_RECORD_TEXT, rec->message);
	return 0;
}

/**
 * svr_record_rank - whose answer counts, of several stores'?
 * @decoded: what svr_record_decode() returned
 *
 * A record that has been damaged still was the one: what another store has may
 * be older. Somebody else's bytes say nothing about ours, but an empty
 * store next to them does not prove that there never was a record.
 * Context: any.
 *
 * Return: a number, larger for an answer that goes before another.
 */
int svr_record_rank(int decoded)
{
	switch (decoded) {
	case -ENODATA:
		return 0;
	case -ENOMSG:
	case -EPROTONOSUPPORT:
		return 1;
	default:
		return 2;
	}
}

/**
 * svr_record_reason - why was the machine reset, going by the record?
 * @decoded: what svr_record_decode() returned
 * @rec:     the record
 * @boot:    tag of this boot, 0 when it has none
 *
 * Only a record that was written right before the call, or on the way to a
 * crash kernel, names a reason. One that was left by a load of the module says
 * that the machine came up again without our doing, unless this very boot wrote
 * it: then the module was unloaded and loaded again, and the reason is still
 * the one found first.
 * Context: any.
 *
 * Return: the reason; SVR_REASON_UNKNOWN rather than a wrong one.
 */
enum svr_reason svr_record_reason(int decoded, const struct svr_record *rec,
				  u32 boot)
{
	if (decoded == -ENODATA)
		return SVR_REASON_NONE;
	if (decoded)
		return SVR_REASON_UNKNOWN;

	switch (rec->stage) {
	case SVR_STAGE_LOADED:
		if (boot && rec->boot == boot)
			return rec->reason;
		return SVR_REASON_UNKNOWN;
	case SVR_STAGE_CALLED:
	case SVR_STAGE_CRASHED:
		if (rec->reason != SVR_REASON_NONE)
			return rec->reason;
		return SVR_REASON_UNKNOWN;
	case SVR_STAGE_RETURNED:
		return SVR_REASON_REFUSED;
	default:
		return SVR_REASON_UNKNOWN;
	}
}
