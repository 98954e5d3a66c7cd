// SPDX-License-Identifier: GPL-2.0-only
/*
 * A message in a few bytes: what is left of the ones that kernels print, that nothing
 * else comes out, and that old records are read as they were written.
 */
#include <kunit/test.h>
#include <linux/string.h>

#include "lib/message-codec.c"

/* Room in a medium record: after a call, after a dump, of a refusal, without an answer */
static const size_t rooms[] = { 11, 9, 8, 4 };

struct message_row {
	const char *message;
	const char *left[ARRAY_SIZE(rooms)];
};

/* Out of the sources and logs of Linux 6.12; the last are of this driver and reboot(2) */
static const struct message_row message_rows[] = {
	{ "", { "", "", "", "" } },
	{ "sysrq triggered crash",
	  { "sysrq triggered crash", "sysrq triggered crash",
	    "sysrq triggered crash", "sysrq triggered crash" } },
	{ "kernel NULL pointer dereference at sysrq_handle_crash+0x16",
	  { "kernel NULL pointer dereference at sysrq_handle_cr...",
	    "kernel NULL pointer dereference at sysrq_handl...",
	    "kernel NULL pointer dereference at sysrq_hand...",
	    "kernel NULL pointer dereference at sys..." } },
	{ "unable to handle page fault at ext4_da_write+0x1f/0x30",
	  { "unable to handle page fault at ext4_da_write...",
	    "unable to handle page fault at ext4_da_wri...",
	    "unable to handle page fault at ext4_da_w...",
	    "unable to handle page fault at ext..." } },
	{ "kernel BUG at mm/slub.c:553!",
	  { "kernel BUG at mm/slub.c:5...", "kernel BUG at mm/slub.c...",
	    "kernel BUG at mm/slub....", "kernel BUG at mm/..." } },
	{ "general protection fault at tcp_ack+0x8c",
	  { "general protection fault at tcp_ack+0x8c",
	    "general protection fault at tcp_ack+0x...",
	    "general protection fault at tcp_ack+...",
	    "general protection fault at tcp..." } },
	{ "Fatal exception in interrupt",
	  { "Fatal exception in interrupt", "Fatal exception in interrupt",
	    "Fatal exception in interrupt", "Fatal exception in interrupt" } },
	{ "softlockup: hung tasks",
	  { "softlockup: hung tasks", "softlockup: hung tasks",
	    "softlockup: hung tasks", "softlockup: hung tasks" } },
	{ "Attempted to kill init! exitcode=0x00000100",
	  { "Attempted to kill init! exitcode=0x0000010...",
	    "Attempted to kill init! exitcode=0x00000...",
	    "Attempted to kill init! exitcode=0x0000...",
	    "Attempted to kill init! exitcode=0x..." } },
	{ "VFS: Unable to mount root fs on unknown-block(0,0)",
	  { "VFS: Unable to mount root fs on unknown-block(0,0)",
	    "VFS: Unable to mount root fs on unknown-block(0,0)",
	    "VFS: Unable to mount root fs on unknown-block(0,0)",
	    "VFS: Unable to mount root fs on unknown-block(..." } },
	{ "kernel: panic_on_warn set",
	  { "kernel: panic_on_warn set", "kernel: panic_on_warn set",
	    "kernel: panic_on_warn set", "kernel: ..." } },
	{ "hung_task: blocked tasks",
	  { "hung_task: blocked tasks", "hung_task: blocked tasks",
	    "hung_task: blocked tasks", "hung_task: blocked tasks" } },
	{ "deadman: no restart within 600 s",
	  { "deadman: no restart within 600 s",
	    "deadman: no restart within 600 s",
	    "deadman: no restart within 600 s",
	    "deadman: no restart within 60..." } },
	{ "trouble: as asked for",
	  { "trouble: as aske...", "trouble: as a...", "trouble: as...",
	    "troubl..." } },
	/* Where ASCII says more, and has room */
	{ "KEXEC 8/9X", { "KEXEC 8/9X", "KEXEC 8/9...", "KEXEC 8/...", "KEXE..." } },
	{ "a`b", { "a`b", "a`b", "a`b", "a`b" } },
	/* Cut before it got here */
	{ "sysrq triggered crash...",
	  { "sysrq triggered crash...", "sysrq triggered crash...",
	    "sysrq triggered crash...", "sysrq triggered crash..." } },
	{ "...", { "...", "...", "...", "..." } },
};

static void message_name(const struct message_row *row, char *desc)
{
	strscpy(desc, *row->message ? row->message : "nothing",
		KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(message, message_rows, message_name);

static void test_message(struct kunit *test)
{
	const struct message_row *row = test->param_value;
	u8 raw[16], again[16];
	unsigned int i;
	char text[65];

	for (i = 0; i < ARRAY_SIZE(rooms); i++) {
		memset(raw, 0, sizeof(raw));
		svr_message_put(raw, rooms[i], row->message, false);
		KUNIT_EXPECT_NULL(test, memchr_inv(raw + rooms[i], 0,
						   sizeof(raw) - rooms[i]));
		svr_message_get(raw, rooms[i], text, sizeof(text));
		KUNIT_EXPECT_STREQ(test, text, row->left[i]);

		/* A load writes what it has read */
		memset(again, 0, sizeof(again));
		svr_message_put(again, rooms[i], text, false);
		KUNIT_EXPECT_MEMEQ(test, raw, again, sizeof(raw));
	}
}

/* Each character and each phrase comes back */
static void test_all_codes(struct kunit *test)
{
	char text[65], one[2] = "";
	unsigned int i;
	u8 raw[11];

	for (i = ' '; i <= '~'; i++) {
		one[0] = i;
		memset(raw, 0, sizeof(raw));
		svr_message_put(raw, sizeof(raw), one, true);
		KUNIT_EXPECT_TRUE(test, svr_message_packed(raw));
		svr_message_get(raw, sizeof(raw), text, sizeof(text));
		KUNIT_EXPECT_STREQ(test, text, one);
	}
	for (i = 0; i < ARRAY_SIZE(svr_message_phrases); i++) {
		memset(raw, 0, sizeof(raw));
		svr_message_put(raw, 2, svr_message_phrases[i], false);
		svr_message_get(raw, 2, text, sizeof(text));
		KUNIT_EXPECT_STREQ(test, text, svr_message_phrases[i]);
	}
	KUNIT_EXPECT_LE(test, ARRAY_SIZE(svr_message_phrases), 1U << SVR_PHRASE_BITS);
	KUNIT_EXPECT_LE(test, strlen(svr_message_others), 1UL << SVR_OTHER_BITS);
	KUNIT_EXPECT_EQ(test, strlen(svr_message_numbers), 1UL << SVR_NUMBER_BITS);
}

struct raw_row {
	const char *name;
	u8 raw[11];
	const char *text;
};

static const struct raw_row raw_rows[] = {
	{ "nothing", {}, "" },
	/* As drivers before this one wrote them */
	{ "ASCII", "reason 5", "reason 5" },
	{ "ASCII, ten", "0123456789", "0123456789" },
	{ "ASCII, as much as there is room for, so it was cut",
	  { 's', 'y', 's', 'r', 'q', ' ', 't', 'r', 'i', 'g', 'g' },
	  "sysrq trigg..." },
	{ "ASCII, not printable", { 'a', 0x1b, '[', 0xff, '\n', 'z' }, "a?[??z" },
	/* From a writer that is not trusted */
	{ "packed, empty", { 0x80 }, "" },
	{ "packed, empty, cut", { 0xc0 }, "..." },
	{ "all ones",
	  { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff },
	  "+++++++++..." },
	/* 10, 11110 111111: a phrase that does not exist */
	{ "a phrase of a newer driver", { 0xbd, 0xf8 }, "?" },
	/* 10, 11101 111111 */
	{ "a character that there is not", { 0xbb, 0xf8 }, "?" },
};

KUNIT_ARRAY_PARAM_DESC(raw, raw_rows, name);

static void test_raw(struct kunit *test)
{
	const struct raw_row *row = test->param_value;
	char text[65];

	svr_message_get(row->raw, sizeof(row->raw), text, sizeof(text));
	KUNIT_EXPECT_STREQ(test, text, row->text);
}

/* Seven phrases are more than there is room for */
static void test_too_much(struct kunit *test)
{
	char text[65];
	u8 raw[11] = {};
	struct svr_bits bits = { raw, SVR_MESSAGE_FIRST, 8 * sizeof(raw) };

	raw[0] = SVR_MESSAGE_PACKED;
	while (svr_bits_put_two(&bits, SVR_CODE_PHRASE, 4, SVR_PHRASE_BITS))
		;
	memset(text, 'x', sizeof(text));
	svr_message_get(raw, sizeof(raw), text, sizeof(text));
	KUNIT_EXPECT_STREQ(test, text,
			   "kernel NULL pointer dereference...");
	svr_message_get(raw, sizeof(raw), text, 4);
	KUNIT_EXPECT_STREQ(test, text, "...");
}

static struct kunit_case message_cases[] = {
	KUNIT_CASE_PARAM(test_message, message_gen_params),
	KUNIT_CASE(test_all_codes),
	KUNIT_CASE_PARAM(test_raw, raw_gen_params),
	KUNIT_CASE(test_too_much),
	{}
};

static struct kunit_suite message_suite = {
	.name = "svsm-reset-message-codec",
	.test_cases = message_cases,
};

kunit_test_suite(message_suite);
