// SPDX-License-Identifier: GPL-2.0-only
/*
 * The record that outlives a reset: whatever is found in the store, the
 * reason is right or it is "unknown".
 */
#include <kunit/test.h>

#include "record.c"

#define BOOT	0x12345678	/* tag of this boot */
#define OTHER	0x9abcdef0	/* tag of another */

static const struct svr_record called = {
	.stage = SVR_STAGE_CALLED,
	.reason = SVR_REASON_REBOOT,
	.cpu = 3,
	.count = 0x0102,
	.boot = OTHER,
	.lost = BIT(5) | BIT(31),
	.message = "Fatal except",
};

static const size_t sizes[] = { SVR_RECORD_SMALL, SVR_RECORD_LARGE };

/* The layout is what other versions of the driver have to read */
static void test_layout(struct kunit *test)
{
	static const u8 small[] = {
		'S', 'R', 2, 0x22, 3, 5, 0x02, 0x01, 0xf0, 0xde, 0xbc, 0x9a,
		/* as zlib.crc32() has it */
		0xe2, 0x65, 0xd4, 0x4d,
	};
	static const u8 large[] = {
		'S', 'R', 2, 0x22, 3, 5, 0x02, 0x01, 0xf0, 0xde, 0xbc, 0x9a,
		0x20, 0, 0, 0x80, 'F', 'a', 't', 'a', 'l', ' ', 'e', 'x', 'c',
		'e', 'p', 't',
		0x61, 0x3e, 0x3a, 0xb3,
	};
	u8 raw[SVR_RECORD_LARGE];

	svr_record_encode(&called, raw, SVR_RECORD_SMALL);
	KUNIT_EXPECT_MEMEQ(test, raw, small, sizeof(small));
	svr_record_encode(&called, raw, SVR_RECORD_LARGE);
	KUNIT_EXPECT_MEMEQ(test, raw, large, sizeof(large));
}

struct codec_row {
	const char *name;
	struct svr_record rec;
};

static const struct codec_row codec_rows[] = {
	{ "loaded, first boot",
	  { SVR_STAGE_LOADED, SVR_REASON_NONE, 0xff, 0, BOOT } },
	{ "loaded, unknown",
	  { SVR_STAGE_LOADED, SVR_REASON_UNKNOWN, 0xff, 1, BOOT } },
	{ "loaded after reboot", { SVR_STAGE_LOADED, SVR_REASON_REBOOT, 0, 1, 0 } },
	{ "called", { SVR_STAGE_CALLED, SVR_REASON_PANIC, 2, 1, BOOT, 0, "Oops" } },
	{ "returned", { SVR_STAGE_RETURNED, SVR_REASON_REBOOT, 0, 1, BOOT, BIT(2) } },
	{ "crashed", { SVR_STAGE_CRASHED, SVR_REASON_PANIC, 1, 1, BOOT, 0, "",
		       0x123456789abcd000 } },
	{ "largest", { SVR_STAGE_RETURNED, SVR_REASON_REFUSED, 0xfe, U16_MAX,
		       U32_MAX, U32_MAX, "~~~~~~~~~~~~" } },
};

KUNIT_ARRAY_PARAM_DESC(codec, codec_rows, name);

static void test_there_and_back(struct kunit *test)
{
	const struct codec_row *row = test->param_value;
	u8 raw[SVR_RECORD_LARGE];
	struct svr_record rec;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		size_t size = sizes[i];
		bool large = size == SVR_RECORD_LARGE;
		u32 first = row->rec.lost & -row->rec.lost;

		svr_record_encode(&row->rec, raw, size);
		KUNIT_ASSERT_EQ(test, svr_record_decode(raw, size, &rec), 0);
		KUNIT_EXPECT_EQ(test, rec.stage, row->rec.stage);
		KUNIT_EXPECT_EQ(test, rec.reason, row->rec.reason);
		KUNIT_EXPECT_EQ(test, rec.cpu, row->rec.cpu);
		KUNIT_EXPECT_EQ(test, rec.count, row->rec.count);
		KUNIT_EXPECT_EQ(test, rec.boot, row->rec.boot);
		KUNIT_EXPECT_EQ(test, rec.lost, large ? row->rec.lost : first);
		KUNIT_EXPECT_STREQ(test, rec.message,
				   large ? row->rec.message : "");
		KUNIT_EXPECT_EQ(test, rec.block, large ? row->rec.block : 0);
	}
}

/* A long message is cut, and what nobody can print is not shown */
static void test_message(struct kunit *test)
{
	static const u8 text[SVR_RECORD_MESSAGE] = {
		'a', 0x1b, '[', '\n', 0x7f, 0x80, 0xff, ' ', 'z', 0, 'x', 'x',
	};
	struct svr_record rec = called;
	u8 raw[SVR_RECORD_LARGE];

	svr_record_encode(&rec, raw, sizeof(raw));
	memcpy(raw + SVR_RECORD_TEXT, text, sizeof(text));
	put_unaligned_le32(svr_record_crc(raw, sizeof(raw)),
			   raw + svr_record_crc_at(sizeof(raw)));
	KUNIT_ASSERT_EQ(test, svr_record_decode(raw, sizeof(raw), &rec), 0);
	KUNIT_EXPECT_STREQ(test, rec.message, "a?[???? z");
}

static void expect_unknown(struct kunit *test, const u8 *raw, size_t size,
			   const char *what, int bit)
{
	struct svr_record rec;
	int err = svr_record_decode(raw, size, &rec);

	KUNIT_EXPECT_NE_MSG(test, err, 0, "%s %d", what, bit);
	KUNIT_EXPECT_EQ_MSG(test, svr_record_reason(err, &rec, BOOT),
			    SVR_REASON_UNKNOWN, "%s %d", what, bit);
	KUNIT_EXPECT_NULL(test, memchr_inv(&rec, 0, sizeof(rec)));
}

static void test_bit_flips(struct kunit *test)
{
	u8 raw[SVR_RECORD_LARGE];
	int bit, second, bits;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		size_t size = sizes[i];

		bits = 8 * size;
		svr_record_encode(&called, raw, size);
		for (bit = 0; bit < bits; bit++) {
			raw[bit / 8] ^= BIT(bit % 8);
			expect_unknown(test, raw, size, "bit", bit);
			for (second = bit + 1; second < bits; second++) {
				raw[second / 8] ^= BIT(second % 8);
				expect_unknown(test, raw, size,
					       "bit and second", second);
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
		.reason = SVR_REASON_NONE,
		.cpu = SVR_RECORD_NO_CPU,
		.boot = BOOT,
	};
	u8 old[SVR_RECORD_LARGE], new[SVR_RECORD_LARGE], raw[SVR_RECORD_LARGE];
	size_t at;

	svr_record_encode(&loaded, old, size);
	svr_record_encode(&called, new, size);
	memcpy(raw, old, size);
	for (at = 0; at < size; at++) {
		/* Up to the first difference it is the old record */
		if (memcmp(raw, old, size) && memcmp(raw, new, size))
			expect_unknown(test, raw, size, "torn at", at);
		raw[at] = new[at];
	}

	/* And over a store that nobody had written to */
	memset(raw, 0xff, size);
	for (at = 0; at < size - 1; at++) {
		raw[at] = new[at];
		expect_unknown(test, raw, size, "first, torn at", at);
	}
}

static void test_torn(struct kunit *test)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++)
		tear(test, sizes[i]);
}

struct raw_row {
	const char *name;
	u8 raw[SVR_RECORD_SMALL];
	bool fix_crc;
	int err;
	enum svr_reason reason;
};

#define NONE_LOST	SVR_RECORD_NONE_LOST
#define UNKNOWN		SVR_REASON_UNKNOWN

static const struct raw_row raw_rows[] = {
	{ "blank, zeros", {}, false, -ENODATA, SVR_REASON_NONE },
	{ "blank, ones", { [0 ... 15] = 0xff }, false, -ENODATA, SVR_REASON_NONE },
	{ "almost blank, zeros", { [15] = 1 }, false, -ENOMSG, UNKNOWN },
	{ "almost blank, ones", { [0 ... 14] = 0xff }, false, -ENOMSG, UNKNOWN },
	{ "foreign", "Somebody else's", false, -ENOMSG, UNKNOWN },
	{ "foreign, checksum right", { 'X', 'R', 2, 0x22, 0, NONE_LOST }, true, -ENOMSG, UNKNOWN },
	{ "no checksum", { 'S', 'R', 2, 0x22, 0, NONE_LOST }, false, -EBADMSG, UNKNOWN },
	{ "version 0", { 'S', 'R', 0, 0x22, 0, NONE_LOST }, true, -EPROTONOSUPPORT, UNKNOWN },
	{ "version 1", { 'S', 'R', 1, 2, 2 }, true, -EPROTONOSUPPORT, UNKNOWN },
	{ "version 255", { 'S', 'R', 255, 0x22, 0, NONE_LOST }, true, -EPROTONOSUPPORT, UNKNOWN },
	{ "stage 0", { 'S', 'R', 2, 0x02, 0, NONE_LOST }, true, -EINVAL, UNKNOWN },
	{ "stage 5", { 'S', 'R', 2, 0x52, 0, NONE_LOST }, true, -EINVAL, UNKNOWN },
	{ "stage 15", { 'S', 'R', 2, 0xf2, 0, NONE_LOST }, true, -EINVAL, UNKNOWN },
	{ "reason 7", { 'S', 'R', 2, 0x27, 0, NONE_LOST }, true, -EINVAL, UNKNOWN },
	{ "reason 15", { 'S', 'R', 2, 0x2f, 0, NONE_LOST }, true, -EINVAL, UNKNOWN },
	{ "lost CPU 32", { 'S', 'R', 2, 0x22, 0, 32 }, true, -EINVAL, UNKNOWN },
	{ "lost CPU 254", { 'S', 'R', 2, 0x22, 0, 254 }, true, -EINVAL, UNKNOWN },
	{ "called: reboot", { 'S', 'R', 2, 0x22, 0, NONE_LOST }, true, 0, SVR_REASON_REBOOT },
	{ "called: emergency", { 'S', 'R', 2, 0x23, 0, 1 }, true, 0, SVR_REASON_EMERGENCY },
	{ "called: panic", { 'S', 'R', 2, 0x24, 0, 31 }, true, 0, SVR_REASON_PANIC },
	{ "called: kdump", { 'S', 'R', 2, 0x25, 0, NONE_LOST }, true, 0, SVR_REASON_KDUMP },
	{ "called: none", { 'S', 'R', 2, 0x20, 0, NONE_LOST }, true, 0, UNKNOWN },
	{ "called: unknown", { 'S', 'R', 2, 0x21, 0, NONE_LOST }, true, 0, UNKNOWN },
	{ "returned: reboot", { 'S', 'R', 2, 0x32, 0, NONE_LOST }, true, 0, SVR_REASON_REFUSED },
	{ "crashed: panic", { 'S', 'R', 2, 0x44, 0, NONE_LOST }, true, 0, SVR_REASON_PANIC },
	{ "loaded in another boot",
	  { 'S', 'R', 2, 0x12, 0, NONE_LOST, 0, 0, 1 }, true, 0, UNKNOWN },
	{ "loaded in a boot without tag",
	  { 'S', 'R', 2, 0x12, 0, NONE_LOST }, true, 0, UNKNOWN },
	{ "loaded in this boot: reboot",
	  { 'S', 'R', 2, 0x12, 0, NONE_LOST, 0, 0, 0x78, 0x56, 0x34, 0x12 },
	  true, 0, SVR_REASON_REBOOT },
	{ "loaded in this boot: none",
	  { 'S', 'R', 2, 0x10, 0, NONE_LOST, 0, 0, 0x78, 0x56, 0x34, 0x12 },
	  true, 0, SVR_REASON_NONE },
};

KUNIT_ARRAY_PARAM_DESC(raw, raw_rows, name);

static void test_found(struct kunit *test)
{
	const struct raw_row *row = test->param_value;
	u8 raw[SVR_RECORD_SMALL];
	struct svr_record rec;
	int err;

	memcpy(raw, row->raw, sizeof(raw));
	if (row->fix_crc)
		put_unaligned_le32(svr_record_crc(raw, sizeof(raw)),
				   raw + svr_record_crc_at(sizeof(raw)));

	err = svr_record_decode(raw, sizeof(raw), &rec);
	KUNIT_EXPECT_EQ(test, err, row->err);
	KUNIT_EXPECT_EQ(test, svr_record_reason(err, &rec, BOOT), row->reason);
}

/* Which of two stores is believed, the first being the better one */
static void test_rank(struct kunit *test)
{
	static const struct {
		int first, second;
		bool take_second;
	} rows[] = {
		{ 0, 0, false },
		{ 0, -EBADMSG, false },
		{ -EBADMSG, 0, false },
		{ -EINVAL, 0, false },
		{ -ENODATA, 0, true },
		{ -ENODATA, -EBADMSG, true },
		{ -ENODATA, -ENOMSG, true },
		{ -ENODATA, -ENODATA, false },
		{ -ENOMSG, 0, true },
		{ -EPROTONOSUPPORT, -EBADMSG, true },
		{ -ENOMSG, -ENODATA, false },
		{ -ENOMSG, -EPROTONOSUPPORT, false },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rows); i++)
		KUNIT_EXPECT_EQ_MSG(test, svr_record_rank(rows[i].second) >
				    svr_record_rank(rows[i].first),
				    rows[i].take_second, "row %u", i);
}

static void test_other_sizes(struct kunit *test)
{
	u8 raw[SVR_RECORD_LARGE] = { 'S', 'R' };
	struct svr_record rec;
	size_t size;

	for (size = 0; size <= sizeof(raw); size++)
		if (size != SVR_RECORD_SMALL && size != SVR_RECORD_LARGE)
			KUNIT_EXPECT_EQ(test,
					svr_record_decode(raw, size, &rec),
					-EINVAL);
}

/* Without a tag of its own, a boot takes no record of a load for its own */
static void test_no_tag(struct kunit *test)
{
	static const struct svr_record loaded = {
		.stage = SVR_STAGE_LOADED,
		.reason = SVR_REASON_REBOOT,
	};

	KUNIT_EXPECT_EQ(test, svr_record_reason(0, &loaded, 0),
			SVR_REASON_UNKNOWN);
	KUNIT_EXPECT_EQ(test, svr_record_reason(0, &called, 0),
			SVR_REASON_REBOOT);
}

static struct kunit_case record_cases[] = {
	KUNIT_CASE(test_layout),
	KUNIT_CASE_PARAM(test_there_and_back, codec_gen_params),
	KUNIT_CASE(test_message),
	KUNIT_CASE(test_bit_flips),
	KUNIT_CASE(test_torn),
	KUNIT_CASE_PARAM(test_found, raw_gen_params),
	KUNIT_CASE(test_rank),
	KUNIT_CASE(test_other_sizes),
	KUNIT_CASE(test_no_tag),
	{}
};

static struct kunit_suite record_suite = {
	.name = "svsm-reset-record",
	.test_cases = record_cases,
};

kunit_test_suite(record_suite);
