// SPDX-License-Identifier: GPL-2.0-only
/*
 * The decision tables, every row and every column.
 */
#include <kunit/test.h>

#include "policy.c"

/* What is expected for each state, in the order of enum svr_state */
struct act_row {
	const char *name;
	enum svr_event event;
	enum svr_act acts[SVR_NR_STATES];
};

#define NOTHING	SVR_ACT_NOTHING
#define ARM	SVR_ACT_ARM
#define FIRE	SVR_ACT_FIRE

static const struct act_row act_rows[] = {
	/*				       ready	armed	 firing	  spent */
	{ "prepare", SVR_EVENT_PREPARE,	     { ARM,	NOTHING, NOTHING, NOTHING } },
	{ "panic", SVR_EVENT_PANIC,	     { NOTHING, NOTHING, NOTHING, NOTHING } },
	{ "oops", SVR_EVENT_OOPS,	     { NOTHING, NOTHING, NOTHING, NOTHING } },
	{ "emergency", SVR_EVENT_EMERG,	     { NOTHING, NOTHING, NOTHING, NOTHING } },
	{ "shutdown", SVR_EVENT_SHUTDOWN,    { NOTHING, FIRE,	 NOTHING, NOTHING } },
	{ "restart", SVR_EVENT_RESTART,	     { NOTHING, FIRE,	 NOTHING, NOTHING } },
	{ "no event", SVR_NR_EVENTS,	     { NOTHING, NOTHING, NOTHING, NOTHING } },
	{ "negative", (enum svr_event)-1,    { NOTHING, NOTHING, NOTHING, NOTHING } },
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

#define HERE	SVR_ROUTE_HERE
#define OVER	SVR_ROUTE_HAND_OVER
#define REFUSE	SVR_ROUTE_REFUSE

/* What is expected for each place of the BSP, in the order of enum svr_bsp */
struct route_row {
	const char *name;
	bool all_parked;
	enum svr_ap_policy policy;
	enum svr_route routes[SVR_NR_BSP];
};

static const struct route_row route_rows[] = {
	/*						   self	   waiting lost    absent */
	{ "all parked, refuse", true, SVR_AP_REFUSE,	 { HERE,   OVER,   REFUSE, HERE   } },
	{ "all parked, force", true, SVR_AP_FORCE,	 { HERE,   OVER,   HERE,   HERE   } },
	{ "one running, refuse", false, SVR_AP_REFUSE,	 { REFUSE, REFUSE, REFUSE, REFUSE } },
	{ "one running, force", false, SVR_AP_FORCE,	 { HERE,   OVER,   HERE,   HERE   } },
	{ "no policy, running", false, SVR_NR_AP_POLICIES, { REFUSE, REFUSE, REFUSE, REFUSE } },
};

KUNIT_ARRAY_PARAM_DESC(route, route_rows, name);

static void test_route(struct kunit *test)
{
	const struct route_row *row = test->param_value;
	int bsp;

	for (bsp = 0; bsp < SVR_NR_BSP; bsp++)
		KUNIT_EXPECT_EQ_MSG(test,
				    svr_policy_route(row->all_parked, bsp,
						     row->policy),
				    row->routes[bsp], "bsp %d", bsp);

	KUNIT_EXPECT_EQ(test, svr_policy_route(row->all_parked, SVR_NR_BSP,
					       row->policy), REFUSE);
	KUNIT_EXPECT_EQ(test, svr_policy_route(row->all_parked, -1,
					       row->policy), REFUSE);
}

struct text_row {
	const char *name;
	const char *text;
	int policy;
};

static const struct text_row text_rows[] = {
	{ "refuse", "refuse", SVR_AP_REFUSE },
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

static void test_names(struct kunit *test)
{
	int i, j;

	for (i = 0; i < SVR_NR_STATES; i++)
		for (j = 0; j < i; j++)
			KUNIT_EXPECT_STRNEQ(test, svr_state_name(i),
					    svr_state_name(j));
	KUNIT_EXPECT_STREQ(test, svr_state_name(SVR_NR_STATES), "unknown");
	KUNIT_EXPECT_STREQ(test, svr_state_name(-1), "unknown");
	KUNIT_EXPECT_STREQ(test, svr_ap_policy_name(SVR_NR_AP_POLICIES),
			   "unknown");
	KUNIT_EXPECT_STREQ(test, svr_ap_policy_name(-1), "unknown");
}

static struct kunit_case policy_cases[] = {
	KUNIT_CASE_PARAM(test_act, act_gen_params),
	KUNIT_CASE(test_act_covers_all),
	KUNIT_CASE_PARAM(test_route, route_gen_params),
	KUNIT_CASE_PARAM(test_ap_policy_parse, text_gen_params),
	KUNIT_CASE(test_names),
	{}
};

static struct kunit_suite policy_suite = {
	.name = "svsm-reset-policy",
	.test_cases = policy_cases,
};

kunit_test_suite(policy_suite);
