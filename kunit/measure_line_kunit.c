// SPDX-License-Identifier: GPL-2.0-only
/*
 * The line for IMA: what verifiers parse, so each key is in its place, and nothing else is
 * in it.
 */
#include <kunit/test.h>
#include <linux/ctype.h>
#include <linux/limits.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "lib/measure-line.c"

#define LINE(reason, cause, trigger, outcome, dump, count, store, trust, boot, ms) \
	("version=1;reason=" reason ";cause=" cause ";trigger=" trigger	\
	 ";outcome=" outcome ";dump=" dump ";count=" count ";store=" store \
	 ";trust=" trust ";boot=" boot ";uptime_ms=" ms ";")

struct measure_row {
	const char *name;
	struct svr_measured facts;
	const char *line;
};

static const struct measure_row measure_rows[] = {
	{ "first boot",
	  { .reason = SVR_REASON_NONE, .store = "none", .boot = 0x1a2b,
	    .uptime_ms = 6214 },
	  LINE("none", "none", "none", "none", "none", "0", "none", "none",
	       "0x1a2b", "6214") },
	{ "panic",
	  { .reason = SVR_REASON_PANIC, .cause = SVR_CAUSE_PANIC,
	    .outcome = SVR_OUTCOME_COMPLETED, .count = 1,
	    .store = "secrets", .trust = SVR_TRUST_GUEST, .boot = 1,
	    .uptime_ms = 0 },
	  LINE("panic", "panic", "none", "completed", "none", "1", "secrets",
	       "guest", "0x0001", "0") },
	{ "sysrq-b, from a store of the host's, without a tag",
	  { .reason = SVR_REASON_EMERGENCY, .cause = SVR_CAUSE_EMERGENCY,
	    .trigger = SVR_TRIGGER_SYSRQ, .outcome = SVR_OUTCOME_RELAUNCHED,
	    .count = 65535, .store = "cmos", .trust = SVR_TRUST_HOST },
	  LINE("emergency-restart", "emergency-restart", "sysrq-b",
	       "relaunched", "none", "65535", "cmos", "host", "0x0000", "0") },
	{ "refused",
	  { .reason = SVR_REASON_REFUSED, .cause = SVR_CAUSE_REBOOT,
	    .outcome = SVR_OUTCOME_REFUSED, .count = 3, .store = "efi",
	    .trust = SVR_TRUST_HOST, .boot = U16_MAX,
	    .uptime_ms = U64_MAX },
	  LINE("refused", "reboot", "none", "refused", "none", "3", "efi",
	       "host", "0xffff", "18446744073709551615") },
	{ "in a crash kernel",
	  { .reason = SVR_REASON_KDUMP, .cause = SVR_CAUSE_KDUMP,
	    .outcome = SVR_OUTCOME_UNKNOWN, .dump = SVR_DUMP_IN_PROGRESS,
	    .count = UINT_MAX, .store = "secrets", .trust = SVR_TRUST_GUEST,
	    .boot = 0xabcd, .uptime_ms = 1 },
	  LINE("kdump", "kdump", "none", "unknown", "in-progress", "4294967295",
	       "secrets", "guest", "0xabcd", "1") },
};

KUNIT_ARRAY_PARAM_DESC(measure, measure_rows, name);

static void test_line(struct kunit *test)
{
	const struct measure_row *row = test->param_value;
	char *line = svr_measure_line(&row->facts);

	KUNIT_ASSERT_NOT_NULL(test, line);
	KUNIT_EXPECT_STREQ(test, line, row->line);
	kfree(line);
}

/* Whatever the words are, a reader can take the line apart */
static void test_every_word(struct kunit *test)
{
	struct svr_measured facts = { .store = "secrets" };
	unsigned int i, j, pairs;
	char *line;

	for (i = 0; i < SVR_NR_REASONS * SVR_NR_TRIGGERS; i++) {
		facts.reason = i % SVR_NR_REASONS;
		facts.cause = i % SVR_NR_CAUSES;
		facts.trigger = i / SVR_NR_REASONS;
		facts.outcome = i % SVR_NR_OUTCOMES;
		facts.dump = i % SVR_NR_DUMPS;
		facts.trust = i % SVR_NR_TRUSTS;
		line = svr_measure_line(&facts);
		KUNIT_ASSERT_NOT_NULL(test, line);
		for (j = 0, pairs = 0; line[j]; j++) {
			KUNIT_EXPECT_TRUE(test, isascii(line[j]) &&
					  isgraph(line[j]));
			pairs += line[j] == ';';
		}
		KUNIT_EXPECT_EQ(test, pairs, 11);
		KUNIT_EXPECT_EQ(test, line[j - 1], ';');
		kfree(line);
	}
}

static struct kunit_case measure_cases[] = {
	KUNIT_CASE_PARAM(test_line, measure_gen_params),
	KUNIT_CASE(test_every_word),
	{}
};

static struct kunit_suite measure_suite = {
	.name = "svsm-reset-measure-line",
	.test_cases = measure_cases,
};

kunit_test_suite(measure_suite);
