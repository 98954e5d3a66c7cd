// SPDX-License-Identifier: GPL-2.0
/* The vCPU's state at launch, and the same after EXECUTE. */
#include "reset_state.h"
#include "tests.h"

#define AP	1

static void at_launch(void)
{
	reset_state_check(boot_params_address);
}

/* The runner compares the STATE lines of the two boots as well. */
static void after_execute(void)
{
	reset_state_print();
	reset_state_check(boot_params_address);
	if (boot > 1)
		return;
	reset_state_dirty();
	execute();
}

static void dirty_and_execute(void)
{
	delay_ms(100);
	reset_state_dirty();
	execute();
	say("FAIL state.on-ap: EXECUTE came back");
	power_off();
}

/* The same for a vCPU that was not the boot CPU. */
static void on_ap(void)
{
	reset_state_print();
	reset_state_check(boot_params_address);
	if (boot == 1 && ap_start(AP, dirty_and_execute))
		halt_forever();
}

static const struct selftest tests[] = {
	{ .name = "state.at-launch", .run = at_launch, .alone = true },
	{ .name = "state.after-execute", .run = after_execute, .alone = true },
	{ .name = "state.on-ap", .run = on_ap, .alone = true },
};

const struct selftest_table state_tests = { tests, ARRAY_SIZE(tests) };
