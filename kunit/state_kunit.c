// SPDX-License-Identifier: GPL-2.0-only
/*
 * The steps of a reset, and two CPUs that take them at once.
 */
#include <kunit/test.h>
#include <linux/completion.h>
#include <linux/kthread.h>

#include "reset/state.c"

/* A race of some instructions: it takes thousands of rounds to be seen */
#define ROUNDS		20000
/* Looks at the other thread, which may have to wait for this CPU */
#define LOOKS		100000000UL

struct race {
	atomic_t round;			/* the one that may begin */
	atomic_t done;			/* the last one in which the other has armed */
	struct completion end;
};

static bool reached(atomic_t *counter, int value)
{
	unsigned long looks;

	for (looks = 0; looks < LOOKS; looks++) {
		if (atomic_read(counter) >= value)
			return true;
		cpu_relax();
		if (!(looks % 1024))
			cond_resched();
	}
	return false;
}

static int arms(void *data)
{
	struct race *race = data;
	int i;

	for (i = 1; i <= ROUNDS && reached(&race->round, i); i++) {
		svr_state_advance(SVR_STATE_READY, SVR_STATE_ARMED);
		atomic_set(&race->done, i);
	}
	complete(&race->end);
	return 0;
}

/* An emergency restart begins while an orderly one arms: it must not get lost */
static void test_begin_while_arming(struct kunit *test)
{
	struct race *race = kunit_kzalloc(test, sizeof(*race), GFP_KERNEL);
	struct task_struct *other;
	int i, lost = 0;

	KUNIT_ASSERT_NOT_NULL(test, race);
	init_completion(&race->end);
	other = kthread_run(arms, race, "svr-arms");
	KUNIT_ASSERT_FALSE(test, IS_ERR(other));
	for (i = 1; i <= ROUNDS; i++) {
		atomic_set(&svr_state, SVR_STATE_READY);
		atomic_set(&race->round, i);
		lost += !svr_state_begin();
		if (!reached(&race->done, i))
			break;
	}
	wait_for_completion(&race->end);
	KUNIT_EXPECT_EQ(test, i, ROUNDS + 1);
	KUNIT_EXPECT_EQ(test, lost, 0);
	atomic_set(&svr_state, SVR_STATE_READY);
}

static void test_begin(struct kunit *test)
{
	static const bool begins[SVR_NR_STATES] = {
		[SVR_STATE_READY] = true,
		[SVR_STATE_ARMED] = true,
	};
	int state;

	for (state = 0; state < SVR_NR_STATES; state++) {
		atomic_set(&svr_state, state);
		KUNIT_EXPECT_EQ(test, svr_state_begin(), begins[state]);
		KUNIT_EXPECT_EQ(test, svr_state_get(),
				begins[state] ? SVR_STATE_FIRING : state);
	}
	atomic_set(&svr_state, SVR_STATE_READY);
}

static struct kunit_case state_cases[] = {
	KUNIT_CASE(test_begin),
	KUNIT_CASE(test_begin_while_arming),
	{}
};

static struct kunit_suite state_suite = {
	.name = "svsm-reset-state",
	.test_cases = state_cases,
};

kunit_test_suite(state_suite);
