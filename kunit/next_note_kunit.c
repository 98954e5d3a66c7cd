// SPDX-License-Identifier: GPL-2.0-only
/*
 * The operator's note: what counts as one, how much of it is kept, and that an orderly
 * restart takes it for good.
 */
/* It defines pr_fmt(), so it comes before all others */
#include "reset/next-note.c"

#include <kunit/test.h>
#include <linux/string.h>

#define TWENTY		"01234567890123456789"
#define SIXTY		"012345678901234567890123456789012345678901234567890123456789"

struct next_note_row {
	const char *name;
	const char *text;
	size_t count;		/* of @text; 0: all of it */
	int err;
	const char *note;
};

static const struct next_note_row next_note_rows[] = {
	{ "a word", "update", 0, 0, "update" },
	{ "as echo writes it", "update, alice\n", 0, 0, "update, alice" },
	{ "space at the end", "update \t\r\n\n", 0, 0, "update" },
	{ "space before it", " update", 0, 0, " update" },
	{ "nothing", "", 0, 0, "" },
	{ "a newline", "\n", 0, 0, "" },
	{ "space", " \t\v\f\n", 0, 0, "" },
	{ "control characters", "\033[31mred\ttea\177", 0, 0, "?[31mred?tea?" },
	{ "not ASCII", "na\303\257ve\377", 0, 0, "na??ve?" },
	{ "a letter whose last byte is a space of Latin-1", "voil\303\240", 0, 0,
	  "voil??" },
	{ "dots of its own", "wait...\n", 0, 0, "wait" },
	{ "two dots", "..\n", 0, 0, ".." },
	{ "dots alone", "...\n", 0, -EINVAL, "before" },
	{ "dots and space", " . ... ", 0, -EINVAL, "before" },
	{ "63 characters", SIXTY "012", 0, 0, SIXTY "012" },
	{ "63 and a newline", SIXTY "012\n", 0, 0, SIXTY "012" },
	{ "64 characters", SIXTY "0123", 0, 0, SIXTY "..." },
	{ "many", SIXTY SIXTY SIXTY, 0, 0, SIXTY "..." },
	{ "not all of the buffer", "updated", 6, 0, "update" },
	{ "two lines", "a\nb", 0, -EINVAL, "before" },
	{ "a line that begins late", "\na", 0, -EINVAL, "before" },
	{ "two lines, the second one beyond what is kept", SIXTY TWENTY "\nb", 0,
	  -EINVAL, "before" },
	{ "a NUL", "a\0b", 3, -EINVAL, "before" },
	{ "a NUL at the end", "a\0", 2, -EINVAL, "before" },
};

KUNIT_ARRAY_PARAM_DESC(next_note, next_note_rows, name);

static int next_note_init(struct kunit *test)
{
	svr_next_note_taken = false;
	strscpy(svr_next_note, "before");
	return 0;
}

static void test_set(struct kunit *test)
{
	const struct next_note_row *row = test->param_value;
	size_t count = row->count ?: strlen(row->text);
	char note[SVR_REQUEST_MESSAGE];

	KUNIT_EXPECT_EQ(test, svr_next_note_set(row->text, count), row->err);
	svr_next_note_get(note);
	KUNIT_EXPECT_STREQ(test, note, row->note);
}

/* More than sysfs has in one piece */
static void test_a_page(struct kunit *test)
{
	char *text = kunit_kzalloc(test, PAGE_SIZE + 1, GFP_KERNEL);
	char note[SVR_REQUEST_MESSAGE];

	KUNIT_ASSERT_NOT_NULL(test, text);
	memset(text, 'x', PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, svr_next_note_set(text, PAGE_SIZE), -EINVAL);
	svr_next_note_get(note);
	KUNIT_EXPECT_STREQ(test, note, "before");
	KUNIT_EXPECT_EQ(test, svr_next_note_set(text, PAGE_SIZE - 1), 0);
	svr_next_note_get(note);
	KUNIT_EXPECT_EQ(test, strlen(note), sizeof(note) - 1);
}

static void test_take(struct kunit *test)
{
	char message[SVR_REQUEST_MESSAGE] = "of reboot(2)";
	char note[SVR_REQUEST_MESSAGE];

	svr_next_note_take(message, false);
	KUNIT_EXPECT_STREQ(test, message, "before");
	/* The note that the restart has taken stays */
	KUNIT_EXPECT_EQ(test, svr_next_note_set("after", 5), -EBUSY);
	KUNIT_EXPECT_EQ(test, svr_next_note_set("", 0), -EBUSY);
	svr_next_note_get(note);
	KUNIT_EXPECT_STREQ(test, note, "before");
	/* Another restart is on its way */
	strscpy(message, "of another");
	svr_next_note_take(message, false);
	KUNIT_EXPECT_STREQ(test, message, "before");
}

/* What the kernel itself has to say, if it says anything */
static void test_take_of_the_kernel(struct kunit *test)
{
	char message[SVR_REQUEST_MESSAGE] = "dm-verity";

	svr_next_note_take(message, true);
	KUNIT_EXPECT_STREQ(test, message, "dm-verity");
	KUNIT_EXPECT_EQ(test, svr_next_note_set("after", 5), -EBUSY);
	message[0] = '\0';
	svr_next_note_take(message, true);
	KUNIT_EXPECT_STREQ(test, message, "before");
}

static void test_take_nothing(struct kunit *test)
{
	char message[SVR_REQUEST_MESSAGE] = "of reboot(2)";

	KUNIT_EXPECT_EQ(test, svr_next_note_set("\n", 1), 0);
	svr_next_note_take(message, false);
	KUNIT_EXPECT_STREQ(test, message, "of reboot(2)");
}

static struct kunit_case next_note_cases[] = {
	KUNIT_CASE_PARAM(test_set, next_note_gen_params),
	KUNIT_CASE(test_a_page),
	KUNIT_CASE(test_take),
	KUNIT_CASE(test_take_of_the_kernel),
	KUNIT_CASE(test_take_nothing),
	{}
};

static struct kunit_suite next_note_suite = {
	.name = "svsm-reset-next-note",
	.init = next_note_init,
	.test_cases = next_note_cases,
};

kunit_test_suite(next_note_suite);
