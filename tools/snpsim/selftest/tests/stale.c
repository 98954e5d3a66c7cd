// SPDX-License-Identifier: GPL-2.0
/*
 * A page changes state while another CPU has it in its TLB and goes on using it. The
 * simulator must catch that CPU, whatever it has cached.
 */
#include "tests.h"

#define AP	1

static u64 page;
static bool by_shared;

/* Use the page without a pause; go counts the rounds. */
static void use(void)
{
	struct cpu *c = this_cpu();
	u64 *p = by_shared ? shared(page) : private(page);

	for (;;) {
		load(p);
		store(&c->go, load(&c->go) | 1);
	}
}

static bool in_use(void)
{
	struct cpu *c = cpu_nr(AP);

	if (!ap_start(AP, use))
		return false;
	return wait_for(&c->go, 1);
}

static bool private_in_use(void)
{
	page = page_far();
	by_shared = false;
	return page_accept(page) && in_use();
}

static bool shared_in_use(void)
{
	page = page_far();
	by_shared = true;
	return page_accept(page) && page_share(page) && in_use();
}

static void not_caught(void)
{
	delay_ms(500);
	expect(false, "the other CPU goes on");
}

static void rescinded(void)
{
	say("PAGE %lx", page);
	planted();
	svsm_pvalidate(page, 0);
	not_caught();
}

static void made_shared(void)
{
	say("PAGE %lx", page);
	planted();
	page_share(page);
	not_caught();
}

static void made_private(void)
{
	say("PAGE %lx", page);
	planted();
	ghcb_psc_msr(page, PSC_PRIVATE);
	page_accept(page);
	not_caught();
}

static const struct selftest tests[] = {
	{ .name = "stale.rescinded", .prepare = private_in_use, .run = rescinded, .alone = true },
	{ .name = "stale.made-shared", .prepare = private_in_use, .run = made_shared,
	  .alone = true },
	{ .name = "stale.made-private", .prepare = shared_in_use, .run = made_private,
	  .alone = true },
};

const struct selftest_table stale_tests = { tests, ARRAY_SIZE(tests) };
