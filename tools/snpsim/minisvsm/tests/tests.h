/* SPDX-License-Identifier: GPL-2.0 */
/* The tables of tests: one for each group. */
#ifndef MINISVSM_TESTS_H
#define MINISVSM_TESTS_H

#include "minisvsm.h"

extern const struct selftest_table launch_tests, pvalidate_tests, rmpadjust_tests, run_tests,
	irq_tests, smp_tests, doorbell_tests, rate_tests,
	ends_tests;

/* doorbell.c: from the look at the page to the HLT */
extern char halt_window[], halt_window_end[];

#endif
