// SPDX-License-Identifier: GPL-2.0-only
/*
 * Codec of the record that outlives a reset, in three sizes, for stores with more or less
 * room. Numbers are little endian.
 *
 * All of them:
 *   byte 0-1   'S' 'R'
 *        2     version, 3; 4: PCI devices had not been stopped
 *        3     bit 7: loaded since; bits 6-4: stage; bit 3: hearsay;
 *              bits 2-0: cause; 7: kdump, and the dump was interrupted; of an
 *              emergency restart 6: sysrq-b, 1: the deadman, 0: the kernel, 3: not
 *              known who, as older drivers wrote it
 *        4     CPU on which the reset began, 0xff: not known, or above
 *        5     first CPU that had not been quiesced, 254: 254 or above,
 *              0xff: none
 *        6-7   boot tag
 *        last 4  CRC-32 (as in Ethernet) of all before it
 *
 * Small, 16 bytes:
 *        8-9   resets so far
 *        10-11 TSC >> 31, 0xffff: or above
 *
 * Medium, 32 bytes:
 *        8-11  wall time, 0: not known
 *        12-16 resets so far by reason, one byte each, 255: or above
 *        17-27 what the stage has to say:
 *              RETURNED  result code (8), lost CPUs (3); all ones: not known
 *              NOANSWER  errno (4), lost CPUs (3), message (4); 0: not known
 *              REFUSED   lost CPUs (3), message (8)
 *              CRASHED   address of the crash block (8)
 *              others    message (11); of a kdump message (9), and seconds from the
 *                        crash to the reset (2), all ones: not known, or more
 *              The message is as in message-codec.c. Older drivers wrote no seconds, and
 *              the message in ASCII, which it begins with then.
 *              Bit 23 of the lost CPUs is for CPU 23 and all above it.
 *        In version 4 there are, before the message, which is shorter:
 *              how many devices (1), 255: or above; the first one (2)
 *              NOANSWER has no message then; RETURNED has no room for that
 *
 * Full, 256 bytes:
 *        8-15  wall time, 0: not known
 *        16-23 TSC
 *        24-31 result code, errno or address of the crash block, by stage
 *        32-35 uptime, 0: not known
 *        36-39 CPU on which the reset began, all ones: not known
 *        40-55 resets so far, two bytes for each reason, by its number
 *        56-119 release of the kernel
 *        120-183 message
 *        184-247 lost CPUs; bit 511: CPU 511 or above
 *        248-251 of a kdump, when the crash was; 0: not known
 *        In version 4 the release of the kernel is 48 bytes, and then there are:
 *        104-105 how many devices, 0xffff: or above
 *        106-119 the first seven, two bytes each
 *
 * A device is bus << 8 | devfn, in PCI's domain 0; 0: not known. Where there is no room for
 * devices, version 4 itself says that there was at least one. No driver up to 0.1.0 reads it.
 *
 * The checksum is against accidents: torn writes, other owners of the same bytes, decay. It
 * is no protection against the host, and is not meant as one.
 * Pure: kunit/record_codec_kunit.c, tools/testing/fuzz.
 */
#include <linux/bitops.h>
#include <linux/bits.h>
#include <linux/crc32.h>
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/limits.h>
#include <linux/minmax.h>
#include <linux/string.h>
#include <linux/unaligned.h>

#include "message-codec.h"
#include "record-codec.h"
#include "text.h"

#define SVR_RECORD_MAGIC	0x5253	/* "SR", little endian */
#define SVR_LOADED_BIT		0x8	/* of the upper half of byte 3 */
#define SVR_HEARSAY_BIT		0x8	/* of the lower half */
/* The other bits: an &enum svr_cause, or one of these */
#define SVR_STORED_INTERRUPTED	7	/* SVR_CAUSE_KDUMP, interrupted */
#define SVR_STORED_SYSRQ		6	/* SVR_CAUSE_EMERGENCY, by its trigger */
#define SVR_STORED_DEADMAN	1
#define SVR_STORED_KERNEL	0
#define SVR_FIRST_NONE		0xff	/* of byte 5 */
#define SVR_FIRST_LAST		254
#define SVR_CPU_NONE		0xff	/* of byte 4 */
#define SVR_SMALL_TSC_SHIFT	31
#define SVR_MEDIUM_LOST_LAST	23
/* The call came back, but its result code is not known: the store had no room for it */
#define SVR_NO_RESULT		U64_MAX
/* The end of the year 9999: beyond it nothing prints it in four digits */
#define SVR_TIME_MAX		253402300799ULL
/* A higher number than any CPU of the kernel has */
#define SVR_CPU_MAX		0xffff
/* The first of a medium record's counts, one byte each */
#define SVR_FIRST_COUNTED	SVR_REASON_REBOOT

/* Offsets */
#define SVR_SMALL_COUNT		8
#define SVR_SMALL_TSC		10
#define SVR_MEDIUM_TIME		8
#define SVR_MEDIUM_COUNTS	12
#define SVR_MEDIUM_RESULT	17
#define SVR_MEDIUM_DUMP		26
#define SVR_MEDIUM_END		28
/* Seconds that a dump took, in two bytes */
#define SVR_DUMP_NOT_KNOWN	U16_MAX
#define SVR_FULL_TIME		8
#define SVR_FULL_TSC		16
#define SVR_FULL_RESULT		24
#define SVR_FULL_UPTIME		32
#define SVR_FULL_CPU		36
#define SVR_FULL_COUNTS		40
#define SVR_FULL_KERNEL		56
/* In version 4 */
#define SVR_FULL_DEVICES	104
#define SVR_FULL_DEVICE		106
#define SVR_FULL_MESSAGE	120
#define SVR_FULL_LOST		184
#define SVR_FULL_CRASHED	248

/*
 * Offsets in a medium record, by stage. @lost is 0 where only byte 5 has a lost CPU.
 * Version 4 has @devices (0: no room for them), and its message begins at @rest.
 */
static const struct {
	u8 lost;
	u8 message;
	u8 devices;
	u8 rest;
} svr_medium[] = {
	[SVR_STAGE_LOADED]	= { 0, 17, 0, 17 },
	[SVR_STAGE_CALLED]	= { 0, 17, 17, 20 },
	[SVR_STAGE_REFUSED]	= { 17, 20, 20, 23 },
	[SVR_STAGE_CRASHED]	= { 0, SVR_MEDIUM_END, 0, SVR_MEDIUM_END },
	[SVR_STAGE_RETURNED]	= { 25, SVR_MEDIUM_END, 0, SVR_MEDIUM_END },
	[SVR_STAGE_NOANSWER]	= { 21, 24, 24, SVR_MEDIUM_END },
	[SVR_STAGE_ELSEWHERE]	= { 0, 17, 17, 20 },
};

static size_t svr_record_crc_at(size_t size)
{
	return size - sizeof(u32);
}

static u32 svr_record_crc(const u8 *raw, size_t size)
{
	return ~crc32_le(~0U, raw, svr_record_crc_at(size));
}

/**
 * svr_record_add_lost - one more CPU that has not been quiesced
 * @rec: the record
 * @cpu: the CPU
 *
 * Context: any.
 */
void svr_record_add_lost(struct svr_record *rec, unsigned int cpu)
{
	cpu = min_t(unsigned int, cpu, SVR_RECORD_CPUS - 1);
	rec->lost[cpu / 8] |= BIT(cpu % 8);
}

/**
 * svr_record_lost - is this one of the CPUs that had not been quiesced?
 * @rec: the record
 * @cpu: the CPU
 *
 * Context: any.
 *
 * Return: true when it is.
 */
bool svr_record_lost(const struct svr_record *rec, unsigned int cpu)
{
	return cpu < SVR_RECORD_CPUS && rec->lost[cpu / 8] & BIT(cpu % 8);
}

/**
 * svr_record_add_device - one more PCI device that has not been stopped
 * @rec:    the record
 * @device: bus << 8 | devfn, 0: not known which
 *
 * Context: any.
 */
void svr_record_add_device(struct svr_record *rec, u16 device)
{
	if (rec->devices < SVR_RECORD_DEVICES)
		rec->device[rec->devices] = device;
	if (rec->devices < U16_MAX)
		rec->devices++;
}

/* Only a reset stops devices, so these stages have none */
static bool svr_stage_has_devices(u8 stage)
{
	return stage != SVR_STAGE_LOADED && stage != SVR_STAGE_CRASHED;
}

static bool svr_record_has_devices(const struct svr_record *rec)
{
	return rec->devices && svr_stage_has_devices(rec->stage);
}

/**
 * svr_record_resets - resets so far, for any reason
 * @rec: the record
 *
 * Context: any.
 *
 * Return: how many; those that were refused do not count.
 */
unsigned int svr_record_resets(const struct svr_record *rec)
{
	unsigned int i, count = 0;

	for (i = SVR_REASON_UNKNOWN; i < SVR_REASON_REFUSED; i++)
		count += rec->counts[i];
	return count;
}

static u8 svr_record_first_lost(const struct svr_record *rec)
{
	unsigned int cpu;

	for (cpu = 0; cpu < SVR_RECORD_CPUS; cpu++)
		if (svr_record_lost(rec, cpu))
			return min_t(unsigned int, cpu, SVR_FIRST_LAST);
	return SVR_FIRST_NONE;
}

static void svr_put_text(u8 *raw, size_t size, const char *text)
{
	memcpy(raw, text, strnlen(text, size));
}

static void svr_get_text(const u8 *raw, size_t size, char *text)
{
	size_t i;

	for (i = 0; i < size && raw[i]; i++)
		text[i] = svr_printable(raw[i]);
	text[i] = 0;
}

static void svr_put_result(const struct svr_record *rec, u8 *raw)
{
	switch (rec->stage) {
	case SVR_STAGE_RETURNED:
		put_unaligned_le64(rec->result ? rec->rax : SVR_NO_RESULT, raw);
		break;
	case SVR_STAGE_NOANSWER:
		put_unaligned_le32(rec->err, raw);
		break;
	case SVR_STAGE_CRASHED:
		put_unaligned_le64(rec->block, raw);
		break;
	default:
		break;
	}
}

static int svr_get_result(const u8 *raw, struct svr_record *rec)
{
	switch (rec->stage) {
	case SVR_STAGE_RETURNED:
		rec->rax = get_unaligned_le64(raw);
		rec->result = rec->rax != SVR_NO_RESULT;
		if (!rec->result)
			rec->rax = 0;
		return 0;
	case SVR_STAGE_NOANSWER:
		rec->err = get_unaligned_le32(raw);
		rec->result = rec->err;
		return rec->err <= 0 && rec->err >= -MAX_ERRNO ? 0 : -EINVAL;
	case SVR_STAGE_CRASHED:
		rec->block = get_unaligned_le64(raw);
		return 0;
	default:
		return 0;
	}
}

static void svr_encode_small(const struct svr_record *rec, u8 *raw)
{
	u64 tsc = min_t(u64, rec->tsc >> SVR_SMALL_TSC_SHIFT, U16_MAX);

	put_unaligned_le16(min_t(unsigned int, svr_record_resets(rec), U16_MAX),
			   raw + SVR_SMALL_COUNT);
	put_unaligned_le16(tsc, raw + SVR_SMALL_TSC);
}

static int svr_decode_small(const u8 *raw, struct svr_record *rec)
{
	rec->counts[SVR_REASON_UNKNOWN] =
		get_unaligned_le16(raw + SVR_SMALL_COUNT);
	rec->tsc = (u64)get_unaligned_le16(raw + SVR_SMALL_TSC) <<
		   SVR_SMALL_TSC_SHIFT;
	return 0;
}

static u32 svr_medium_lost(const struct svr_record *rec)
{
	u32 bits = 0;
	unsigned int cpu;

	for (cpu = 0; cpu < SVR_RECORD_CPUS; cpu++)
		if (svr_record_lost(rec, cpu))
			bits |= BIT(min_t(unsigned int, cpu,
					  SVR_MEDIUM_LOST_LAST));
	return bits;
}

/* After a kdump, a record with a message in its usual place has the dump's seconds */
static bool svr_medium_has_dump(const struct svr_record *rec)
{
	return rec->cause == SVR_CAUSE_KDUMP &&
	       svr_medium[rec->stage].message == SVR_MEDIUM_RESULT;
}

static u16 svr_dump_seconds(const struct svr_record *rec)
{
	if (!rec->crashed || rec->time < rec->crashed)
		return SVR_DUMP_NOT_KNOWN;
	return min_t(u64, rec->time - rec->crashed, SVR_DUMP_NOT_KNOWN);
}

static u8 svr_medium_message(const struct svr_record *rec)
{
	return svr_record_has_devices(rec) ? svr_medium[rec->stage].rest :
					     svr_medium[rec->stage].message;
}

static void svr_medium_put_devices(const struct svr_record *rec, u8 *raw)
{
	u8 at = svr_medium[rec->stage].devices;

	if (!at || !svr_record_has_devices(rec))
		return;
	raw[at] = min_t(u16, rec->devices, U8_MAX);
	put_unaligned_le16(rec->device[0], raw + at + 1);
}

static int svr_medium_get_devices(const u8 *raw, struct svr_record *rec)
{
	u8 at = svr_medium[rec->stage].devices;

	if (!at || !svr_record_has_devices(rec))
		return 0;
	rec->devices = raw[at];
	rec->device[0] = get_unaligned_le16(raw + at + 1);
	return rec->devices ? 0 : -EINVAL;
}

static void svr_medium_put_message(const struct svr_record *rec, u8 *raw)
{
	u8 text = svr_medium_message(rec);
	bool dump = svr_medium_has_dump(rec);
	u8 end = dump ? SVR_MEDIUM_DUMP : SVR_MEDIUM_END;

	if (text == end)
		return;
	svr_message_put(raw + text, end - text, rec->message, dump);
	if (dump)
		put_unaligned_le16(svr_dump_seconds(rec), raw + SVR_MEDIUM_DUMP);
}

static void svr_medium_get_message(const u8 *raw, struct svr_record *rec)
{
	u8 text = svr_medium_message(rec);
	u8 end = SVR_MEDIUM_END;
	u16 seconds;

	if (text == end)
		return;
	if (svr_medium_has_dump(rec) && svr_message_packed(raw + text)) {
		end = SVR_MEDIUM_DUMP;
		seconds = get_unaligned_le16(raw + SVR_MEDIUM_DUMP);
		if (seconds != SVR_DUMP_NOT_KNOWN && seconds < rec->time)
			rec->crashed = rec->time - seconds;
	}
	svr_message_get(raw + text, end - text, rec->message,
			sizeof(rec->message));
}

static void svr_encode_medium(const struct svr_record *rec, u8 *raw)
{
	u8 lost = svr_medium[rec->stage].lost;
	unsigned int i;

	put_unaligned_le32(rec->time <= U32_MAX ? rec->time : 0,
			   raw + SVR_MEDIUM_TIME);
	for (i = SVR_FIRST_COUNTED; i < SVR_NR_REASONS; i++)
		raw[SVR_MEDIUM_COUNTS + i - SVR_FIRST_COUNTED] =
			min_t(u16, rec->counts[i], U8_MAX);
	svr_put_result(rec, raw + SVR_MEDIUM_RESULT);
	if (lost)
		put_unaligned_le24(svr_medium_lost(rec), raw + lost);
	svr_medium_put_devices(rec, raw);
	svr_medium_put_message(rec, raw);
}

static bool svr_medium_first_valid(u32 bits, u8 first)
{
	if (!bits)
		return first == SVR_FIRST_NONE;
	if (bits == BIT(SVR_MEDIUM_LOST_LAST))
		return first >= SVR_MEDIUM_LOST_LAST && first != SVR_FIRST_NONE;
	return first == ffs(bits) - 1;
}

static int svr_decode_medium(const u8 *raw, struct svr_record *rec)
{
	u8 lost = svr_medium[rec->stage].lost;
	u32 bits = lost ? get_unaligned_le24(raw + lost) : 0;
	unsigned int i;

	rec->time = get_unaligned_le32(raw + SVR_MEDIUM_TIME);
	for (i = SVR_FIRST_COUNTED; i < SVR_NR_REASONS; i++)
		rec->counts[i] = raw[SVR_MEDIUM_COUNTS + i - SVR_FIRST_COUNTED];
	/* Byte 5 has the first lost CPU, and more exactly than bit 23 */
	if (lost && !svr_medium_first_valid(bits, raw[5]))
		return -EINVAL;
	if (bits == BIT(SVR_MEDIUM_LOST_LAST))
		bits = 0;
	for (i = 0; i <= SVR_MEDIUM_LOST_LAST; i++)
		if (bits & BIT(i))
			svr_record_add_lost(rec, i);
	if (svr_medium_get_devices(raw, rec))
		return -EINVAL;
	svr_medium_get_message(raw, rec);
	return svr_get_result(raw + SVR_MEDIUM_RESULT, rec);
}

/* Bytes of the release: version 4 has its devices where a very long one would end */
static size_t svr_full_kernel(const struct svr_record *rec)
{
	return svr_record_has_devices(rec) ?
		SVR_FULL_DEVICES - SVR_FULL_KERNEL : SVR_RECORD_TEXT;
}

static void svr_full_put_devices(const struct svr_record *rec, u8 *raw)
{
	unsigned int i;

	if (!svr_record_has_devices(rec))
		return;
	put_unaligned_le16(rec->devices, raw + SVR_FULL_DEVICES);
	for (i = 0; i < SVR_RECORD_DEVICES; i++)
		put_unaligned_le16(rec->device[i],
				   raw + SVR_FULL_DEVICE + i * sizeof(u16));
}

static int svr_full_get_devices(const u8 *raw, struct svr_record *rec)
{
	unsigned int i;

	if (!svr_record_has_devices(rec))
		return 0;
	rec->devices = get_unaligned_le16(raw + SVR_FULL_DEVICES);
	for (i = 0; i < SVR_RECORD_DEVICES && i < rec->devices; i++)
		rec->device[i] = get_unaligned_le16(raw + SVR_FULL_DEVICE +
						    i * sizeof(u16));
	return rec->devices ? 0 : -EINVAL;
}

static void svr_encode_full(const struct svr_record *rec, u8 *raw)
{
	unsigned int i;

	put_unaligned_le64(rec->time, raw + SVR_FULL_TIME);
	put_unaligned_le64(rec->tsc, raw + SVR_FULL_TSC);
	svr_put_result(rec, raw + SVR_FULL_RESULT);
	put_unaligned_le32(rec->uptime, raw + SVR_FULL_UPTIME);
	put_unaligned_le32(rec->cpu, raw + SVR_FULL_CPU);
	for (i = 0; i < SVR_NR_REASONS; i++)
		put_unaligned_le16(rec->counts[i],
				   raw + SVR_FULL_COUNTS + i * sizeof(u16));
	svr_put_text(raw + SVR_FULL_KERNEL, svr_full_kernel(rec), rec->kernel);
	svr_full_put_devices(rec, raw);
	svr_put_text(raw + SVR_FULL_MESSAGE, SVR_RECORD_TEXT, rec->message);
	memcpy(raw + SVR_FULL_LOST, rec->lost, sizeof(rec->lost));
	if (rec->cause == SVR_CAUSE_KDUMP && rec->crashed <= U32_MAX)
		put_unaligned_le32(rec->crashed, raw + SVR_FULL_CRASHED);
}

static int svr_decode_full(const u8 *raw, struct svr_record *rec)
{
	unsigned int i;

	rec->time = get_unaligned_le64(raw + SVR_FULL_TIME);
	rec->tsc = get_unaligned_le64(raw + SVR_FULL_TSC);
	rec->uptime = get_unaligned_le32(raw + SVR_FULL_UPTIME);
	rec->cpu = get_unaligned_le32(raw + SVR_FULL_CPU);
	if (rec->time > SVR_TIME_MAX ||
	    (rec->cpu != SVR_RECORD_NO_CPU && rec->cpu > SVR_CPU_MAX))
		return -EINVAL;
	for (i = 0; i < SVR_NR_REASONS; i++)
		rec->counts[i] = get_unaligned_le16(raw + SVR_FULL_COUNTS +
						    i * sizeof(u16));
	svr_get_text(raw + SVR_FULL_KERNEL, svr_full_kernel(rec), rec->kernel);
	if (svr_full_get_devices(raw, rec))
		return -EINVAL;
	svr_get_text(raw + SVR_FULL_MESSAGE, SVR_RECORD_TEXT, rec->message);
	memcpy(rec->lost, raw + SVR_FULL_LOST, sizeof(rec->lost));
	if (rec->cause == SVR_CAUSE_KDUMP)
		rec->crashed = get_unaligned_le32(raw + SVR_FULL_CRASHED);
	return svr_get_result(raw + SVR_FULL_RESULT, rec);
}

static u8 svr_record_cause(const struct svr_record *rec)
{
	if (rec->cause == SVR_CAUSE_KDUMP && rec->interrupted)
		return SVR_STORED_INTERRUPTED;
	if (rec->cause != SVR_CAUSE_EMERGENCY)
		return rec->cause;
	switch (rec->trigger) {
	case SVR_TRIGGER_SYSRQ:
		return SVR_STORED_SYSRQ;
	case SVR_TRIGGER_DEADMAN:
		return SVR_STORED_DEADMAN;
	case SVR_TRIGGER_KERNEL:
		return SVR_STORED_KERNEL;
	default:
		return SVR_CAUSE_EMERGENCY;
	}
}

static u8 svr_record_head(const struct svr_record *rec)
{
	u8 stage = rec->stage;
	u8 cause = svr_record_cause(rec);

	if (rec->loaded && stage != SVR_STAGE_LOADED)
		stage |= SVR_LOADED_BIT;
	return stage << 4 | (rec->hearsay ? SVR_HEARSAY_BIT : 0) | cause;
}

/**
 * svr_record_encode - put a record into bytes
 * @rec:  the record, with valid values
 * @raw:  where to
 * @size: SVR_RECORD_SMALL, SVR_RECORD_MEDIUM or SVR_RECORD_FULL
 *
 * Context: any, NMI included.
 */
void svr_record_encode(const struct svr_record *rec, u8 *raw, size_t size)
{
	memset(raw, 0, size);
	put_unaligned_le16(SVR_RECORD_MAGIC, raw);
	raw[2] = svr_record_has_devices(rec) ? SVR_RECORD_VERSION_DEVICES :
					       SVR_RECORD_VERSION;
	raw[3] = svr_record_head(rec);
	raw[4] = min_t(u32, rec->cpu, SVR_CPU_NONE);
	raw[5] = svr_record_first_lost(rec);
	put_unaligned_le16(rec->boot, raw + 6);
	if (size == SVR_RECORD_SMALL)
		svr_encode_small(rec, raw);
	else if (size == SVR_RECORD_MEDIUM)
		svr_encode_medium(rec, raw);
	else
		svr_encode_full(rec, raw);
	put_unaligned_le32(svr_record_crc(raw, size),
			   raw + svr_record_crc_at(size));
}

/* Without a reset, in LOADED, the cause can only be none or unknown */
static bool svr_cause_valid(u8 stage, u8 cause)
{
	return stage != SVR_STAGE_LOADED || cause <= SVR_CAUSE_UNKNOWN;
}

/* Takes the stored cause apart. In LOADED it is the cause itself */
static void svr_get_cause(u8 cause, struct svr_record *rec)
{
	static const u8 triggers[] = {
		[SVR_STORED_KERNEL] = SVR_TRIGGER_KERNEL,
		[SVR_STORED_DEADMAN] = SVR_TRIGGER_DEADMAN,
		[SVR_CAUSE_EMERGENCY] = SVR_TRIGGER_UNKNOWN,
		[SVR_STORED_SYSRQ] = SVR_TRIGGER_SYSRQ,
		[SVR_STORED_INTERRUPTED] = SVR_TRIGGER_NONE,
	};

	rec->cause = cause;
	if (rec->stage == SVR_STAGE_LOADED)
		return;
	rec->interrupted = cause == SVR_STORED_INTERRUPTED;
	rec->trigger = triggers[cause];
	if (rec->interrupted)
		rec->cause = SVR_CAUSE_KDUMP;
	else if (rec->trigger)
		rec->cause = SVR_CAUSE_EMERGENCY;
}

/* The bytes that all sizes have in common */
static int svr_decode_head(const u8 *raw, struct svr_record *rec)
{
	u8 stage = raw[3] >> 4;
	u8 cause = raw[3] & 0xf & ~SVR_HEARSAY_BIT;

	rec->hearsay = raw[3] & SVR_HEARSAY_BIT;
	rec->stage = stage & ~SVR_LOADED_BIT;
	svr_get_cause(cause, rec);
	rec->loaded = stage & SVR_LOADED_BIT || stage == SVR_STAGE_LOADED;
	/*
	 * LOADED is loaded without the bit that says so. Only a load writes
	 * ELSEWHERE. In CRASHED the crash kernel has not begun a restart that
	 * could be interrupted.
	 */
	if (!rec->stage || !svr_cause_valid(rec->stage, cause) ||
	    (rec->interrupted && rec->stage == SVR_STAGE_CRASHED) ||
	    stage == (SVR_STAGE_LOADED | SVR_LOADED_BIT) ||
	    stage == SVR_STAGE_ELSEWHERE || (rec->hearsay && !rec->loaded))
		return -EINVAL;
	rec->cpu = raw[4] == SVR_CPU_NONE ? SVR_RECORD_NO_CPU : raw[4];
	if (raw[5] != SVR_FIRST_NONE)
		svr_record_add_lost(rec, raw[5]);
	/* At least one, and nobody knows which; a larger record says more */
	if (raw[2] == SVR_RECORD_VERSION_DEVICES)
		svr_record_add_device(rec, 0);
	if (rec->devices && !svr_stage_has_devices(rec->stage))
		return -EINVAL;
	rec->boot = get_unaligned_le16(raw + 6);
	return 0;
}

static int svr_record_parse(const u8 *raw, size_t size, struct svr_record *rec)
{
	int err;

	if (size != SVR_RECORD_SMALL && size != SVR_RECORD_MEDIUM &&
	    size != SVR_RECORD_FULL)
		return -EINVAL;
	if (!memchr_inv(raw, 0x00, size) || !memchr_inv(raw, 0xff, size))
		return -ENODATA;
	if (get_unaligned_le16(raw) != SVR_RECORD_MAGIC)
		return -ENOMSG;
	if (get_unaligned_le32(raw + svr_record_crc_at(size)) !=
	    svr_record_crc(raw, size))
		return -EBADMSG;
	if (raw[2] != SVR_RECORD_VERSION && raw[2] != SVR_RECORD_VERSION_DEVICES)
		return -EPROTONOSUPPORT;
	err = svr_decode_head(raw, rec);
	if (err)
		return err;
	if (size == SVR_RECORD_SMALL)
		return svr_decode_small(raw, rec);
	if (size == SVR_RECORD_MEDIUM)
		return svr_decode_medium(raw, rec);
	return svr_decode_full(raw, rec);
}

/**
 * svr_record_decode - take a record out of bytes
 * @raw:  the bytes, from a writer that is not trusted
 * @size: SVR_RECORD_SMALL, SVR_RECORD_MEDIUM or SVR_RECORD_FULL
 * @rec:  the record, all zero unless 0 is returned
 *
 * Context: any.
 *
 * Return: 0 for a record; -ENODATA when nobody has ever written here (all bytes
 * 0x00 or all 0xff); -ENOMSG for something else's data; -EBADMSG for a damaged
 * record; -EPROTONOSUPPORT for one of another version; -EINVAL for an intact
 * one with values that no writer of this version uses, or for any other @size.
 */
int svr_record_decode(const u8 *raw, size_t size, struct svr_record *rec)
{
	int err;

	memset(rec, 0, sizeof(*rec));
	err = svr_record_parse(raw, size, rec);
	if (err)
		memset(rec, 0, sizeof(*rec));
	return err;
}
