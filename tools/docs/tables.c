// SPDX-License-Identifier: GPL-2.0-only
/*
 * Prints, tab separated, all answers of policy.c and the words of words.c, for
 * tools/docs/tables. Runs in user space: both files need nothing of the kernel
 * except what is defined here.
 */
#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define sysfs_streq(a, b)	(!strcmp(a, b))
#define ARRAY_SIZE(a)		(sizeof(a) / sizeof((a)[0]))

#include "words.c"
#include "policy.c"

#define NAMED(value)		{ value, #value }

struct named {
	unsigned int value;
	const char *name;
};

static const struct named events[] = {
	NAMED(SVR_EVENT_PREPARE), NAMED(SVR_EVENT_PANIC),
	NAMED(SVR_EVENT_OOPS), NAMED(SVR_EVENT_EMERG),
	NAMED(SVR_EVENT_SHUTDOWN), NAMED(SVR_EVENT_RESTART),
};

static const struct named acts[] = {
	NAMED(SVR_ACT_NOTHING), NAMED(SVR_ACT_ARM), NAMED(SVR_ACT_FIRE),
	NAMED(SVR_ACT_TAKE_OVER),
};

static const struct named bsps[] = {
	NAMED(SVR_BSP_SELF), NAMED(SVR_BSP_PARKED), NAMED(SVR_BSP_LOST),
	NAMED(SVR_BSP_ABSENT),
};

static const struct named routes[] = {
	NAMED(SVR_ROUTE_REFUSE), NAMED(SVR_ROUTE_HERE),
	NAMED(SVR_ROUTE_HAND_OVER),
};

static_assert(ARRAY_SIZE(events) == SVR_NR_EVENTS, "an event is missing");
static_assert(ARRAY_SIZE(bsps) == SVR_NR_BSP, "a place of the BSP is missing");

/* "?" for a value that is missing in an outdated list */
static const char *name_of(const struct named *names, size_t count,
			   unsigned int value)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (names[i].value == value)
			return names[i].name;
	return "?";
}

static void print_words(const char *table, const struct svr_word *words,
			unsigned int count)
{
	unsigned int i;

	for (i = 0; i < count; i++)
		printf("word\t%s\t%s\t%s\n", table, words[i].word,
		       words[i].text);
}

static void print_events(void)
{
	unsigned int i, state;

	for (i = 0; i < ARRAY_SIZE(events); i++) {
		for (state = 0; state < SVR_NR_STATES; state++) {
			unsigned int event = events[i].value;
			enum svr_act act = svr_policy_act(event, state);
			enum svr_decline why = svr_policy_declines(event, state);

			printf("event\t%s\t%s\t%s\t%s\n", events[i].name,
			       svr_state_words[state].word,
			       name_of(acts, ARRAY_SIZE(acts), act),
			       why < SVR_NR_DECLINES ?
			       svr_decline_words[why].word : "");
		}
	}
}

static void print_routes(void)
{
	unsigned int policy, fate, i;

	for (policy = 0; policy < SVR_NR_AP_POLICIES; policy++) {
		const char *word = svr_ap_policy_words[policy].word;

		for (fate = 0; fate < SVR_NR_FATES; fate++)
			for (i = 0; i < ARRAY_SIZE(bsps); i++)
				printf("route\t%s\t%s\t%s\t%s\n", word,
				       svr_fate_words[fate].word, bsps[i].name,
				       name_of(routes, ARRAY_SIZE(routes),
					       svr_policy_route(fate,
								bsps[i].value,
								policy)));
		printf("destroy\t%s\t%d\t%d\n", word,
		       svr_policy_destroy(policy, false),
		       svr_policy_destroy(policy, true));
	}
}

/* A switch, because C does not know the names */
static const char *errno_name(int err)
{
	switch (err) {
	case 0:
		return "yes";
	case -EBUSY:
		return "no: EBUSY";
	case -EOPNOTSUPP:
		return "no: EOPNOTSUPP";
	default:
		return "?";
	}
}

static void print_rehearse(void)
{
	unsigned int state;

	for (state = 0; state < SVR_NR_STATES; state++)
		printf("rehearse\t%s\t%s\n", svr_state_words[state].word,
		       errno_name(svr_policy_rehearse(state)));
}

int main(void)
{
	print_words("reason", svr_reason_words, SVR_NR_REASONS);
	print_words("trigger", svr_trigger_words, SVR_NR_TRIGGERS);
	print_words("outcome", svr_outcome_words, SVR_NR_OUTCOMES);
	print_words("dump", svr_dump_words, SVR_NR_DUMPS);
	print_words("trust", svr_trust_words, SVR_NR_TRUSTS);
	print_words("state", svr_state_words, SVR_NR_STATES);
	print_words("ap_policy", svr_ap_policy_words, SVR_NR_AP_POLICIES);
	print_words("device_policy", svr_device_policy_words,
		    SVR_NR_DEVICE_POLICIES);
	print_words("fate", svr_fate_words, SVR_NR_FATES);
	print_words("decline", svr_decline_words, SVR_NR_DECLINES);
	print_words("step", svr_step_words, SVR_NR_STEPS);
	print_words("check", svr_check_words, SVR_NR_CHECKS);
	print_events();
	print_routes();
	print_rehearse();
	return 0;
}
