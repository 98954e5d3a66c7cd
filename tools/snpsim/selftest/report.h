/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A test has three steps: prepare, run, succeeded. The expectations that it states on the
 * way count as well. Every test ends in one line, PASS or FAIL with the first reason. A
 * test that never ends does not pass: the runner waits for its line and times out.
 */
#ifndef SELFTEST_REPORT_H
#define SELFTEST_REPORT_H

#include "types.h"

struct selftest {
	const char *name;		/* group.what */
	bool (*prepare)(void);		/* optional; false: set-up failed, and so does the test */
	void (*run)(void);
	bool (*succeeded)(void);	/* optional, in addition to the expectations */
	bool alone;			/* ends the run or the boot: never part of a group */
};

struct selftest_table {
	const struct selftest *tests;
	unsigned int n;
};

/* The groups of a program, in the order of a run; the last is NULL */
extern const struct selftest_table *const tables[];

/* One line to the console, formatted: %s %c %u %d %x %lu %lx, width and 0 */
void say(const char *fmt, ...) __printf(1, 2);
void console_init(void);

/* Facts about this run */
extern unsigned int boot;		/* snpsim.boot= */
extern u64 boot_params_address;
extern const char *options;	/* the command line */
void options_set(const char *text);
const char *find_option(const char *name);
u64 option(const char *name, u64 otherwise);	/* a name=number of it */
bool option_given(const char *name);

/* Expectations. Each records a failure of the running test and goes on. */
bool expect(bool ok, const char *fmt, ...) __printf(2, 3);
bool expect_eq(const char *what, u64 got, u64 want);

/* The next action of the test must end the guest, the boot, or the VM. */
void planted(void);

void boot_main(void *boot_params);	/* from start.S */
void power_off(void) __noreturn;
int report_run(const char *select);
void report_list(void);

#endif
