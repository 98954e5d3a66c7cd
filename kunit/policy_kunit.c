// SPDX-License-Identifier: GPL-2.0-only
/*
 * The decision tables, every row and every column.
 */
#include <kunit/test.h>

#include "lib/policy.c"

/* What is expected for each state, in the order of enum svr_state */
struct act_row {
	const char *name;
	enum svr_event event;
	enum svr_act acts[SVR_NR_STATES];
};

#define NOTHING	SVR_ACT_NOTHING
#define ARM	SVR_ACT_ARM
#define FIRE	SVR_ACT_FIRE
#define TAKE	SVR_ACT_TAKE_OVER

static const struct act_row act_rows[] = {
	/*				       ready	armed	 firing	  spent	   disabled */
	{ "prepare", SVR_EVENT_PREPARE,	     { ARM,	NOTHING, NOTHING, NOTHING, NOTHING } },
	{ "panic", SVR_EVENT_PANIC,	     { NOTHING, NOTHING, NOTHING, NOTHING, NOTHING } },
	{ "oops", SVR_EVENT_OOPS,	     { NOTHING, NOTHING, NOTHING, NOTHING, NOTHING } },
	{ "emergency", SVR_EVENT_EMERG,	     { FIRE,	FIRE,	 TAKE,	  NOTHING, NOTHING } },
	{ "shutdown", SVR_EVENT_SHUTDOWN,    { NOTHING, FIRE,	 TAKE,	  NOTHING, NOTHING } },
	{ "restart", SVR_EVENT_RESTART,	     { NOTHING, FIRE,	 TAKE,	  NOTHING, NOTHING } },
	{ "no event", SVR_NR_EVENTS,	     { NOTHING, NOTHING, NOTHING, NOTHING, NOTHING } },
	{ "negative", (enum svr_event)-1,    { NOTHING, NOTHING, NOTHING, NOTHING, NOTHING } },
};

KUNIT_ARRAY_PARAM_DESC(act, act_rows, name);

static void test_act(struct kunit *test)
{
	const struct act_row *row = test->param_value;
	int state;

	for (state = 0; state < SVR_NR_STATES; state++)
		KUNIT_EXPECT_EQ_MSG(test, svr_policy_act(row->event, state),
				    row->acts[state], "state %s",
				    svr_state_name(state));

	KUNIT_EXPECT_EQ(test, svr_policy_act(row->event, SVR_NR_STATES), NOTHING);
	KUNIT_EXPECT_EQ(test, svr_policy_act(row->event, -1), NOTHING);
}

static void test_act_covers_all(struct kunit *test)
{
	unsigned int seen = 0, i;

	for (i = 0; i < ARRAY_SIZE(act_rows); i++)
		if ((unsigned int)act_rows[i].event < SVR_NR_EVENTS)
			seen |= BIT(act_rows[i].event);
	KUNIT_EXPECT_EQ(test, seen, (unsigned int)BIT(SVR_NR_EVENTS) - 1);
}

/* Traced: a reset that was asked for and is turned down; never an event for others */
static void test_declines(struct kunit *test)
{
	int event, state;

	for (event = -1; event <= SVR_NR_EVENTS; event++) {
		bool asks = event == SVR_EVENT_PREPARE ||
			    event == SVR_EVENT_EMERG;

		for (state = -1; state <= SVR_NR_STATES; state++) {
			enum svr_decline expected = SVR_NR_DECLINES;

			if (asks && state == SVR_STATE_DISABLED)
				expected = SVR_DECLINE_DISABLED;
			if (asks && state == SVR_STATE_SPENT)
				expected = SVR_DECLINE_SPENT;
			KUNIT_EXPECT_EQ_MSG(test,
					    svr_policy_declines(event, state),
					    expected, "event %d state %d",
					    event, state);
			if (expected != SVR_NR_DECLINES)
				KUNIT_EXPECT_EQ(test,
						svr_policy_act(event, state),
						NOTHING);
		}
	}
}

#define HERE	SVR_ROUTE_HERE
#define OVER	SVR_ROUTE_HAND_OVER
#define REFUSE	SVR_ROUTE_REFUSE

/* What is expected for each policy, in the order of enum svr_ap_policy */
struct fate_row {
	const char *name;
	enum svr_fate weakest;
	bool enough[SVR_NR_AP_POLICIES];
};

static const struct fate_row fate_rows[] = {
	/*				      refuse host   force */
	{ "running", SVR_FATE_RUNNING,	    { false, false, true } },
	{ "destroyed", SVR_FATE_DESTROYED,  { false, true,  true } },
	{ "offline", SVR_FATE_OFFLINE,	    { true,  true,  true } },
	{ "parked", SVR_FATE_PARKED,	    { true,  true,  true } },
	{ "deleted", SVR_FATE_DELETED,	    { true,  true,  true } },
	{ "unknown", SVR_NR_FATES,	    { false, false, false } },
	{ "negative", (enum svr_fate)-1,    { false, false, false } },
};

KUNIT_ARRAY_PARAM_DESC(fate, fate_rows, name);

/* A parked BSP makes the call, otherwise this CPU does, if the call is made at all */
static void test_route(struct kunit *test)
{
	static const enum svr_route routes[SVR_NR_BSP] = {
		[SVR_BSP_SELF]	 = HERE,
		[SVR_BSP_PARKED] = OVER,
		[SVR_BSP_LOST]	 = HERE,
		[SVR_BSP_ABSENT] = HERE,
	};
	const struct fate_row *row = test->param_value;
	int policy, bsp;

	for (policy = 0; policy < SVR_NR_AP_POLICIES; policy++) {
		bool enough = row->enough[policy];

		KUNIT_EXPECT_EQ_MSG(test,
				    svr_policy_enough(row->weakest, policy),
				    enough, "policy %d", policy);
		for (bsp = 0; bsp < SVR_NR_BSP; bsp++)
			KUNIT_EXPECT_EQ_MSG(test,
					    svr_policy_route(row->weakest, bsp,
							     policy),
					    enough ? routes[bsp] : REFUSE,
					    "policy %d bsp %d", policy, bsp);
		KUNIT_EXPECT_EQ(test, svr_policy_route(row->weakest, SVR_NR_BSP,
						       policy), REFUSE);
		KUNIT_EXPECT_EQ(test, svr_policy_route(row->weakest, -1,
						       policy), REFUSE);
	}
	KUNIT_EXPECT_FALSE(test, svr_policy_enough(row->weakest,
						   SVR_NR_AP_POLICIES));
	KUNIT_EXPECT_FALSE(test, svr_policy_enough(row->weakest, -1));
}

/* The host is asked only where its word, or the SVSM's after it, can help */
static void test_destroy(struct kunit *test)
{
	KUNIT_EXPECT_FALSE(test, svr_policy_destroy(SVR_AP_REFUSE, false));
	KUNIT_EXPECT_TRUE(test, svr_policy_destroy(SVR_AP_REFUSE, true));
	KUNIT_EXPECT_TRUE(test, svr_policy_destroy(SVR_AP_HOST, false));
	KUNIT_EXPECT_TRUE(test, svr_policy_destroy(SVR_AP_FORCE, false));
}

struct text_row {
	const char *name;
	const char *text;
	int policy;
};

static const struct text_row text_rows[] = {
	{ "refuse", "refuse", SVR_AP_REFUSE },
	{ "host", "host", SVR_AP_HOST },
	{ "force", "force", SVR_AP_FORCE },
	{ "as echo writes it", "force\n", SVR_AP_FORCE },
	{ "empty", "", -EINVAL },
	{ "newline", "\n", -EINVAL },
	{ "capitals", "Force", -EINVAL },
	{ "prefix", "forc", -EINVAL },
	{ "suffix", "forced", -EINVAL },
	{ "blank", "force ", -EINVAL },
	{ "two lines", "force\nrefuse\n", -EINVAL },
	{ "number", "1", -EINVAL },
};

KUNIT_ARRAY_PARAM_DESC(text, text_rows, name);

static void test_ap_policy_parse(struct kunit *test)
{
	const struct text_row *row = test->param_value;
	int policy = svr_ap_policy_parse(row->text);

	KUNIT_EXPECT_EQ(test, policy, row->policy);
	if (policy >= 0)
		KUNIT_EXPECT_EQ(test, 0, strncmp(row->text,
						 svr_ap_policy_name(policy),
						 strlen(svr_ap_policy_name(policy))));
}

static void test_device_policy_parse(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, svr_device_policy_parse("refuse"),
			SVR_DEVICE_REFUSE);
	KUNIT_EXPECT_EQ(test, svr_device_policy_parse("force\n"),
			SVR_DEVICE_FORCE);
	KUNIT_EXPECT_EQ(test, svr_device_policy_parse("host"), -EINVAL);
	KUNIT_EXPECT_EQ(test, svr_device_policy_parse("forced"), -EINVAL);
	KUNIT_EXPECT_EQ(test, svr_device_policy_parse(""), -EINVAL);
}

/* Only -ENOENT says that the kernel does not clear up */
static void test_clears_up(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, svr_policy_clears_up(0), 1);
	KUNIT_EXPECT_EQ(test, svr_policy_clears_up(-ENOENT), 0);
	KUNIT_EXPECT_EQ(test, svr_policy_clears_up(-EINVAL), -EINVAL);
	KUNIT_EXPECT_EQ(test, svr_policy_clears_up(-EOPNOTSUPP), -EOPNOTSUPP);
	KUNIT_EXPECT_EQ(test, svr_policy_clears_up(-ENOMEM), -ENOMEM);
}

/* A rehearsal needs a driver that is enabled, and no reset that has begun */
static void test_rehearse(struct kunit *test)
{
	static const int may[SVR_NR_STATES] = {
		[SVR_STATE_READY]    = 0,
		[SVR_STATE_ARMED]    = -EBUSY,
		[SVR_STATE_FIRING]   = -EBUSY,
		[SVR_STATE_SPENT]    = -EBUSY,
		[SVR_STATE_DISABLED] = -EOPNOTSUPP,
	};
	int state;

	for (state = 0; state < SVR_NR_STATES; state++)
		KUNIT_EXPECT_EQ_MSG(test, svr_policy_rehearse(state),
				    may[state], "state %s",
				    svr_state_name(state));
	KUNIT_EXPECT_EQ(test, svr_policy_rehearse(SVR_NR_STATES), -EINVAL);
	KUNIT_EXPECT_EQ(test, svr_policy_rehearse(-1), -EINVAL);
}

#define PASS	SVR_CHECK_OK
#define FAIL	SVR_CHECK_FAILED
#define SKIP	SVR_CHECK_SKIPPED
#define GAVE	SVR_CHECK_GAVE_WAY

/* What is expected of a rehearsal by its steps, in the order of enum svr_step */
struct steps_row {
	const char *name;
	enum svr_check steps[SVR_NR_STEPS];
	enum svr_check all;
};

static const struct steps_row steps_rows[] = {
	{ "all good", { PASS, PASS, PASS, PASS, PASS }, PASS },
	{ "some skipped", { PASS, SKIP, SKIP, SKIP, PASS }, PASS },
	{ "all skipped", { SKIP, SKIP, SKIP, SKIP, SKIP }, PASS },
	{ "first failed", { FAIL, PASS, PASS, PASS, PASS }, FAIL },
	{ "last failed", { PASS, PASS, PASS, PASS, FAIL }, FAIL },
	{ "gave way", { PASS, PASS, GAVE, GAVE, GAVE }, GAVE },
	{ "gave way at once", { GAVE, GAVE, GAVE, GAVE, GAVE }, GAVE },
	{ "skipped, gave way", { PASS, SKIP, SKIP, PASS, GAVE }, GAVE },
	{ "failed, then gave way", { FAIL, GAVE, GAVE, GAVE, GAVE }, FAIL },
};

KUNIT_ARRAY_PARAM_DESC(steps, steps_rows, name);

static void test_rehearsed(struct kunit *test)
{
	const struct steps_row *row = test->param_value;

	KUNIT_EXPECT_EQ(test, svr_policy_rehearsed(row->steps), row->all);
}

static struct kunit_case policy_cases[] = {
	KUNIT_CASE_PARAM(test_act, act_gen_params),
	KUNIT_CASE(test_act_covers_all),
	KUNIT_CASE(test_declines),
	KUNIT_CASE_PARAM(test_route, fate_gen_params),
	KUNIT_CASE(test_destroy),
	KUNIT_CASE(test_clears_up),
	KUNIT_CASE(test_rehearse),
	KUNIT_CASE_PARAM(test_rehearsed, steps_gen_params),
	KUNIT_CASE_PARAM(test_ap_policy_parse, text_gen_params),
	KUNIT_CASE(test_device_policy_parse),
	{}
};

static struct kunit_suite policy_suite = {
	.name = "svsm-reset-policy",
	.test_cases = policy_cases,
};

kunit_test_suite(policy_suite);
