// SPDX-License-Identifier: GPL-2.0
/* All tests, in the order of a run. */
#include "tests.h"

const struct selftest_table *const tables[] = {
	&launch_tests, &pvalidate_tests, &rmpadjust_tests, &run_tests, &irq_tests, &smp_tests,
	&doorbell_tests, &rate_tests, &ends_tests, NULL
};
