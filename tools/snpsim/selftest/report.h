/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A test is prepare, run, succeeded; the expectations it states on the way
 * decide with it.  Every test ends in one line, PASS or FAIL with the first
 * reason, and a test that never ends is not a pass: the runner's time-out sees
 * no line.
 */
#ifndef SELFTEST_REPORT_H
#define SELFTEST_REPORT_H

#include "types.h"

struct selftest {
	const char *name;		/* group.what */
	bool (*prepare)(void);		/* optional; false: could not be set up, a failure */
	void (*run)(void);
	bool (*succeeded)(void);	/* optional, beyond the expectations */
	bool alone;			/* ends the run or the boot: never part of a group */
};

struct selftest_table {
	const struct selftest *tests;
	unsigned int n;
};

/* One line to the console, formatted: %s %c %u %d %x %lu %lx, width and 0 */
void say(const char *fmt, ...) __printf(1, 2);
void console_init(void);

/* Facts about this run */
extern unsigned int boot;		/* snpsim.boot= */
extern u64 boot_params_address;
u64 option(const char *name, u64 otherwise);	/* a name=number of the command line */
bool option_given(const char *name);

/* Expectations: all of them note a failure of the running test and go on. */
bool expect(bool ok, const char *fmt, ...) __printf(2, 3);
bool expect_eq(const char *what, u64 got, u64 want);

/* What the test does next should end it: the guest, the boot, or the VM. */
void planted(void);

void boot_main(void *boot_params);	/* from start.S */
void power_off(void) __noreturn;
int report_run(const char *select);
void report_list(void);

#endif
