// SPDX-License-Identifier: GPL-2.0
/* Runs the selected tests and says PASS or FAIL. */
#include "cpu.h"
#include "format.h"
#include "report.h"

static char why[160];
static unsigned int passed, failed;

static void record_failure(const char *fmt, va_list ap)
{
	if (!why[0])
		vformat(why, sizeof(why), fmt, ap);
}

bool expect(bool ok, const char *fmt, ...)
{
	va_list ap;

	if (ok)
		return true;
	va_start(ap, fmt);
	record_failure(fmt, ap);
	va_end(ap);
	return false;
}

bool expect_eq(const char *what, u64 got, u64 want)
{
	return expect(got == want, "%s: got %lx, want %lx", what, got, want);
}

static void run_one(const struct selftest *t)
{
	bool ok = true;

	why[0] = 0;
	say("RUN %s", t->name);
	if (t->prepare)
		ok = expect(t->prepare(), "could not be prepared");
	if (ok)
		t->run();
	if (ok && t->succeeded)
		expect(t->succeeded(), "did not succeed");
	if (why[0]) {
		failed++;
		say("FAIL %s: %s", t->name, why);
	} else {
		passed++;
		say("PASS %s", t->name);
	}
}

/* Has the list, names with commas between, this one, or (groups) the group that it is of? */
static bool has(const char *list, const char *name, bool groups)
{
	while (list && *list) {
		size_t len = 0;

		while (list[len] && list[len] != ',' && list[len] != ' ')
			len++;
		if (!strncmp(list, name, len) && (!name[len] || (groups && name[len] == '.')))
			return true;
		list = list[len] == ',' ? list + len + 1 : NULL;
	}
	return false;
}

/*
 * test=: "group.what" selects one test, "group" all tests of the group that can share a run;
 * and a list of these. without=: a list of what is left out.
 */
static bool selected(const struct selftest *t, const char *select)
{
	return has(select, t->name, !t->alone) && !has(find_option("without="), t->name, false);
}

int report_run(const char *select)
{
	for (unsigned int i = 0; tables[i]; i++)
		for (unsigned int j = 0; j < tables[i]->n; j++)
			if (selected(&tables[i]->tests[j], select))
				run_one(&tables[i]->tests[j]);
	if (!passed && !failed) {
		failed++;
		say("FAIL no such test");
	}
	say("selftest: %u passed, %u failed", passed, failed);
	return failed;
}

void report_list(void)
{
	for (unsigned int i = 0; tables[i]; i++)
		for (unsigned int j = 0; j < tables[i]->n; j++)
			say("TEST %s%s", tables[i]->tests[j].name,
			    tables[i]->tests[j].alone ? " alone" : "");
}
