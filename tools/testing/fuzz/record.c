// SPDX-License-Identifier: GPL-2.0
/*
 * The record: any bytes, in any size. What comes out of the decoder is in range,
 * and the same when it has been encoded and decoded again.
 */
#include "record-codec.h"

static const size_t sizes[] = {
	SVR_RECORD_SMALL, SVR_RECORD_MEDIUM, SVR_RECORD_FULL,
};

static void seal(u8 *raw, size_t size, bool devices)
{
	memcpy(raw, "SR", 2);
	raw[2] = devices ? SVR_RECORD_VERSION_DEVICES : SVR_RECORD_VERSION;
	put_unaligned_le32(~crc32_le(~0U, raw, size - 4), raw + size - 4);
}

static void check_text(const char *text)
{
	size_t i, len = strnlen(text, SVR_RECORD_TEXT + 1);

	expect(len <= SVR_RECORD_TEXT);
	for (i = 0; i < len; i++)
		expect(text[i] >= ' ' && text[i] <= '~');
}

/* None where nothing had to be stopped yet, and no more names than devices */
static void check_devices(const struct svr_record *rec)
{
	unsigned int i;

	expect(!rec->devices || (rec->stage != SVR_STAGE_LOADED &&
				 rec->stage != SVR_STAGE_CRASHED));
	for (i = rec->devices; i < SVR_RECORD_DEVICES; i++)
		expect(!rec->device[i]);
}

static void check_record(const struct svr_record *rec)
{
	expect(rec->stage >= SVR_STAGE_LOADED &&
	       rec->stage <= SVR_STAGE_ELSEWHERE);
	expect(rec->cause < SVR_NR_CAUSES);
	expect(rec->trigger < SVR_NR_TRIGGERS);
	expect((rec->trigger != SVR_TRIGGER_NONE) ==
	       (rec->cause == SVR_CAUSE_EMERGENCY));
	expect(!rec->crashed || rec->cause == SVR_CAUSE_KDUMP);
	expect(!rec->interrupted || (rec->cause == SVR_CAUSE_KDUMP &&
				     rec->stage != SVR_STAGE_CRASHED));
	expect(rec->cpu == SVR_RECORD_NO_CPU || rec->cpu <= 0xffff);
	expect(rec->err <= 0);
	check_devices(rec);
	check_text(rec->kernel);
	check_text(rec->message);
}

static void code_again(const struct svr_record *rec, size_t size,
		       struct svr_record *again)
{
	u8 *raw = malloc(size);

	svr_record_encode(rec, raw, size);
	expect(!svr_record_decode(raw, size, again));
	free(raw);
}

/* A message may have been written in more codes than ours takes for it, but not twice */
static void check_again(const struct svr_record *rec, size_t size)
{
	struct svr_record again, third;

	code_again(rec, size, &again);
	code_again(&again, size, &third);
	expect(!memcmp(&again, &third, sizeof(again)));
	memcpy(again.message, rec->message, sizeof(again.message));
	expect(!memcmp(rec, &again, sizeof(again)));
}

/* What a load makes of it can be written to any store */
static void check_judged(int err, const struct svr_record *found, u8 way)
{
	u16 boot = way & 1 ? found->boot : 0x1234;
	struct svr_record rec = *found, other;
	enum svr_outcome outcome;
	u8 raw[SVR_RECORD_FULL];
	unsigned int i;

	outcome = svr_record_outcome(err, &rec, boot, way & 2,
				     1ULL << 40);
	expect(outcome < SVR_NR_OUTCOMES);
	svr_record_settle(&rec, outcome, boot);
	expect(rec.loaded && rec.boot == boot);
	expect(svr_record_reason(&rec, outcome) < SVR_NR_REASONS);
	expect((svr_record_dump(&rec) == SVR_DUMP_NONE) ==
	       (rec.cause != SVR_CAUSE_KDUMP));
	expect(outcome != SVR_OUTCOME_COMPLETED ||
	       svr_record_reason(&rec, outcome) > SVR_REASON_UNKNOWN);
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		svr_record_encode(&rec, raw, sizes[i]);
		expect(!svr_record_decode(raw, sizes[i], &other));
	}
}

int fuzz_one(const u8 *data, size_t len)
{
	struct svr_record rec;
	size_t size;
	u8 how, *raw;
	int err;

	if (len < 1)
		return 0;
	how = *data++;
	len--;
	/* One of the sizes, made to look like ours more often than not; or any */
	size = how & 0x40 ? len : sizes[how % ARRAY_SIZE(sizes)];
	raw = calloc(size ?: 1, 1);
	memcpy(raw, data, len < size ? len : size);
	if (how & 0x80 && size >= SVR_RECORD_SMALL)
		seal(raw, size, how & 0x20);

	err = svr_record_decode(raw, size, &rec);
	expect(err <= 0);
	expect(svr_record_rank(err) <= SVR_RANK_OURS);
	if (err) {
		expect(!memchr_inv(&rec, 0, sizeof(rec)));
	} else {
		check_record(&rec);
		check_again(&rec, size);
	}
	check_judged(err, &rec, how >> 2);
	free(raw);
	return 0;
}
