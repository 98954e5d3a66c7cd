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

/* How long is the first name of a list, which has commas between its names? */
static size_t first(const char *list)
{
	size_t len = 0;

	while (list[len] && list[len] != ',' && list[len] != ' ')
		len++;
	return len;
}

/* What comes behind the first name, or NULL. */
static const char *rest(const char *list)
{
	list += first(list);
	return *list == ',' ? list + 1 : NULL;
}

/* Is the list's first name this one, or (groups) the group that it is of? */
static bool begins_with(const char *list, const char *name, bool groups)
{
	size_t len = first(list);

	return !strncmp(list, name, len) && (!name[len] || (groups && name[len] == '.'));
}

static bool has(const char *list, const char *name, bool groups)
{
	for (; list && *list; list = rest(list))
		if (begins_with(list, name, groups))
			return true;
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

/* Does each name of a list select a test, or (groups) those of a group? Says so if one does not. */
static bool all_known(const char *list, bool groups)
{
	for (; list && *list; list = rest(list)) {
		size_t len = first(list);
		bool known = false;

		for (unsigned int i = 0; tables[i]; i++)
			for (unsigned int j = 0; j < tables[i]->n; j++)
				known |= begins_with(list, tables[i]->tests[j].name,
						     groups && !tables[i]->tests[j].alone);
		if (known)
			continue;
		len = len < sizeof(why) ? len : sizeof(why) - 1;
		memcpy(why, list, len);
		why[len] = 0;
		say("FAIL no such test: %s", why);
		return false;
	}
	return true;
}

int report_run(const char *select)
{
	bool known = all_known(select, true) && all_known(find_option("without="), false);

	failed += !known;
	for (unsigned int i = 0; known && tables[i]; i++)
		for (unsigned int j = 0; j < tables[i]->n; j++)
			if (selected(&tables[i]->tests[j], select))
				run_one(&tables[i]->tests[j]);
	if (!passed && !failed) {
		failed++;
		say("FAIL no test is selected");
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
