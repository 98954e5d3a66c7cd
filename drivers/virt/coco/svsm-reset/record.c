// SPDX-License-Identifier: GPL-2.0-only
/*
 * Codec of the record that outlives a reset.
 *
 *   byte 0-1   'S' 'R'
 *        2     version, 1
 *        3     stage
 *        4     reason
 *        5     reserved, 0
 *        6-7   count, little endian
 *        8-11  boot tag, little endian
 *        12-15 CRC-32 (as in Ethernet) of bytes 0-11, little endian
 *
 * The checksum is against accidents: torn writes, other owners of the same
 * bytes, decay. Against the host it is no protection and is not meant to be.
 * Pure: kunit/record_kunit.c.
 */
#include <linux/crc32.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include <linux/unaligned.h>

#include "record.h"

#define SVR_RECORD_MAGIC	0x5253	/* "SR", little endian */
#define SVR_RECORD_CRC		12	/* offset of the checksum */

static const char * const svr_reason_names[SVR_NR_REASONS] = {
	[SVR_REASON_NONE]	= "none",
	[SVR_REASON_UNKNOWN]	= "unknown",
	[SVR_REASON_REBOOT]	= "reboot",
	[SVR_REASON_EMERGENCY]	= "emergency-restart",
	[SVR_REASON_PANIC]	= "panic",
	[SVR_REASON_KDUMP]	= "kdump",
	[SVR_REASON_REFUSED]	= "refused",
};

static u32 svr_record_crc(const u8 raw[SVR_RECORD_SIZE])
{
	return ~crc32_le(~0U, raw, SVR_RECORD_CRC);
}

/**
 * svr_record_encode - put a record into bytes
 * @rec: the record
 * @raw: where to, SVR_RECORD_SIZE bytes
 *
 * Context: any.
 */
void svr_record_encode(const struct svr_record *rec, u8 raw[SVR_RECORD_SIZE])
{
	put_unaligned_le16(SVR_RECORD_MAGIC, raw);
	raw[2] = SVR_RECORD_VERSION;
	raw[3] = rec->stage;
	raw[4] = rec->reason;
	raw[5] = 0;
	put_unaligned_le16(rec->count, raw + 6);
	put_unaligned_le32(rec->boot, raw + 8);
	put_unaligned_le32(svr_record_crc(raw), raw + SVR_RECORD_CRC);
}

/**
 * svr_record_decode - take a record out of bytes
 * @raw: SVR_RECORD_SIZE bytes, from whoever wrote them
 * @rec: the record, all zero unless 0 is returned
 *
 * Context: any.
 *
 * Return: 0 for a record; -ENODATA when nobody has ever written here (all
 * bytes 0x00 or all 0xff); -ENOMSG for something else's data; -EBADMSG for a
 * damaged record; -EPROTONOSUPPORT for one of another version; -EINVAL for
 * an intact one with values that no version 1 writer uses.
 */
int svr_record_decode(const u8 raw[SVR_RECORD_SIZE], struct svr_record *rec)
{
	memset(rec, 0, sizeof(*rec));

	if (!memchr_inv(raw, 0x00, SVR_RECORD_SIZE) ||
	    !memchr_inv(raw, 0xff, SVR_RECORD_SIZE))
		return -ENODATA;
	if (get_unaligned_le16(raw) != SVR_RECORD_MAGIC)
		return -ENOMSG;
	if (get_unaligned_le32(raw + SVR_RECORD_CRC) != svr_record_crc(raw))
		return -EBADMSG;
	if (raw[2] != SVR_RECORD_VERSION)
		return -EPROTONOSUPPORT;
	if (raw[3] < SVR_STAGE_LOADED || raw[3] > SVR_STAGE_RETURNED ||
	    raw[4] >= SVR_NR_REASONS || raw[5])
		return -EINVAL;

	rec->stage = raw[3];
	rec->reason = raw[4];
	rec->count = get_unaligned_le16(raw + 6);
	rec->boot = get_unaligned_le32(raw + 8);
	return 0;
}

/**
 * svr_record_reason - why was the machine reset, going by the record?
 * @decoded: what svr_record_decode() returned
 * @rec:     the record
 * @boot:    tag of this boot, 0 when it has none
 *
 * Only a record that was written right before the call names a reason. One
 * that was left by a load of the module says that the machine came up again
 * without our doing, unless this very boot wrote it: then the module was
 * unloaded and loaded again, and the reason is still the one found first.
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
	if (rec->stage == SVR_STAGE_LOADED && boot && rec->boot == boot)
		return rec->reason;
	if (rec->stage == SVR_STAGE_CALLED && rec->reason != SVR_REASON_NONE)
		return rec->reason;
	return SVR_REASON_UNKNOWN;
}

/**
 * svr_reason_name - name of a reason
 * @reason: the reason
 *
 * Context: any.
 *
 * Return: its name as in sysfs, never NULL.
 */
const char *svr_reason_name(enum svr_reason reason)
{
	if ((unsigned int)reason >= SVR_NR_REASONS)
		return svr_reason_names[SVR_REASON_UNKNOWN];
	return svr_reason_names[reason];
}
