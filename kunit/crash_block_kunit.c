// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a crashing kernel leaves behind: a block that is whole is read as it was
 * written, one that is not is refused; and the log's line that says why.
 */
#include <kunit/test.h>
#include <linux/minmax.h>

#include "lib/crash-block.c"
#include "lib/crash-log.c"

#define ROOM	3

static struct svr_crash_block *make_block(struct kunit *test)
{
	struct svr_crash_block *block;

	block = kunit_kzalloc(test, svr_crash_block_size(ROOM), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, block);
	memset(block, 0x5a, svr_crash_block_size(ROOM));
	svr_crash_block_begin(block, 1, "sysrq triggered crash");
	svr_crash_block_add(block, ROOM, 0, SVR_FATE_PARKED, 0);
	svr_crash_block_add(block, ROOM, 7, SVR_FATE_RUNNING, 0x420f000);
	svr_crash_block_seal(block);
	return block;
}

/* The layout is what another version of the driver may have to read */
static void test_layout(struct kunit *test)
{
	static const u8 head[] = { 'S', 'R', 'C', 'B', 1, 0, 2, 0 };
	static const u8 second[] = {
		7, 0, 0, 0, SVR_FATE_RUNNING, 0, 0, 0, 0x00, 0xf0, 0x20, 0x04,
	};
	struct svr_crash_block *block = make_block(test);

	KUNIT_EXPECT_MEMEQ(test, (u8 *)block, head, sizeof(head));
	KUNIT_EXPECT_MEMEQ(test, (u8 *)block + 88 + 16, second, sizeof(second));
	KUNIT_EXPECT_EQ(test, le32_to_cpu(block->on), 1);
	KUNIT_EXPECT_STREQ(test, block->message, "sysrq triggered crash");
	KUNIT_EXPECT_EQ(test, block->flags, 0);
	KUNIT_EXPECT_EQ(test, svr_crash_block_check(block,
						    svr_crash_block_size(2)), 0);
}

static void test_bit_flips(struct kunit *test)
{
	struct svr_crash_block *block = make_block(test);
	size_t size = svr_crash_block_size(2);
	u8 *raw = (u8 *)block;
	unsigned int bit;

	for (bit = 0; bit < 8 * size; bit++) {
		raw[bit / 8] ^= BIT(bit % 8);
		KUNIT_EXPECT_NE_MSG(test, svr_crash_block_check(block, size), 0,
				    "bit %u", bit);
		raw[bit / 8] ^= BIT(bit % 8);
	}
	KUNIT_EXPECT_EQ(test, svr_crash_block_check(block, size), 0);
}

static void test_too_short(struct kunit *test)
{
	struct svr_crash_block *block = make_block(test);
	size_t size;

	for (size = 0; size < svr_crash_block_size(2); size++)
		KUNIT_EXPECT_EQ(test, svr_crash_block_check(block, size),
				-EMSGSIZE);
}

static void test_truncated(struct kunit *test)
{
	struct svr_crash_block *block = make_block(test);

	svr_crash_block_add(block, ROOM, 2, SVR_FATE_OFFLINE, 0);
	KUNIT_EXPECT_EQ(test, block->flags, 0);
	svr_crash_block_add(block, ROOM, 3, SVR_FATE_OFFLINE, 0);
	svr_crash_block_seal(block);
	KUNIT_EXPECT_EQ(test, block->flags, SVR_CRASH_TRUNCATED);
	KUNIT_EXPECT_EQ(test, le16_to_cpu(block->cpus), ROOM);
	KUNIT_EXPECT_EQ(test, svr_crash_block_check(block,
						    svr_crash_block_size(ROOM)), 0);
}

/* The checksum is right, the contents are not */
struct sense_row {
	const char *name;
	size_t at;
	u8 value;
	int err;
};

static const struct sense_row sense_rows[] = {
	{ "as it was", 88, 0, 0 },
	{ "another's", 0, 'X', -ENOMSG },
	{ "a later version", 4, 2, -EPROTONOSUPPORT },
	{ "too many CPUs", 7, 0x10, -E2BIG },
	{ "unknown flag", 80, 0x02, -EINVAL },
	{ "reserved byte", 81, 1, -EINVAL },
	{ "no such fate", 88 + 4, SVR_NR_FATES, -EINVAL },
	{ "reserved byte of a CPU", 88 + 5, 1, -EINVAL },
	{ "VMSA not a page", 88 + 8, 1, -EINVAL },
	{ "VMSA anywhere", 88 + 15, 0xff, 0 },
};

KUNIT_ARRAY_PARAM_DESC(sense, sense_rows, name);

static void test_sense(struct kunit *test)
{
	const struct sense_row *row = test->param_value;
	struct svr_crash_block *block = make_block(test);
	size_t size = svr_crash_block_size(2);

	((u8 *)block)[row->at] = row->value;
	block->crc = cpu_to_le32(svr_crash_crc(block, size));
	KUNIT_EXPECT_EQ(test, svr_crash_block_check(block, size), row->err);
}

static void test_endless_message(struct kunit *test)
{
	struct svr_crash_block *block = make_block(test);

	memset(block->message, 'x', sizeof(block->message));
	svr_crash_block_seal(block);
	KUNIT_EXPECT_EQ(test, svr_crash_block_check(block,
						    svr_crash_block_size(2)),
			-EINVAL);
}

struct log_row {
	const char *name;
	const char *log;
	const char *message;		/* NULL: nothing found */
};

static const struct log_row log_rows[] = {
	{ "empty", "", NULL },
	{ "nothing", "[    1.0] all is well\n", NULL },
	{ "panic",
	  "[    1.0] Kernel panic - not syncing: sysrq triggered crash\n"
	  "[    1.1] CPU: 0\n",
	  "sysrq triggered crash" },
	{ "the last of two", "Kernel panic - not syncing: one\nKernel panic - not syncing: two\n",
	  "two" },
	{ "no newline", "Kernel panic - not syncing: cut", "cut" },
	{ "oops, then panic",
	  "BUG: kernel NULL pointer dereference\nOops: Oops: 0002\n"
	  "Kernel panic - not syncing: Fatal exception in interrupt\n",
	  "BUG: kernel NULL pointer dereference" },
	/* Logs of Linux 6.12, in which an oops is a panic */
	{ "oops: NULL",
	  "[    9.5] BUG: kernel NULL pointer dereference, address: 0000000000000000\n"
	  "[    9.5] #PF: supervisor write access in kernel mode\n"
	  "[    9.5] Oops: Oops: 0002 [#1] PREEMPT SMP NOPTI\n"
	  "[    9.5] CPU: 1 UID: 0 PID: 71 Comm: sh\n"
	  "[    9.5] RIP: 0010:sysrq_handle_crash+0x16/0x20\n"
	  "[    9.6] RIP: 0033:0x4cafe\n"
	  "[    9.6] Kernel panic - not syncing: Fatal exception\n",
	  "kernel NULL pointer dereference at sysrq_handle_crash+0x16" },
	{ "oops: page fault in a module",
	  "BUG: unable to handle page fault for address: ffffffffc0a8b000\n"
	  "RIP: 0010:trouble_oops+0x5/0x10 [trouble]\n"
	  "Kernel panic - not syncing: Fatal exception in interrupt\n",
	  "unable to handle page fault at trouble_oops+0x5" },
	{ "oops: a jump to nowhere",
	  "BUG: kernel NULL pointer dereference, address: 0000000000000000\n"
	  "RIP: 0010:0x0\nKernel panic - not syncing: Fatal exception\n",
	  "kernel NULL pointer dereference at 0x0" },
	{ "oops: general protection",
	  "Oops: general protection fault, probably for non-canonical address 0xdead000000000100: 0000 [#1] PREEMPT SMP\n"
	  "RIP: 0010:list_del+0x2b/0x80\nKernel panic - not syncing: Fatal exception\n",
	  "general protection fault at list_del+0x2b" },
	{ "oops: general protection, not sure",
	  "Oops: general protection fault, maybe for address 0x1: 0000 [#1] SMP\n"
	  "RIP: 0010:list_del+0x2b/0x80\nKernel panic - not syncing: Fatal exception\n",
	  "general protection fault at list_del+0x2b" },
	{ "oops: the second one",
	  "BUG: kernel NULL pointer dereference, address: 0000000000000000\n"
	  "Oops: Oops: 0002 [#1] PREEMPT SMP\nRIP: 0010:the_first+0x1/0x2\n"
	  "---[ end trace 0000000000000000 ]---\nRIP: 0010:the_first+0x1/0x2\n"
	  "Oops: divide error: 0000 [#2] PREEMPT SMP\nRIP: 0010:the_second+0x3/0x4\n"
	  "---[ end trace 0000000000000000 ]---\nRIP: 0010:the_first+0x1/0x2\n"
	  "Kernel panic - not syncing: Fatal exception\n",
	  "divide error at the_second+0x3" },
	{ "oops: divide error",
	  "Oops: divide error: 0000 [#2] SMP\nRIP: 0010:div_by_it+0x1/0x2\n"
	  "Kernel panic - not syncing: Fatal exception\n",
	  "divide error at div_by_it+0x1" },
	{ "oops: BUG()",
	  "kernel BUG at drivers/virt/x.c:12!\nOops: invalid opcode: 0000 [#1]\n"
	  "RIP: 0010:x_init+0x1/0x2\nKernel panic - not syncing: Fatal exception\n",
	  "kernel BUG at drivers/virt/x.c:12!" },
	{ "oops: a long name",
	  "BUG: kernel NULL pointer dereference, address: 0000000000000000\n"
	  "RIP: 0010:a_function_with_a_name_that_is_long_indeed_and_longer_than_that+0x1/0x2\n"
	  "Kernel panic - not syncing: Fatal exception\n",
	  "kernel NULL pointer dereference at a_function_with_a_name_th..." },
	{ "oops: the place is cut off",
	  "BUG: kernel NULL pointer dereference\nRIP: 0010:",
	  "kernel NULL pointer dereference at " },
	{ "dots of its own", "Kernel panic - not syncing: kernel: panic_on_warn set ...\n",
	  "kernel: panic_on_warn set" },
	{ "only Fatal exception", "Kernel panic - not syncing: Fatal exception\n",
	  "Fatal exception" },
	{ "oops only", "[ 1.0] Oops: general protection fault, 0000\n",
	  "Oops: general protection fault, 0000" },
	{ "BUG()", "kernel BUG at mm/slub.c:42!\nOops: invalid opcode\n",
	  "kernel BUG at mm/slub.c:42!" },
	{ "control characters", "Kernel panic - not syncing: a\033[2Jb\xff\n", "a?[2Jb?" },
	{ "mark at the end", "Kernel panic - not syncing: ", "" },
	{ "as long as may be",
	  "Kernel panic - not syncing: 012345678901234567890123456789012345678901234567890123456789012\n",
	  "012345678901234567890123456789012345678901234567890123456789012" },
	{ "too long",
	  "Kernel panic - not syncing: 0123456789012345678901234567890123456789012345678901234567890123\n",
	  "012345678901234567890123456789012345678901234567890123456789..." },
};

KUNIT_ARRAY_PARAM_DESC(log, log_rows, name);

static void test_log(struct kunit *test)
{
	const struct log_row *row = test->param_value;
	size_t len = strlen(row->log);
	char message[SVR_REQUEST_MESSAGE];
	char *log;

	/* Without a NUL behind it */
	log = kunit_kmalloc(test, max_t(size_t, len, 1), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, log);
	memcpy(log, row->log, len);
	memset(message, 'x', sizeof(message));
	KUNIT_EXPECT_EQ(test, svr_crash_log_find(log, len, message,
						 sizeof(message)),
			!!row->message);
	KUNIT_EXPECT_STREQ(test, message, row->message ?: "");
}

struct origin_row {
	const char *name;
	const char *log;
	unsigned int cpu;
};

static const struct origin_row origin_rows[] = {
	{ "empty", "", UINT_MAX },
	{ "not redirected", "Kernel panic - not syncing: x\nCPU: 2\n", UINT_MAX },
	{ "redirected",
	  "[    1.0] Kernel panic - not syncing: sysrq triggered crash\n"
	  "[    1.1] panic: Redirected from CPU 2, skipping stack dump.\n", 2 },
	{ "of two the last", "panic: Redirected from CPU 1\npanic: Redirected from CPU 13\n", 13 },
	{ "cut behind the number", "panic: Redirected from CPU 7", 7 },
	{ "cut before it", "panic: Redirected from CPU ", UINT_MAX },
	{ "no number", "panic: Redirected from CPU x\n", UINT_MAX },
	{ "negative", "panic: Redirected from CPU -1\n", UINT_MAX },
	{ "nine digits", "panic: Redirected from CPU 999999999,\n", 999999999 },
	{ "ten digits", "panic: Redirected from CPU 4294967298,\n", UINT_MAX },
};

KUNIT_ARRAY_PARAM_DESC(origin, origin_rows, name);

static void test_origin(struct kunit *test)
{
	const struct origin_row *row = test->param_value;
	size_t len = strlen(row->log);
	char *log;

	/* Without a NUL behind it */
	log = kunit_kmalloc(test, max_t(size_t, len, 1), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, log);
	memcpy(log, row->log, len);
	KUNIT_EXPECT_EQ(test, svr_crash_log_origin(log, len), row->cpu);
}

static struct kunit_case crash_cases[] = {
	KUNIT_CASE(test_layout),
	KUNIT_CASE(test_bit_flips),
	KUNIT_CASE(test_too_short),
	KUNIT_CASE(test_truncated),
	KUNIT_CASE_PARAM(test_sense, sense_gen_params),
	KUNIT_CASE(test_endless_message),
	KUNIT_CASE_PARAM(test_log, log_gen_params),
	KUNIT_CASE_PARAM(test_origin, origin_gen_params),
	{}
};

static struct kunit_suite crash_suite = {
	.name = "svsm-reset-crash-block",
	.test_cases = crash_cases,
};

kunit_test_suite(crash_suite);
