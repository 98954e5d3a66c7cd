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
	.count = 0x0102,
	.boot = OTHER,
};

/* The layout is what other versions of the driver have to read */
static void test_layout(struct kunit *test)
{
	static const u8 expected[SVR_RECORD_CRC] = {
		'S', 'R', 1, 2, 2, 0, 0x02, 0x01, 0xf0, 0xde, 0xbc, 0x9a,
	};
	/* crc32 of those twelve bytes, as zlib.crc32() has it */
	static const u32 crc = 0xba80737b;
	u8 raw[SVR_RECORD_SIZE];

	svr_record_encode(&called, raw);
	KUNIT_EXPECT_MEMEQ(test, raw, expected, sizeof(expected));
	KUNIT_EXPECT_EQ(test, get_unaligned_le32(raw + SVR_RECORD_CRC), crc);
}

struct codec_row {
	const char *name;
	struct svr_record rec;
};

static const struct codec_row codec_rows[] = {
	{ "loaded, first boot", { SVR_STAGE_LOADED, SVR_REASON_NONE, 0, BOOT } },
	{ "loaded, unknown", { SVR_STAGE_LOADED, SVR_REASON_UNKNOWN, 1, BOOT } },
	{ "loaded after reboot", { SVR_STAGE_LOADED, SVR_REASON_REBOOT, 1, 0 } },
	{ "called", { SVR_STAGE_CALLED, SVR_REASON_REBOOT, 1, BOOT } },
	{ "returned", { SVR_STAGE_RETURNED, SVR_REASON_REBOOT, 1, BOOT } },
	{ "largest", { SVR_STAGE_RETURNED, SVR_REASON_REBOOT, U16_MAX, U32_MAX } },
};

KUNIT_ARRAY_PARAM_DESC(codec, codec_rows, name);

static void test_there_and_back(struct kunit *test)
{
	const struct codec_row *row = test->param_value;
	u8 raw[SVR_RECORD_SIZE];
	struct svr_record rec;

	svr_record_encode(&row->rec, raw);
	KUNIT_ASSERT_EQ(test, svr_record_decode(raw, &rec), 0);
	KUNIT_EXPECT_EQ(test, rec.stage, row->rec.stage);
	KUNIT_EXPECT_EQ(test, rec.reason, row->rec.reason);
	KUNIT_EXPECT_EQ(test, rec.count, row->rec.count);
	KUNIT_EXPECT_EQ(test, rec.boot, row->rec.boot);
}

static void expect_unknown(struct kunit *test, const u8 *raw, const char *what,
			   int bit)
{
	struct svr_record rec;
	int err = svr_record_decode(raw, &rec);

	KUNIT_EXPECT_NE_MSG(test, err, 0, "%s %d", what, bit);
	KUNIT_EXPECT_EQ_MSG(test, svr_record_reason(err, &rec, BOOT),
			    SVR_REASON_UNKNOWN, "%s %d", what, bit);
	KUNIT_EXPECT_NULL(test, memchr_inv(&rec, 0, sizeof(rec)));
}

static void test_bit_flips(struct kunit *test)
{
	u8 raw[SVR_RECORD_SIZE];
	int bit, second;

	svr_record_encode(&called, raw);
	for (bit = 0; bit < 8 * SVR_RECORD_SIZE; bit++) {
		raw[bit / 8] ^= BIT(bit % 8);
		expect_unknown(test, raw, "bit", bit);
		for (second = bit + 1; second < 8 * SVR_RECORD_SIZE; second++) {
			raw[second / 8] ^= BIT(second % 8);
			expect_unknown(test, raw, "bit and second", second);
			raw[second / 8] ^= BIT(second % 8);
		}
		raw[bit / 8] ^= BIT(bit % 8);
	}
}

/* Power lost, or a CPU stopped, while byte @i of the new record was written */
static void test_torn(struct kunit *test)
{
	static const struct svr_record loaded = {
		.stage = SVR_STAGE_LOADED,
		.reason = SVR_REASON_NONE,
		.count = 0,
		.boot = BOOT,
	};
	u8 old[SVR_RECORD_SIZE], new[SVR_RECORD_SIZE], raw[SVR_RECORD_SIZE];
	int i;

	svr_record_encode(&loaded, old);
	svr_record_encode(&called, new);
	memcpy(raw, old, sizeof(raw));
	for (i = 0; i < SVR_RECORD_SIZE; i++) {
		/* Up to the first difference it is the old record */
		if (memcmp(raw, old, sizeof(raw)) &&
		    memcmp(raw, new, sizeof(raw)))
			expect_unknown(test, raw, "torn at", i);
		raw[i] = new[i];
	}

	/* And over a store that nobody had written to */
	memset(raw, 0xff, sizeof(raw));
	for (i = 0; i < SVR_RECORD_SIZE - 1; i++) {
		raw[i] = new[i];
		expect_unknown(test, raw, "first, torn at", i);
	}
}

struct raw_row {
	const char *name;
	u8 raw[SVR_RECORD_SIZE];
	bool fix_crc;
	int err;
	enum svr_reason reason;
};

static const struct raw_row raw_rows[] = {
	{ "blank, zeros", {}, false, -ENODATA, SVR_REASON_NONE },
	{ "blank, ones", { [0 ... 15] = 0xff }, false, -ENODATA, SVR_REASON_NONE },
	{ "almost blank, zeros", { [15] = 1 }, false, -ENOMSG, SVR_REASON_UNKNOWN },
	{ "almost blank, ones", { [0 ... 14] = 0xff }, false, -ENOMSG, SVR_REASON_UNKNOWN },
	{ "foreign", "Somebody else's", false, -ENOMSG, SVR_REASON_UNKNOWN },
	{ "foreign, checksum right", { 'X', 'R', 1, 2, 2 }, true, -ENOMSG, SVR_REASON_UNKNOWN },
	{ "no checksum", { 'S', 'R', 1, 2, 2 }, false, -EBADMSG, SVR_REASON_UNKNOWN },
	{ "version 0", { 'S', 'R', 0, 2, 2 }, true, -EPROTONOSUPPORT, SVR_REASON_UNKNOWN },
	{ "version 2", { 'S', 'R', 2, 2, 2 }, true, -EPROTONOSUPPORT, SVR_REASON_UNKNOWN },
	{ "version 255", { 'S', 'R', 255, 2, 2 }, true, -EPROTONOSUPPORT, SVR_REASON_UNKNOWN },
	{ "stage 0", { 'S', 'R', 1, 0, 2 }, true, -EINVAL, SVR_REASON_UNKNOWN },
	{ "stage 4", { 'S', 'R', 1, 4, 2 }, true, -EINVAL, SVR_REASON_UNKNOWN },
	{ "stage 255", { 'S', 'R', 1, 255, 2 }, true, -EINVAL, SVR_REASON_UNKNOWN },
	{ "reason 3", { 'S', 'R', 1, 2, 3 }, true, -EINVAL, SVR_REASON_UNKNOWN },
	{ "reason 255", { 'S', 'R', 1, 2, 255 }, true, -EINVAL, SVR_REASON_UNKNOWN },
	{ "reserved byte", { 'S', 'R', 1, 2, 2, 1 }, true, -EINVAL, SVR_REASON_UNKNOWN },
	{ "called: reboot", { 'S', 'R', 1, 2, 2 }, true, 0, SVR_REASON_REBOOT },
	{ "called: none", { 'S', 'R', 1, 2, 0 }, true, 0, SVR_REASON_UNKNOWN },
	{ "called: unknown", { 'S', 'R', 1, 2, 1 }, true, 0, SVR_REASON_UNKNOWN },
	{ "returned: reboot", { 'S', 'R', 1, 3, 2 }, true, 0, SVR_REASON_UNKNOWN },
	{ "loaded in another boot",
	  { 'S', 'R', 1, 1, 2, 0, 0, 0, 1 }, true, 0, SVR_REASON_UNKNOWN },
	{ "loaded in a boot without tag", { 'S', 'R', 1, 1, 2 }, true, 0, SVR_REASON_UNKNOWN },
	{ "loaded in this boot: reboot",
	  { 'S', 'R', 1, 1, 2, 0, 0, 0, 0x78, 0x56, 0x34, 0x12 }, true, 0, SVR_REASON_REBOOT },
	{ "loaded in this boot: none",
	  { 'S', 'R', 1, 1, 0, 0, 0, 0, 0x78, 0x56, 0x34, 0x12 }, true, 0, SVR_REASON_NONE },
};

KUNIT_ARRAY_PARAM_DESC(raw, raw_rows, name);

static void test_found(struct kunit *test)
{
	const struct raw_row *row = test->param_value;
	u8 raw[SVR_RECORD_SIZE];
	struct svr_record rec;
	int err;

	memcpy(raw, row->raw, sizeof(raw));
	if (row->fix_crc)
		put_unaligned_le32(svr_record_crc(raw), raw + SVR_RECORD_CRC);

	err = svr_record_decode(raw, &rec);
	KUNIT_EXPECT_EQ(test, err, row->err);
	KUNIT_EXPECT_EQ(test, svr_record_reason(err, &rec, BOOT), row->reason);
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

static void test_reason_names(struct kunit *test)
{
	KUNIT_EXPECT_STREQ(test, svr_reason_name(SVR_REASON_NONE), "none");
	KUNIT_EXPECT_STREQ(test, svr_reason_name(SVR_REASON_UNKNOWN), "unknown");
	KUNIT_EXPECT_STREQ(test, svr_reason_name(SVR_REASON_REBOOT), "reboot");
	KUNIT_EXPECT_STREQ(test, svr_reason_name(SVR_NR_REASONS), "unknown");
	KUNIT_EXPECT_STREQ(test, svr_reason_name(-1), "unknown");
}

static struct kunit_case record_cases[] = {
	KUNIT_CASE(test_layout),
	KUNIT_CASE_PARAM(test_there_and_back, codec_gen_params),
	KUNIT_CASE(test_bit_flips),
	KUNIT_CASE(test_torn),
	KUNIT_CASE_PARAM(test_found, raw_gen_params),
	KUNIT_CASE(test_no_tag),
	KUNIT_CASE(test_reason_names),
	{}
};

static struct kunit_suite record_suite = {
	.name = "svsm-reset-record",
	.test_cases = record_cases,
};

kunit_test_suite(record_suite);
