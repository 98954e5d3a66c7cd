// SPDX-License-Identifier: GPL-2.0-only
/*
 * The words: each value has one, no two have the same, and they are fit for a
 * file with one value, and for the tool's and the documents' tables.
 */
#include <kunit/test.h>
#include <linux/ctype.h>
#include <linux/string.h>

#include "lib/words.c"

struct words_row {
	const char *name;
	const struct svr_word *words;
	unsigned int count;
	/* each of them, since programs look for them */
	const char *all;
};

static const struct words_row words_rows[] = {
	{ "reasons", svr_reason_words, SVR_NR_REASONS,
	  "none unknown reboot emergency-restart panic kdump refused" },
	{ "triggers", svr_trigger_words, SVR_NR_TRIGGERS,
	  "none unknown sysrq-b kernel deadman" },
	{ "outcomes", svr_outcome_words, SVR_NR_OUTCOMES,
	  "none unknown completed refused relaunched" },
	{ "dumps", svr_dump_words, SVR_NR_DUMPS,
	  "none unknown ended interrupted in-progress" },
	{ "trusts", svr_trust_words, SVR_NR_TRUSTS, "none host guest" },
	{ "states", svr_state_words, SVR_NR_STATES,
	  "ready armed firing spent disabled" },
	{ "policies", svr_ap_policy_words, SVR_NR_AP_POLICIES,
	  "refuse host force" },
	{ "device policies", svr_device_policy_words, SVR_NR_DEVICE_POLICIES,
	  "refuse force" },
	{ "fates", svr_fate_words, SVR_NR_FATES,
	  "running destroyed offline parked deleted" },
	{ "declines", svr_decline_words, SVR_NR_DECLINES,
	  "disabled spent unloading no-calling-area policy device" },
	{ "steps", svr_step_words, SVR_NR_STEPS,
	  "version service record handover nmi" },
	{ "checks", svr_check_words, SVR_NR_CHECKS,
	  "ok failed skipped gave-way" },
};

KUNIT_ARRAY_PARAM_DESC(words, words_rows, name);

static void test_words(struct kunit *test)
{
	const struct words_row *row = test->param_value;
	const char *all = row->all;
	unsigned int i, j;

	for (i = 0; i < row->count; i++) {
		const char *word = row->words[i].word, *c;
		const char *text = row->words[i].text;
		size_t len;

		KUNIT_ASSERT_NOT_NULL(test, word);
		KUNIT_ASSERT_NOT_NULL(test, text);
		for (c = word; *c; c++)
			KUNIT_EXPECT_TRUE(test, islower(*c) || *c == '-');
		for (j = 0; j < i; j++)
			KUNIT_EXPECT_STRNEQ(test, word, row->words[j].word);
		KUNIT_EXPECT_TRUE(test, *text && text[strlen(text) - 1] != '.');

		len = strlen(word);
		KUNIT_ASSERT_EQ(test, strncmp(all, word, len), 0);
		KUNIT_ASSERT_TRUE(test, !all[len] || all[len] == ' ');
		all += len + !!all[len];
	}
	KUNIT_EXPECT_EQ(test, *all, 0);
}

static void test_no_such_value(struct kunit *test)
{
	KUNIT_EXPECT_STREQ(test, svr_reason_name(SVR_NR_REASONS), "unknown");
	KUNIT_EXPECT_STREQ(test, svr_reason_name(-1), "unknown");
	KUNIT_EXPECT_STREQ(test, svr_outcome_name(SVR_NR_OUTCOMES), "unknown");
	KUNIT_EXPECT_STREQ(test, svr_dump_name(SVR_NR_DUMPS), "unknown");
	KUNIT_EXPECT_STREQ(test, svr_trust_name(SVR_NR_TRUSTS), "unknown");
	KUNIT_EXPECT_STREQ(test, svr_state_name(SVR_NR_STATES), "unknown");
	KUNIT_EXPECT_STREQ(test, svr_state_name(-1), "unknown");
	KUNIT_EXPECT_STREQ(test, svr_ap_policy_name(SVR_NR_AP_POLICIES),
			   "unknown");
	KUNIT_EXPECT_STREQ(test, svr_fate_name(SVR_NR_FATES), "unknown");
	KUNIT_EXPECT_STREQ(test, svr_decline_name(SVR_NR_DECLINES), "unknown");
	KUNIT_EXPECT_STREQ(test, svr_step_name(SVR_NR_STEPS), "unknown");
	KUNIT_EXPECT_STREQ(test, svr_check_name(-1), "unknown");
	KUNIT_EXPECT_STREQ(test, svr_cause_name(SVR_NR_CAUSES), "unknown");
	KUNIT_EXPECT_STREQ(test, svr_cause_name(-1), "unknown");
	KUNIT_EXPECT_STREQ(test, svr_cause_name(SVR_CAUSE_PANIC), "panic");
	KUNIT_EXPECT_STREQ(test, svr_reason_name(SVR_REASON_PANIC), "panic");
	KUNIT_EXPECT_STREQ(test, svr_fate_name(SVR_FATE_PARKED), "parked");
}

static struct kunit_case words_cases[] = {
	KUNIT_CASE_PARAM(test_words, words_gen_params),
	KUNIT_CASE(test_no_such_value),
	{}
};

static struct kunit_suite words_suite = {
	.name = "svsm-reset-words",
	.test_cases = words_cases,
};

kunit_test_suite(words_suite);
