// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a record means: whatever is found, the answer is right or "unknown".
 */
#include <kunit/test.h>

#include "lib/record-meaning.c"

#define BOOT	0x1234	/* tag of this boot */
#define OTHER	0x5678	/* tag of another */
#define NOW	1000	/* TSC */

/* Stages, with what is found of them after a load */
#define LOADED(tag)	.loaded = true, .boot = (tag)

struct meaning_row {
	const char *name;
	int decoded;
	struct svr_record rec;
	bool same_launch;
	enum svr_outcome outcome;
	enum svr_reason reason;
	/* stage and cause of the record that is left by the load */
	u8 stage;
	u8 cause;
};

static const struct meaning_row meaning_rows[] = {
	{ "first boot", -ENODATA, {}, false, SVR_OUTCOME_NONE, SVR_REASON_NONE,
	  SVR_STAGE_LOADED, SVR_CAUSE_NONE },
	{ "no store", -ENODEV, {}, false, SVR_OUTCOME_UNKNOWN,
	  SVR_REASON_UNKNOWN, SVR_STAGE_LOADED, SVR_CAUSE_UNKNOWN },
	{ "damaged", -EBADMSG, {}, true, SVR_OUTCOME_UNKNOWN,
	  SVR_REASON_UNKNOWN, SVR_STAGE_LOADED, SVR_CAUSE_UNKNOWN },
	{ "foreign", -ENOMSG, {}, true, SVR_OUTCOME_UNKNOWN,
	  SVR_REASON_UNKNOWN, SVR_STAGE_LOADED, SVR_CAUSE_UNKNOWN },
	{ "of another version", -EPROTONOSUPPORT, {}, true, SVR_OUTCOME_UNKNOWN,
	  SVR_REASON_UNKNOWN, SVR_STAGE_LOADED, SVR_CAUSE_UNKNOWN },
	/* The secrets page is this launch's, whatever the TSC says */
	{ "called, this launch", 0,
	  { SVR_STAGE_CALLED, .cause = SVR_CAUSE_PANIC, .boot = OTHER,
	    .tsc = NOW + 1 }, true,
	  SVR_OUTCOME_COMPLETED, SVR_REASON_PANIC,
	  SVR_STAGE_CALLED, SVR_CAUSE_PANIC },
	/* The secrets page is empty: another launch, or it has been restored */
	{ "called, TSC goes on", 0,
	  { SVR_STAGE_CALLED, .cause = SVR_CAUSE_REBOOT, .tsc = NOW - 1 },
	  false, SVR_OUTCOME_COMPLETED, SVR_REASON_REBOOT,
	  SVR_STAGE_CALLED, SVR_CAUSE_REBOOT },
	{ "called, TSC is the same", 0,
	  { SVR_STAGE_CALLED, .cause = SVR_CAUSE_REBOOT, .tsc = NOW },
	  false, SVR_OUTCOME_COMPLETED, SVR_REASON_REBOOT,
	  SVR_STAGE_CALLED, SVR_CAUSE_REBOOT },
	{ "called, TSC begins anew", 0,
	  { SVR_STAGE_CALLED, .cause = SVR_CAUSE_REBOOT, .tsc = NOW + 1 },
	  false, SVR_OUTCOME_RELAUNCHED, SVR_REASON_REBOOT,
	  SVR_STAGE_ELSEWHERE, SVR_CAUSE_REBOOT },
	{ "called, TSC not known", 0,
	  { SVR_STAGE_CALLED, .cause = SVR_CAUSE_KDUMP }, false,
	  SVR_OUTCOME_COMPLETED, SVR_REASON_KDUMP,
	  SVR_STAGE_CALLED, SVR_CAUSE_KDUMP },
	/* A refusal is one, whichever launch finds it */
	{ "refused", 0,
	  { SVR_STAGE_REFUSED, .cause = SVR_CAUSE_REBOOT, .tsc = NOW + 1 },
	  false, SVR_OUTCOME_REFUSED, SVR_REASON_REFUSED,
	  SVR_STAGE_REFUSED, SVR_CAUSE_REBOOT },
	{ "refused, this launch", 0,
	  { SVR_STAGE_REFUSED, .cause = SVR_CAUSE_EMERGENCY }, true,
	  SVR_OUTCOME_REFUSED, SVR_REASON_REFUSED,
	  SVR_STAGE_REFUSED, SVR_CAUSE_EMERGENCY },
	{ "returned", 0, { SVR_STAGE_RETURNED, .cause = SVR_CAUSE_PANIC },
	  true, SVR_OUTCOME_REFUSED, SVR_REASON_REFUSED,
	  SVR_STAGE_RETURNED, SVR_CAUSE_PANIC },
	{ "no answer", 0, { SVR_STAGE_NOANSWER, .cause = SVR_CAUSE_KDUMP },
	  false, SVR_OUTCOME_REFUSED, SVR_REASON_REFUSED,
	  SVR_STAGE_NOANSWER, SVR_CAUSE_KDUMP },
	{ "crashed", 0, { SVR_STAGE_CRASHED, .cause = SVR_CAUSE_KDUMP },
	  true, SVR_OUTCOME_UNKNOWN, SVR_REASON_KDUMP,
	  SVR_STAGE_CRASHED, SVR_CAUSE_KDUMP },
	{ "crashed, another launch", 0,
	  { SVR_STAGE_CRASHED, .cause = SVR_CAUSE_KDUMP, .tsc = NOW + 1 },
	  false, SVR_OUTCOME_UNKNOWN, SVR_REASON_KDUMP,
	  SVR_STAGE_CRASHED, SVR_CAUSE_KDUMP },
	/* The machine came up, and again without our doing */
	{ "loaded by another boot", 0,
	  { SVR_STAGE_CALLED, .cause = SVR_CAUSE_PANIC, LOADED(OTHER) }, true,
	  SVR_OUTCOME_UNKNOWN, SVR_REASON_UNKNOWN,
	  SVR_STAGE_LOADED, SVR_CAUSE_UNKNOWN },
	{ "loaded by another boot: none", 0,
	  { SVR_STAGE_LOADED, .cause = SVR_CAUSE_NONE, LOADED(OTHER) }, true,
	  SVR_OUTCOME_UNKNOWN, SVR_REASON_UNKNOWN,
	  SVR_STAGE_LOADED, SVR_CAUSE_UNKNOWN },
	{ "loaded by a boot without tag", 0,
	  { SVR_STAGE_CALLED, .cause = SVR_CAUSE_PANIC, LOADED(0) }, true,
	  SVR_OUTCOME_UNKNOWN, SVR_REASON_UNKNOWN,
	  SVR_STAGE_LOADED, SVR_CAUSE_UNKNOWN },
	{ "crashed, loaded by another boot", 0,
	  { SVR_STAGE_CRASHED, .cause = SVR_CAUSE_KDUMP, LOADED(OTHER) }, true,
	  SVR_OUTCOME_UNKNOWN, SVR_REASON_UNKNOWN,
	  SVR_STAGE_LOADED, SVR_CAUSE_UNKNOWN },
	/* Unloaded and loaded again: what was found first */
	{ "loaded by this boot: none", 0,
	  { SVR_STAGE_LOADED, .cause = SVR_CAUSE_NONE, LOADED(BOOT) }, true,
	  SVR_OUTCOME_NONE, SVR_REASON_NONE,
	  SVR_STAGE_LOADED, SVR_CAUSE_NONE },
	{ "loaded by this boot: unknown", 0,
	  { SVR_STAGE_LOADED, .cause = SVR_CAUSE_UNKNOWN, LOADED(BOOT) }, true,
	  SVR_OUTCOME_UNKNOWN, SVR_REASON_UNKNOWN,
	  SVR_STAGE_LOADED, SVR_CAUSE_UNKNOWN },
	{ "loaded by this boot: called", 0,
	  { SVR_STAGE_CALLED, .cause = SVR_CAUSE_PANIC, LOADED(BOOT),
	    .tsc = NOW + 1 }, false,
	  SVR_OUTCOME_COMPLETED, SVR_REASON_PANIC,
	  SVR_STAGE_CALLED, SVR_CAUSE_PANIC },
	/* ... although the TSC has gone past by then */
	{ "loaded by this boot: relaunched", 0,
	  { SVR_STAGE_ELSEWHERE, .cause = SVR_CAUSE_PANIC, LOADED(BOOT),
	    .tsc = NOW - 1 }, false,
	  SVR_OUTCOME_RELAUNCHED, SVR_REASON_PANIC,
	  SVR_STAGE_ELSEWHERE, SVR_CAUSE_PANIC },
	{ "loaded by this boot: returned", 0,
	  { SVR_STAGE_RETURNED, .cause = SVR_CAUSE_PANIC, LOADED(BOOT) }, true,
	  SVR_OUTCOME_REFUSED, SVR_REASON_REFUSED,
	  SVR_STAGE_RETURNED, SVR_CAUSE_PANIC },
	{ "loaded by this boot: crashed", 0,
	  { SVR_STAGE_CRASHED, .cause = SVR_CAUSE_KDUMP, LOADED(BOOT) }, true,
	  SVR_OUTCOME_UNKNOWN, SVR_REASON_KDUMP,
	  SVR_STAGE_CRASHED, SVR_CAUSE_KDUMP },
};

KUNIT_ARRAY_PARAM_DESC(meaning, meaning_rows, name);

static void test_meaning(struct kunit *test)
{
	const struct meaning_row *row = test->param_value;
	struct svr_record rec = row->rec;
	enum svr_outcome outcome;

	rec.counts[SVR_REASON_KDUMP] = 9;
	outcome = svr_record_outcome(row->decoded, &rec, BOOT, row->same_launch,
				     NOW);
	KUNIT_EXPECT_EQ(test, outcome, row->outcome);
	svr_record_settle(&rec, outcome, BOOT);
	KUNIT_EXPECT_EQ(test, rec.stage, row->stage);
	KUNIT_EXPECT_EQ(test, rec.cause, row->cause);
	KUNIT_EXPECT_TRUE(test, rec.loaded);
	KUNIT_EXPECT_EQ(test, rec.boot, BOOT);
	KUNIT_EXPECT_EQ(test, rec.counts[SVR_REASON_KDUMP], 9);
	KUNIT_EXPECT_EQ(test, svr_record_reason(&rec, outcome), row->reason);

	/* The same after another load: what it has left */
	outcome = svr_record_outcome(0, &rec, BOOT, row->same_launch,
				     NOW + 1000);
	KUNIT_EXPECT_EQ(test, outcome, row->outcome);
	svr_record_settle(&rec, outcome, BOOT);
	KUNIT_EXPECT_EQ(test, svr_record_reason(&rec, outcome), row->reason);

	/* And unknown to another boot that finds it */
	outcome = svr_record_outcome(0, &rec, OTHER, row->same_launch, NOW);
	KUNIT_EXPECT_EQ(test, outcome, SVR_OUTCOME_UNKNOWN);
	svr_record_settle(&rec, outcome, OTHER);
	KUNIT_EXPECT_EQ(test, svr_record_reason(&rec, outcome),
			SVR_REASON_UNKNOWN);
	KUNIT_EXPECT_EQ(test, rec.counts[SVR_REASON_KDUMP], 9);
}

/* Without a tag of its own, a boot takes no record of a load for its own */
static void test_no_tag(struct kunit *test)
{
	static const struct svr_record loaded = {
		.stage = SVR_STAGE_CALLED,
		.cause = SVR_CAUSE_REBOOT,
		.loaded = true,
	}, called = {
		.stage = SVR_STAGE_CALLED,
		.cause = SVR_CAUSE_REBOOT,
	};

	KUNIT_EXPECT_EQ(test, svr_record_outcome(0, &loaded, 0, true, NOW),
			SVR_OUTCOME_UNKNOWN);
	KUNIT_EXPECT_EQ(test, svr_record_outcome(0, &called, 0, true, NOW),
			SVR_OUTCOME_COMPLETED);
}

/* A record that is not about the last reset tells nothing of it */
static void test_forgotten(struct kunit *test)
{
	struct svr_record rec = {
		.stage = SVR_STAGE_RETURNED,
		.cause = SVR_CAUSE_PANIC,
		.loaded = true,
		.boot = OTHER,
		.time = 1,
		.rax = 2,
		.result = true,
		.interrupted = true,
		.lost = { 1 },
		.message = "old",
		.counts = { 0, 1, 2, 3, 4, 5, 6 },
	};

	svr_record_settle(&rec, SVR_OUTCOME_UNKNOWN, BOOT);
	KUNIT_EXPECT_EQ(test, rec.cpu, SVR_RECORD_NO_CPU);
	KUNIT_EXPECT_EQ(test, rec.time, 0);
	KUNIT_EXPECT_FALSE(test, rec.result);
	KUNIT_EXPECT_FALSE(test, rec.interrupted);
	KUNIT_EXPECT_EQ(test, rec.lost[0], 0);
	KUNIT_EXPECT_STREQ(test, rec.message, "");
	KUNIT_EXPECT_EQ(test, rec.counts[SVR_REASON_REFUSED], 6);
}

/* A reset that ended in another launch does not count; a count stays at its limit */
static void test_counts(struct kunit *test)
{
	struct svr_record rec = {
		.stage = SVR_STAGE_CALLED,
		.cause = SVR_CAUSE_PANIC,
		.counts = { 0, 3, 0, 0, 1, 0, U16_MAX - 1 },
	};

	svr_record_count(&rec, SVR_REASON_REFUSED);
	svr_record_count(&rec, SVR_REASON_REFUSED);
	KUNIT_EXPECT_EQ(test, rec.counts[SVR_REASON_REFUSED], U16_MAX);

	svr_record_settle(&rec, SVR_OUTCOME_RELAUNCHED, BOOT);
	KUNIT_EXPECT_EQ(test, rec.counts[SVR_REASON_PANIC], 0);
	KUNIT_EXPECT_EQ(test, rec.counts[SVR_REASON_UNKNOWN], 3);
	/* Once only */
	svr_record_settle(&rec, SVR_OUTCOME_RELAUNCHED, BOOT);
	KUNIT_EXPECT_EQ(test, rec.counts[SVR_REASON_UNKNOWN], 3);

	rec.stage = SVR_STAGE_CALLED;
	svr_record_settle(&rec, SVR_OUTCOME_RELAUNCHED, BOOT);
	KUNIT_EXPECT_EQ(test, rec.counts[SVR_REASON_UNKNOWN], 2);
}

/* Resets that another store counts, and this one has no room for */
static void test_join(struct kunit *test)
{
	struct svr_record rec = {
		.boot = BOOT,
		.counts = { 0, 1, 2, 1, 0, 0, 7 },
	};
	u16 *unknown = &rec.counts[SVR_REASON_UNKNOWN];

	svr_record_join(&rec, OTHER, 100);
	svr_record_join(&rec, BOOT, 3);
	svr_record_join(&rec, BOOT, 4);
	KUNIT_EXPECT_EQ(test, *unknown, 1);

	svr_record_join(&rec, BOOT, 6);
	KUNIT_EXPECT_EQ(test, *unknown, 3);
	KUNIT_EXPECT_EQ(test, svr_record_resets(&rec), 6);
	KUNIT_EXPECT_EQ(test, rec.counts[SVR_REASON_REFUSED], 7);

	svr_record_join(&rec, BOOT, 1000000);
	KUNIT_EXPECT_EQ(test, *unknown, U16_MAX);

	rec = (struct svr_record) {};
	svr_record_join(&rec, 0, 5);
	KUNIT_EXPECT_EQ(test, *unknown, 0);
}

/* What became of the crash kernel: "ended" says nothing of the dump itself */
struct dump_row {
	const char *name;
	struct svr_record rec;
	enum svr_dump dump;
};

#define KDUMP	.cause = SVR_CAUSE_KDUMP

static const struct dump_row dump_rows[] = {
	{ "nothing known", { SVR_STAGE_LOADED, .cause = SVR_CAUSE_UNKNOWN },
	  SVR_DUMP_NONE },
	{ "panic", { SVR_STAGE_CALLED, .cause = SVR_CAUSE_PANIC },
	  SVR_DUMP_NONE },
	{ "not heard of since", { SVR_STAGE_CRASHED, KDUMP }, SVR_DUMP_UNKNOWN },
	{ "orderly", { SVR_STAGE_CALLED, KDUMP }, SVR_DUMP_ENDED },
	{ "orderly, another launch", { SVR_STAGE_ELSEWHERE, KDUMP },
	  SVR_DUMP_ENDED },
	{ "orderly, refused", { SVR_STAGE_REFUSED, KDUMP }, SVR_DUMP_ENDED },
	{ "panicked", { SVR_STAGE_CALLED, KDUMP, .interrupted = true },
	  SVR_DUMP_INTERRUPTED },
	{ "panicked, refused", { SVR_STAGE_RETURNED, KDUMP, .interrupted = true },
	  SVR_DUMP_INTERRUPTED },
};

KUNIT_ARRAY_PARAM_DESC(dump, dump_rows, name);

static void test_dump(struct kunit *test)
{
	const struct dump_row *row = test->param_value;
	struct svr_record rec = row->rec;
	enum svr_outcome outcome;

	KUNIT_EXPECT_EQ(test, svr_record_dump(&rec), row->dump);
	/* And after a load, which leaves it as it is */
	outcome = svr_record_outcome(0, &rec, BOOT, true, NOW);
	svr_record_settle(&rec, outcome, BOOT);
	KUNIT_EXPECT_EQ(test, svr_record_dump(&rec), row->dump);
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
		{ -ENODEV, -ENODATA, true },
		{ -ENODEV, 0, true },
		{ -ENODATA, -ENODEV, false },
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

/* More about the same reset, and not about another */
struct better_row {
	const char *name;
	struct svr_record rec;
	struct svr_record than;
	bool better;
};

#define MEDIUM(...)						\
	{ SVR_STAGE_CALLED, .cause = SVR_CAUSE_PANIC,		\
	  .boot = OTHER, .time = 5, ##__VA_ARGS__ }
#define FULL(...)	MEDIUM(.kernel = "6.12", ##__VA_ARGS__)

static const struct better_row better_rows[] = {
	{ "the same", MEDIUM(), MEDIUM(), false },
	{ "fuller", FULL(), MEDIUM(), true },
	{ "both full", FULL(), FULL(), false },
	{ "less", MEDIUM(), FULL(), false },
	{ "fuller than a small one", FULL(), MEDIUM(.time = 0), true },
	{ "another boot", FULL(.boot = BOOT), MEDIUM(), false },
	{ "no tag", FULL(.boot = 0), MEDIUM(.boot = 0), false },
	{ "another stage", FULL(.stage = SVR_STAGE_RETURNED), MEDIUM(), false },
	{ "another cause", FULL(.cause = SVR_CAUSE_REBOOT), MEDIUM(), false },
	{ "another end of the dump",
	  FULL(.cause = SVR_CAUSE_KDUMP, .interrupted = true),
	  MEDIUM(.cause = SVR_CAUSE_KDUMP), false },
	{ "another time", FULL(.time = 6), MEDIUM(), false },
	/* One of them could not be written when the reset began */
	{ "fuller, but older", FULL(.loaded = true), MEDIUM(), false },
	{ "newer", MEDIUM(.time = 0), FULL(.loaded = true), true },
	{ "newer, another boot", MEDIUM(), FULL(.loaded = true, .boot = BOOT),
	  false },
	{ "as old, fuller", FULL(.loaded = true), MEDIUM(.loaded = true), true },
};

static void test_better(struct kunit *test)
{
	const struct better_row *row = test->param_value;

	KUNIT_EXPECT_EQ(test, row->better,
			svr_record_better(&row->rec, &row->than));
}

KUNIT_ARRAY_PARAM_DESC(better, better_rows, name);

/* The time of the crash; after the dump the record's time is that of the reset */
static void test_crash_time(struct kunit *test)
{
	struct svr_record rec = {
		.stage = SVR_STAGE_CRASHED, .cause = SVR_CAUSE_KDUMP, .time = 1000,
	};

	KUNIT_EXPECT_EQ(test, svr_record_crash_time(&rec), 1000);
	rec.stage = SVR_STAGE_CALLED;
	KUNIT_EXPECT_EQ(test, svr_record_crash_time(&rec), 0);
	rec.crashed = 900;
	KUNIT_EXPECT_EQ(test, svr_record_crash_time(&rec), 900);
	rec.stage = SVR_STAGE_RETURNED;
	KUNIT_EXPECT_EQ(test, svr_record_crash_time(&rec), 900);
	rec.cause = SVR_CAUSE_PANIC;
	KUNIT_EXPECT_EQ(test, svr_record_crash_time(&rec), 0);
}

static struct kunit_case meaning_cases[] = {
	KUNIT_CASE_PARAM(test_meaning, meaning_gen_params),
	KUNIT_CASE(test_no_tag),
	KUNIT_CASE(test_forgotten),
	KUNIT_CASE(test_counts),
	KUNIT_CASE(test_join),
	KUNIT_CASE_PARAM(test_dump, dump_gen_params),
	KUNIT_CASE(test_rank),
	KUNIT_CASE_PARAM(test_better, better_gen_params),
	KUNIT_CASE(test_crash_time),
	{}
};

static struct kunit_suite meaning_suite = {
	.name = "svsm-reset-record-meaning",
	.test_cases = meaning_cases,
};

kunit_test_suite(meaning_suite);
