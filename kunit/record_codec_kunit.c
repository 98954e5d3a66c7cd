// SPDX-License-Identifier: GPL-2.0-only
/*
 * The record that outlives a reset: what is written is read again, in each of
 * the sizes, and what is damaged is not taken for a record.
 */
#include <kunit/test.h>

#include "lib/record-codec.c"

#define BOOT	0x9abc
#define NONE	SVR_FIRST_NONE

static const struct svr_record called = {
	.stage = SVR_STAGE_CALLED,
	.cause = SVR_CAUSE_PANIC,
	.boot = BOOT,
	.cpu = 3,
	.uptime = 0x1234,
	.time = 0x69260420,
	.tsc = 0x123456789abc,
	.counts = { 0, 4, 2, 0, 258, 1, 7 },
	.lost = { [0] = BIT(5), [3] = BIT(7) },
	.kernel = "6.12.0",
	.message = "Fatal exception in interrupt",
};

static const size_t sizes[] = {
	SVR_RECORD_SMALL, SVR_RECORD_MEDIUM, SVR_RECORD_FULL,
};

static void seal(u8 *raw, size_t size)
{
	put_unaligned_le32(svr_record_crc(raw, size),
			   raw + svr_record_crc_at(size));
}

/* The layout is what other versions of the driver have to read */
static void test_layout(struct kunit *test)
{
	static const u8 small[] = {
		'S', 'R', 3, 0x24, 3, 5, 0xbc, 0x9a,
		0x09, 0x01, 0x68, 0x24,
		/* as zlib.crc32() has it */
		0xe2, 0xa6, 0x2c, 0xe3,
	};
	static const u8 medium[] = {
		'S', 'R', 3, 0x24, 3, 5, 0xbc, 0x9a,
		0x20, 0x04, 0x26, 0x69, 2, 0, 255, 1, 7,
		/* the message in codes: 10, 11110 000001, as message-codec.c has it */
		0xbc, 0x08, 0, 0, 0, 0, 0, 0, 0, 0, 0,
		0x22, 0xab, 0x2f, 0x79,
	};
	static const u8 full[SVR_RECORD_FULL] = {
		'S', 'R', 3, 0x24, 3, 5, 0xbc, 0x9a,
		0x20, 0x04, 0x26, 0x69, 0, 0, 0, 0,
		0xbc, 0x9a, 0x78, 0x56, 0x34, 0x12, 0, 0,
		[32] = 0x34, 0x12, 0, 0, 3, 0, 0, 0,
		0, 0, 4, 0, 2, 0, 0, 0, 2, 1, 1, 0, 7, 0, 0, 0,
		'6', '.', '1', '2', '.', '0',
		[120] = 'F', 'a', 't', 'a', 'l', ' ', 'e', 'x', 'c', 'e', 'p',
		't', 'i', 'o', 'n', ' ', 'i', 'n', ' ', 'i', 'n', 't', 'e',
		'r', 'r', 'u', 'p', 't',
		[184] = 0x20, 0, 0, 0x80,
		[252] = 0xf0, 0x2a, 0xda, 0x83,
	};
	static const struct svr_record interrupted = {
		.stage = SVR_STAGE_CALLED, .cause = SVR_CAUSE_KDUMP,
		.interrupted = true, .time = 1000, .crashed = 700,
	};
	u8 raw[SVR_RECORD_FULL];

	svr_record_encode(&called, raw, SVR_RECORD_SMALL);
	KUNIT_EXPECT_MEMEQ(test, raw, small, sizeof(small));
	svr_record_encode(&called, raw, SVR_RECORD_MEDIUM);
	KUNIT_EXPECT_MEMEQ(test, raw, medium, sizeof(medium));
	svr_record_encode(&called, raw, SVR_RECORD_FULL);
	KUNIT_EXPECT_MEMEQ(test, raw, full, sizeof(full));

	svr_record_encode(&interrupted, raw, SVR_RECORD_SMALL);
	KUNIT_EXPECT_EQ(test, raw[3], 0x27);
	svr_record_encode(&interrupted, raw, SVR_RECORD_MEDIUM);
	KUNIT_EXPECT_EQ(test, get_unaligned_le16(raw + 26), 300);
	svr_record_encode(&interrupted, raw, SVR_RECORD_FULL);
	KUNIT_EXPECT_EQ(test, get_unaligned_le32(raw + 248), 700);
}

/* Records of drivers that wrote the message in ASCII, and no seconds for a dump */
static void test_older_drivers(struct kunit *test)
{
	u8 raw[SVR_RECORD_MEDIUM] = {
		'S', 'R', 3, 0x25, 3, NONE, 0xbc, 0x9a,
		0x20, 0x04, 0x26, 0x69, 2, 0, 255, 1, 7,
		's', 'y', 's', 'r', 'q', ' ', 't', 'r', 'i', 'g', 'g',
	};
	struct svr_record rec;

	seal(raw, sizeof(raw));
	KUNIT_ASSERT_EQ(test, svr_record_decode(raw, sizeof(raw), &rec), 0);
	KUNIT_EXPECT_EQ(test, rec.cause, SVR_CAUSE_KDUMP);
	KUNIT_EXPECT_STREQ(test, rec.message, "sysrq trigg...");
	KUNIT_EXPECT_EQ(test, rec.crashed, 0);

	raw[3] = 0x23;
	memset(raw + 17, 0, 11);
	seal(raw, sizeof(raw));
	KUNIT_ASSERT_EQ(test, svr_record_decode(raw, sizeof(raw), &rec), 0);
	KUNIT_EXPECT_EQ(test, rec.cause, SVR_CAUSE_EMERGENCY);
	KUNIT_EXPECT_EQ(test, rec.trigger, SVR_TRIGGER_UNKNOWN);
	KUNIT_EXPECT_STREQ(test, rec.message, "");
}

struct codec_row {
	const char *name;
	struct svr_record rec;
	/* As much of the message as a medium record has */
	const char *medium;
	/* Lost CPUs: in a small record, in a medium one, in a full one */
	const char *lost[3];
};

static const struct codec_row codec_rows[] = {
	{ "loaded, first boot",
	  { .stage = SVR_STAGE_LOADED, .loaded = true, .cause = SVR_CAUSE_NONE,
	    .cpu = SVR_RECORD_NO_CPU, .boot = BOOT },
	  "", { "", "", "" } },
	{ "loaded, unknown",
	  { .stage = SVR_STAGE_LOADED, .loaded = true,
	    .cause = SVR_CAUSE_UNKNOWN, .cpu = SVR_RECORD_NO_CPU,
	    .counts = { 0, 0, 1, 2, 3, 4, 5 } },
	  "", { "", "", "" } },
	{ "called",
	  { .stage = SVR_STAGE_CALLED, .cause = SVR_CAUSE_PANIC, .cpu = 300,
	    .boot = 1, .time = 1, .tsc = 1ULL << 31, .uptime = 2,
	    .lost = { [0] = BIT(4), [1] = BIT(1) }, .kernel = "7.3.4-cloud",
	    .message = "Fatal exception in interrupt" },
	  "Fatal exception in interrupt", { "4", "4", "4,9" } },
	{ "called, found by a load",
	  { .stage = SVR_STAGE_CALLED, .loaded = true,
	    .cause = SVR_CAUSE_REBOOT, .cpu = 0, .boot = 1, .message = "x" },
	  "x", { "", "", "" } },
	{ "called, found by another launch",
	  { .stage = SVR_STAGE_ELSEWHERE, .loaded = true,
	    .cause = SVR_CAUSE_REBOOT, .cpu = 0, .boot = 1, .time = 5 },
	  "", { "", "", "" } },
	{ "sysrq-b",
	  { .stage = SVR_STAGE_CALLED, .cause = SVR_CAUSE_EMERGENCY,
	    .trigger = SVR_TRIGGER_SYSRQ, .cpu = 2, .boot = 1 },
	  "", { "", "", "" } },
	{ "emergency_restart()",
	  { .stage = SVR_STAGE_CALLED, .cause = SVR_CAUSE_EMERGENCY,
	    .trigger = SVR_TRIGGER_KERNEL, .loaded = true, .boot = 1 },
	  "", { "", "", "" } },
	{ "an emergency restart, by whom is not known",
	  { .stage = SVR_STAGE_REFUSED, .cause = SVR_CAUSE_EMERGENCY,
	    .trigger = SVR_TRIGGER_UNKNOWN },
	  "", { "", "", "" } },
	{ "refused",
	  { .stage = SVR_STAGE_REFUSED, .cause = SVR_CAUSE_EMERGENCY,
	    .trigger = SVR_TRIGGER_DEADMAN,
	    .lost = { BIT(1) | BIT(7), 0, BIT(7), [8] = BIT(0) },
	    .message = "deadman: no restart" },
	  "deadman: no...", { "1", "1,7,23", "1,7,23,64" } },
	{ "refused, the first one has a large number",
	  { .stage = SVR_STAGE_REFUSED, .cause = SVR_CAUSE_REBOOT,
	    .lost = { [12] = BIT(4), [13] = BIT(0) } },
	  "", { "100", "100", "100,104" } },
	{ "refused, a very large number",
	  { .stage = SVR_STAGE_REFUSED, .cause = SVR_CAUSE_REBOOT,
	    .lost = { [63] = BIT(7) } },
	  "", { "254", "254", "511" } },
	{ "crashed",
	  { .stage = SVR_STAGE_CRASHED, .cause = SVR_CAUSE_KDUMP, .cpu = 1,
	    .block = 0x123456789abcd000, .message = "Fatal" },
	  "", { "", "", "" } },
	{ "returned",
	  { .stage = SVR_STAGE_RETURNED, .cause = SVR_CAUSE_REBOOT,
	    .result = true, .rax = 0x1234567880000006, .lost = { BIT(2) },
	    .message = "a message" },
	  "", { "2", "2", "2" } },
	{ "called, the dump was interrupted",
	  { .stage = SVR_STAGE_CALLED, .cause = SVR_CAUSE_KDUMP,
	    .interrupted = true, .cpu = 1, .time = 1, .counts = { [5] = 2 },
	    .message = "trouble: as asked for" },
	  "trouble: as a...", { "", "", "" } },
	{ "called, after a dump",
	  { .stage = SVR_STAGE_CALLED, .cause = SVR_CAUSE_KDUMP, .cpu = 1,
	    .time = 70000, .crashed = 4466, .message = "sysrq triggered crash" },
	  "sysrq triggered crash", { "", "", "" } },
	{ "the same, found by a load that had it from the host",
	  { .stage = SVR_STAGE_CALLED, .cause = SVR_CAUSE_KDUMP,
	    .interrupted = true, .loaded = true, .hearsay = true, .cpu = 1 },
	  "", { "", "", "" } },
	{ "refused, the dump was interrupted",
	  { .stage = SVR_STAGE_REFUSED, .cause = SVR_CAUSE_KDUMP,
	    .interrupted = true, .lost = { BIT(1) } },
	  "", { "1", "1", "1" } },
	{ "returned, with success",
	  { .stage = SVR_STAGE_RETURNED, .cause = SVR_CAUSE_REBOOT,
	    .result = true },
	  "", { "", "", "" } },
	{ "returned, not known with what",
	  { .stage = SVR_STAGE_RETURNED, .cause = SVR_CAUSE_REBOOT }, "",
	  { "", "", "" } },
	{ "no answer, not known why",
	  { .stage = SVR_STAGE_NOANSWER, .cause = SVR_CAUSE_REBOOT }, "",
	  { "", "", "" } },
	{ "no answer",
	  { .stage = SVR_STAGE_NOANSWER, .cause = SVR_CAUSE_KDUMP,
	    .result = true, .err = -ETIMEDOUT, .lost = { BIT(0) },
	    .message = "a message" },
	  "a mess...", { "0", "0", "0" } },
};

KUNIT_ARRAY_PARAM_DESC(codec, codec_rows, name);

static void expect_lost(struct kunit *test, const struct svr_record *rec,
			const char *list)
{
	unsigned int cpu, len = 0;
	char text[64] = "";

	for (cpu = 0; cpu < SVR_RECORD_CPUS; cpu++)
		if (svr_record_lost(rec, cpu))
			len += scnprintf(text + len, sizeof(text) - len, "%s%u",
					 len ? "," : "", cpu);
	KUNIT_EXPECT_STREQ(test, text, list);
}

static void expect_result(struct kunit *test, const struct svr_record *rec,
			  const struct svr_record *from, bool room)
{
	KUNIT_EXPECT_EQ(test, rec->result, from->result && room);
	KUNIT_EXPECT_EQ(test, rec->rax, room ? from->rax : 0);
	KUNIT_EXPECT_EQ(test, rec->err, room ? from->err : 0);
	KUNIT_EXPECT_EQ(test, rec->block, room ? from->block : 0);
}

/* Each size has what it has room for */
static void test_there_and_back(struct kunit *test)
{
	const struct codec_row *row = test->param_value;
	const struct svr_record *from = &row->rec;
	u8 raw[SVR_RECORD_FULL];
	struct svr_record rec;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		bool small = sizes[i] == SVR_RECORD_SMALL;
		bool full = sizes[i] == SVR_RECORD_FULL;
		u32 cpu = from->cpu < 0xff || full ? from->cpu :
						     SVR_RECORD_NO_CPU;

		svr_record_encode(from, raw, sizes[i]);
		KUNIT_ASSERT_EQ(test, svr_record_decode(raw, sizes[i], &rec), 0);
		KUNIT_EXPECT_EQ(test, rec.stage, from->stage);
		KUNIT_EXPECT_EQ(test, rec.loaded, from->loaded);
		KUNIT_EXPECT_EQ(test, rec.hearsay, from->hearsay);
		KUNIT_EXPECT_EQ(test, rec.cause, from->cause);
		KUNIT_EXPECT_EQ(test, rec.trigger, from->trigger);
		KUNIT_EXPECT_EQ(test, rec.crashed, small ? 0 : from->crashed);
		KUNIT_EXPECT_EQ(test, rec.interrupted, from->interrupted);
		KUNIT_EXPECT_EQ(test, rec.boot, from->boot);
		KUNIT_EXPECT_EQ(test, rec.cpu, cpu);
		KUNIT_EXPECT_EQ(test, rec.time, small ? 0 : from->time);
		KUNIT_EXPECT_EQ(test, rec.tsc,
				sizes[i] == SVR_RECORD_MEDIUM ? 0 : from->tsc);
		KUNIT_EXPECT_EQ(test, rec.uptime, full ? from->uptime : 0);
		KUNIT_EXPECT_STREQ(test, rec.kernel, full ? from->kernel : "");
		KUNIT_EXPECT_STREQ(test, rec.message, small ? "" :
				   full ? from->message : row->medium);
		KUNIT_EXPECT_EQ(test, svr_record_resets(&rec),
				svr_record_resets(from));
		KUNIT_EXPECT_EQ(test, rec.counts[SVR_REASON_REFUSED],
				small ? 0 : from->counts[SVR_REASON_REFUSED]);
		expect_lost(test, &rec, row->lost[i]);
		expect_result(test, &rec, from, !small);
	}
}

/* What does not fit is less than it was, or not known; never something else */
static void test_limits(struct kunit *test)
{
	struct svr_record rec, most = called;
	u8 raw[SVR_RECORD_FULL];
	unsigned int i;

	most.time = 253402300799;
	most.tsc = U64_MAX;
	most.cpu = 0xffff;
	for (i = SVR_REASON_UNKNOWN; i < SVR_NR_REASONS; i++)
		most.counts[i] = U16_MAX;
	memset(most.lost, 0xff, sizeof(most.lost));
	memset(most.message, '~', SVR_RECORD_TEXT);
	memset(most.kernel, '~', SVR_RECORD_TEXT);

	svr_record_encode(&most, raw, SVR_RECORD_SMALL);
	KUNIT_ASSERT_EQ(test, svr_record_decode(raw, SVR_RECORD_SMALL, &rec), 0);
	KUNIT_EXPECT_EQ(test, rec.cpu, SVR_RECORD_NO_CPU);
	KUNIT_EXPECT_EQ(test, svr_record_resets(&rec), U16_MAX);
	KUNIT_EXPECT_EQ(test, rec.tsc, 0xffffULL << 31);
	expect_lost(test, &rec, "0");

	svr_record_encode(&most, raw, SVR_RECORD_MEDIUM);
	KUNIT_ASSERT_EQ(test, svr_record_decode(raw, SVR_RECORD_MEDIUM, &rec),
			0);
	KUNIT_EXPECT_EQ(test, rec.time, 0);
	KUNIT_EXPECT_EQ(test, rec.counts[SVR_REASON_UNKNOWN], 0);
	KUNIT_EXPECT_EQ(test, rec.counts[SVR_REASON_REBOOT], U8_MAX);
	KUNIT_EXPECT_EQ(test, rec.counts[SVR_REASON_REFUSED], U8_MAX);
	KUNIT_EXPECT_STREQ(test, rec.message, "~~~~~~~~~~~...");

	svr_record_encode(&most, raw, SVR_RECORD_FULL);
	KUNIT_ASSERT_EQ(test, svr_record_decode(raw, SVR_RECORD_FULL, &rec), 0);
	KUNIT_EXPECT_MEMEQ(test, &rec, &most, sizeof(rec));
}

/* What nobody can print is not shown */
static void test_text(struct kunit *test)
{
	static const u8 text[] = {
		'a', 0x1b, '[', '\n', 0x7f, 0x80, 0xff, ' ', 'z', 0, 'x',
	};
	u8 raw[SVR_RECORD_FULL];
	struct svr_record rec;

	svr_record_encode(&called, raw, SVR_RECORD_MEDIUM);
	memcpy(raw + 17, text, sizeof(text));
	seal(raw, SVR_RECORD_MEDIUM);
	KUNIT_ASSERT_EQ(test, svr_record_decode(raw, SVR_RECORD_MEDIUM, &rec),
			0);
	KUNIT_EXPECT_STREQ(test, rec.message, "a?[???? z");

	svr_record_encode(&called, raw, SVR_RECORD_FULL);
	memcpy(raw + SVR_FULL_KERNEL, text, sizeof(text));
	memset(raw + SVR_FULL_MESSAGE, '\n', SVR_RECORD_TEXT);
	seal(raw, SVR_RECORD_FULL);
	KUNIT_ASSERT_EQ(test, svr_record_decode(raw, SVR_RECORD_FULL, &rec), 0);
	KUNIT_EXPECT_STREQ(test, rec.kernel, "a?[???? z");
	KUNIT_EXPECT_EQ(test, strlen(rec.message), SVR_RECORD_TEXT);
	KUNIT_EXPECT_EQ(test, strspn(rec.message, "?"), SVR_RECORD_TEXT);
}

static void expect_none(struct kunit *test, const u8 *raw, size_t size,
			const char *what, int at)
{
	struct svr_record rec;
	int err = svr_record_decode(raw, size, &rec);

	KUNIT_EXPECT_NE_MSG(test, err, 0, "%s %d", what, at);
	KUNIT_EXPECT_NE_MSG(test, err, -ENODATA, "%s %d", what, at);
	KUNIT_EXPECT_NULL(test, memchr_inv(&rec, 0, sizeof(rec)));
}

/* Of a full record not every pair: that would take too long */
static void test_bit_flips(struct kunit *test)
{
	u8 raw[SVR_RECORD_FULL];
	int bit, second, bits;
	unsigned int i, step;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		size_t size = sizes[i];

		bits = 8 * size;
		step = size == SVR_RECORD_FULL ? 97 : 1;
		svr_record_encode(&called, raw, size);
		for (bit = 0; bit < bits; bit++) {
			raw[bit / 8] ^= BIT(bit % 8);
			expect_none(test, raw, size, "bit", bit);
			for (second = bit + 1; second < bits; second += step) {
				raw[second / 8] ^= BIT(second % 8);
				expect_none(test, raw, size, "bit and second",
					    second);
				raw[second / 8] ^= BIT(second % 8);
			}
			raw[bit / 8] ^= BIT(bit % 8);
		}
	}
}

/* Power lost, or a CPU stopped, while byte @at of the new record was written */
static void tear(struct kunit *test, size_t size)
{
	static const struct svr_record loaded = {
		.stage = SVR_STAGE_LOADED,
		.loaded = true,
		.cpu = SVR_RECORD_NO_CPU,
		.boot = 0x7654,
	};
	u8 old[SVR_RECORD_FULL], new[SVR_RECORD_FULL], raw[SVR_RECORD_FULL];
	size_t at;

	svr_record_encode(&loaded, old, size);
	svr_record_encode(&called, new, size);
	memcpy(raw, old, size);
	for (at = 0; at < size; at++) {
		/* Up to the first difference it is the old record */
		if (memcmp(raw, old, size) && memcmp(raw, new, size))
			expect_none(test, raw, size, "torn at", at);
		raw[at] = new[at];
	}

	/* And over a store that nobody had written to */
	memset(raw, 0xff, size);
	for (at = 0; at < size - 1; at++) {
		raw[at] = new[at];
		expect_none(test, raw, size, "first, torn at", at);
	}

	/* The rest was never written */
	for (at = 1; at < size; at++) {
		memcpy(raw, new, size);
		memset(raw + at, 0, size - at);
		if (memcmp(raw, new, size))
			expect_none(test, raw, size, "truncated at", at);
	}
}

static void test_torn(struct kunit *test)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++)
		tear(test, sizes[i]);
}

struct device_row {
	const char *name;
	u8 stage;
	u8 cause;
	unsigned int devices;
	/* In a medium record: how many, is the first one named, and the message */
	unsigned int medium;
	bool named;
	const char *message;
	u64 crashed;
};

static const struct device_row device_rows[] = {
	{ "called, one", SVR_STAGE_CALLED, SVR_REASON_PANIC, 1, 1, true,
	  "Fatal exception in interrupt" },
	{ "called, eight", SVR_STAGE_CALLED, SVR_REASON_PANIC, 8, 8, true,
	  "Fatal exception in interrupt" },
	{ "called, very many", SVR_STAGE_CALLED, SVR_REASON_PANIC, 70000, 255, true,
	  "Fatal exception in interrupt" },
	{ "after a dump", SVR_STAGE_CALLED, SVR_REASON_KDUMP, 2, 2, true,
	  "Fatal exception in interrupt", 700 },
	{ "refused", SVR_STAGE_REFUSED, SVR_REASON_PANIC, 3, 3, true,
	  "Fatal exception in interrupt" },
	{ "returned", SVR_STAGE_RETURNED, SVR_REASON_PANIC, 3, 1, false, "" },
	{ "no answer", SVR_STAGE_NOANSWER, SVR_REASON_PANIC, 3, 3, true, "" },
	{ "found by another launch", SVR_STAGE_ELSEWHERE, SVR_REASON_PANIC, 3, 3,
	  true, "Fatal exception in interrupt" },
};

KUNIT_ARRAY_PARAM_DESC(device, device_rows, name);

static u16 nth_device(unsigned int n)
{
	return 0x0128 + 8 * n;
}

/* Without room for them there was at least one; the rest of the record is unchanged */
static void test_devices(struct kunit *test)
{
	const struct device_row *row = test->param_value;
	struct svr_record rec, from = called;
	u8 raw[SVR_RECORD_FULL];
	unsigned int i;

	from.stage = row->stage;
	from.loaded = row->stage == SVR_STAGE_ELSEWHERE;
	from.cause = row->cause;
	from.time = 1000;
	from.crashed = row->crashed;
	for (i = 0; i < row->devices; i++)
		svr_record_add_device(&from, nth_device(i));
	KUNIT_EXPECT_EQ(test, from.devices,
			min_t(unsigned int, row->devices, U16_MAX));

	svr_record_encode(&from, raw, SVR_RECORD_SMALL);
	KUNIT_EXPECT_EQ(test, raw[2], 4);
	KUNIT_ASSERT_EQ(test, svr_record_decode(raw, SVR_RECORD_SMALL, &rec), 0);
	KUNIT_EXPECT_EQ(test, rec.devices, 1);
	KUNIT_EXPECT_EQ(test, rec.device[0], 0);
	expect_lost(test, &rec, "5");

	svr_record_encode(&from, raw, SVR_RECORD_MEDIUM);
	KUNIT_ASSERT_EQ(test, svr_record_decode(raw, SVR_RECORD_MEDIUM, &rec), 0);
	KUNIT_EXPECT_EQ(test, rec.devices, row->medium);
	KUNIT_EXPECT_EQ(test, rec.device[0], row->named ? nth_device(0) : 0);
	KUNIT_EXPECT_EQ(test, rec.device[1], 0);
	KUNIT_EXPECT_STREQ(test, rec.message, row->message);
	KUNIT_EXPECT_EQ(test, rec.crashed, row->crashed);

	svr_record_encode(&from, raw, SVR_RECORD_FULL);
	KUNIT_ASSERT_EQ(test, svr_record_decode(raw, SVR_RECORD_FULL, &rec), 0);
	KUNIT_EXPECT_EQ(test, rec.devices, from.devices);
	for (i = 0; i < SVR_RECORD_DEVICES; i++)
		KUNIT_EXPECT_EQ(test, rec.device[i],
				i < row->devices ? nth_device(i) : 0);
	KUNIT_EXPECT_STREQ(test, rec.message, called.message);
	KUNIT_EXPECT_STREQ(test, rec.kernel, called.kernel);
}

/* What other versions of the driver have to read */
static void test_devices_layout(struct kunit *test)
{
	struct svr_record rec, from = called;
	u8 raw[SVR_RECORD_FULL];

	svr_record_add_device(&from, 0x0128);
	svr_record_add_device(&from, 0);
	svr_record_encode(&from, raw, SVR_RECORD_MEDIUM);
	KUNIT_EXPECT_EQ(test, raw[2], 4);
	KUNIT_EXPECT_EQ(test, raw[17], 2);
	KUNIT_EXPECT_EQ(test, get_unaligned_le16(raw + 18), 0x0128);
	svr_record_encode(&from, raw, SVR_RECORD_FULL);
	KUNIT_EXPECT_EQ(test, get_unaligned_le16(raw + 104), 2);
	KUNIT_EXPECT_EQ(test, get_unaligned_le16(raw + 106), 0x0128);
	KUNIT_EXPECT_EQ(test, get_unaligned_le16(raw + 108), 0);

	/* A load and a crash know of none */
	from.stage = SVR_STAGE_CRASHED;
	svr_record_encode(&from, raw, SVR_RECORD_MEDIUM);
	KUNIT_EXPECT_EQ(test, raw[2], 3);

	/* Version 4, and there is none after all */
	from.stage = SVR_STAGE_CALLED;
	svr_record_encode(&from, raw, SVR_RECORD_MEDIUM);
	raw[17] = 0;
	seal(raw, SVR_RECORD_MEDIUM);
	KUNIT_EXPECT_EQ(test, svr_record_decode(raw, SVR_RECORD_MEDIUM, &rec),
			-EINVAL);
	svr_record_encode(&from, raw, SVR_RECORD_FULL);
	memset(raw + 104, 0, 2);
	seal(raw, SVR_RECORD_FULL);
	KUNIT_EXPECT_EQ(test, svr_record_decode(raw, SVR_RECORD_FULL, &rec),
			-EINVAL);
}

struct raw_row {
	const char *name;
	u8 raw[SVR_RECORD_SMALL];
	bool fix_crc;
	int err;
};

static const struct raw_row raw_rows[] = {
	{ "blank, zeros", {}, false, -ENODATA },
	{ "blank, ones", { [0 ... 15] = 0xff }, false, -ENODATA },
	{ "almost blank, zeros", { [15] = 1 }, false, -ENOMSG },
	{ "almost blank, ones", { [0 ... 14] = 0xff }, false, -ENOMSG },
	{ "foreign", "Somebody else's", false, -ENOMSG },
	{ "foreign, checksum right", { 'X', 'R', 3, 0x22, 0, NONE }, true, -ENOMSG },
	{ "no checksum", { 'S', 'R', 3, 0x22, 0, NONE }, false, -EBADMSG },
	{ "version 0", { 'S', 'R', 0, 0x22, 0, NONE }, true, -EPROTONOSUPPORT },
	{ "version 2", { 'S', 'R', 2, 0x22, 0, NONE }, true, -EPROTONOSUPPORT },
	{ "version 4", { 'S', 'R', 4, 0x22, 0, NONE }, true, 0 },
	{ "version 4, refused, loaded", { 'S', 'R', 4, 0xb2, 0, NONE }, true, 0 },
	{ "version 4, of a load", { 'S', 'R', 4, 0x11, 0, NONE }, true, -EINVAL },
	{ "version 4, crashed", { 'S', 'R', 4, 0x45, 0, NONE }, true, -EINVAL },
	{ "version 5", { 'S', 'R', 5, 0x22, 0, NONE }, true, -EPROTONOSUPPORT },
	{ "version 255", { 'S', 'R', 255, 0x22, 0, NONE }, true, -EPROTONOSUPPORT },
	{ "stage 0", { 'S', 'R', 3, 0x02, 0, NONE }, true, -EINVAL },
	{ "elsewhere, but not loaded", { 'S', 'R', 3, 0x72, 0, NONE }, true, -EINVAL },
	{ "elsewhere", { 'S', 'R', 3, 0xf2, 0, NONE }, true, 0 },
	{ "stage 0, loaded", { 'S', 'R', 3, 0x82, 0, NONE }, true, -EINVAL },
	{ "loaded twice", { 'S', 'R', 3, 0x90, 0, NONE }, true, -EINVAL },
	{ "loaded: none", { 'S', 'R', 3, 0x10, 0, NONE }, true, 0 },
	{ "loaded: unknown", { 'S', 'R', 3, 0x11, 0, NONE }, true, 0 },
	{ "loaded: reboot", { 'S', 'R', 3, 0x12, 0, NONE }, true, -EINVAL },
	{ "loaded: refused", { 'S', 'R', 3, 0x16, 0, NONE }, true, -EINVAL },
	{ "called: emergency_restart()", { 'S', 'R', 3, 0x20, 0, NONE }, true, 0 },
	{ "called: the deadman", { 'S', 'R', 3, 0x21, 0, NONE }, true, 0 },
	{ "called: reboot", { 'S', 'R', 3, 0x22, 0, NONE }, true, 0 },
	{ "called: kdump", { 'S', 'R', 3, 0x25, 0, NONE }, true, 0 },
	{ "called: sysrq-b", { 'S', 'R', 3, 0x26, 0, NONE }, true, 0 },
	{ "called: kdump, interrupted", { 'S', 'R', 3, 0x27, 0, NONE }, true, 0 },
	{ "the same, loaded", { 'S', 'R', 3, 0xa7, 0, NONE }, true, 0 },
	{ "the same, loaded, hearsay", { 'S', 'R', 3, 0xaf, 0, NONE }, true, 0 },
	{ "loaded: interrupted", { 'S', 'R', 3, 0x17, 0, NONE }, true, -EINVAL },
	{ "crashed: kdump", { 'S', 'R', 3, 0x45, 0, NONE }, true, 0 },
	{ "crashed: interrupted", { 'S', 'R', 3, 0x47, 0, NONE }, true, -EINVAL },
	{ "called: 15", { 'S', 'R', 3, 0x2f, 0, NONE }, true, -EINVAL },
	{ "no answer", { 'S', 'R', 3, 0x63, 0, NONE }, true, 0 },
};

KUNIT_ARRAY_PARAM_DESC(raw, raw_rows, name);

static void test_found(struct kunit *test)
{
	const struct raw_row *row = test->param_value;
	u8 raw[SVR_RECORD_SMALL];
	struct svr_record rec;

	memcpy(raw, row->raw, sizeof(raw));
	if (row->fix_crc)
		seal(raw, sizeof(raw));
	KUNIT_EXPECT_EQ(test, svr_record_decode(raw, sizeof(raw), &rec),
			row->err);
	if (row->err)
		KUNIT_EXPECT_NULL(test, memchr_inv(&rec, 0, sizeof(rec)));
}

/* Values out of range in an intact record */
static void test_ranges(struct kunit *test)
{
	static const struct {
		size_t size;
		int at;
		u8 value;
		u8 stage;
		int err;
	} rows[] = {
		/* wall time: a year of five digits */
		{ SVR_RECORD_FULL, 15, 1, 0x24, -EINVAL },
		{ SVR_RECORD_FULL, 12, 58, 0x24, 0 },
		{ SVR_RECORD_FULL, 12, 59, 0x24, -EINVAL },
		/* CPU 65539 */
		{ SVR_RECORD_FULL, 38, 1, 0x24, -EINVAL },
		/* errno: 0 is not known; or not one */
		{ SVR_RECORD_MEDIUM, 31, 0, 0x64, 0 },
		{ SVR_RECORD_MEDIUM, 17, 1, 0x64, -EINVAL },
		{ SVR_RECORD_MEDIUM, 20, 0x80, 0x64, -EINVAL },
		{ SVR_RECORD_FULL, 27, 0x80, 0x64, -EINVAL },
		/* byte 5 has to be the first of the lost CPUs that follow */
		{ SVR_RECORD_MEDIUM, 21, 0x04, 0x64, -EINVAL },
		{ SVR_RECORD_MEDIUM, 5, 0xff, 0x64, 0 },
		{ SVR_RECORD_MEDIUM, 5, 23, 0x64, -EINVAL },
		/* any address, any result code: their users check them */
		{ SVR_RECORD_MEDIUM, 24, 0xff, 0x44, 0 },
		{ SVR_RECORD_MEDIUM, 24, 0xff, 0x54, 0 },
	};
	struct svr_record rec, from = called;
	u8 raw[SVR_RECORD_FULL];
	unsigned int i;

	from.message[0] = 0;
	memset(from.lost, 0, sizeof(from.lost));
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		svr_record_encode(&from, raw, rows[i].size);
		raw[3] = rows[i].stage;
		raw[rows[i].at] = rows[i].value;
		seal(raw, rows[i].size);
		KUNIT_EXPECT_EQ_MSG(test,
				    svr_record_decode(raw, rows[i].size, &rec),
				    rows[i].err, "row %u", i);
	}
}

static void test_other_sizes(struct kunit *test)
{
	u8 raw[SVR_RECORD_FULL + 1] = { 'S', 'R' };
	struct svr_record rec;
	size_t size;

	for (size = 0; size <= sizeof(raw); size++)
		if (size != SVR_RECORD_SMALL && size != SVR_RECORD_MEDIUM &&
		    size != SVR_RECORD_FULL)
			KUNIT_EXPECT_EQ(test,
					svr_record_decode(raw, size, &rec),
					-EINVAL);
}

/* Only a load can have had it from somebody else */
static void test_hearsay(struct kunit *test)
{
	struct svr_record rec = {
		.stage = SVR_STAGE_CALLED, .cause = SVR_CAUSE_PANIC,
		.loaded = true, .hearsay = true, .cpu = SVR_RECORD_NO_CPU,
	}, back;
	u8 raw[SVR_RECORD_FULL];
	size_t size;

	for (size = SVR_RECORD_SMALL; size <= SVR_RECORD_FULL; size *= 2) {
		if (size != SVR_RECORD_SMALL && size != SVR_RECORD_MEDIUM &&
		    size != SVR_RECORD_FULL)
			continue;
		rec.loaded = true;
		svr_record_encode(&rec, raw, size);
		KUNIT_EXPECT_EQ(test, svr_record_decode(raw, size, &back), 0);
		KUNIT_EXPECT_TRUE(test, back.hearsay);
		KUNIT_EXPECT_EQ(test, back.cause, SVR_CAUSE_PANIC);
		rec.loaded = false;
		svr_record_encode(&rec, raw, size);
		KUNIT_EXPECT_EQ(test, svr_record_decode(raw, size, &back),
				-EINVAL);
	}
}

static struct kunit_case record_cases[] = {
	KUNIT_CASE(test_layout),
	KUNIT_CASE(test_older_drivers),
	KUNIT_CASE(test_hearsay),
	KUNIT_CASE_PARAM(test_there_and_back, codec_gen_params),
	KUNIT_CASE_PARAM(test_devices, device_gen_params),
	KUNIT_CASE(test_devices_layout),
	KUNIT_CASE(test_limits),
	KUNIT_CASE(test_text),
	KUNIT_CASE(test_bit_flips),
	KUNIT_CASE(test_torn),
	KUNIT_CASE_PARAM(test_found, raw_gen_params),
	KUNIT_CASE(test_ranges),
	KUNIT_CASE(test_other_sizes),
	{}
};

static struct kunit_suite record_suite = {
	.name = "svsm-reset-record-codec",
	.test_cases = record_cases,
};

kunit_test_suite(record_suite);
