// SPDX-License-Identifier: GPL-2.0
/* What the loader of an IGVM file has made: registers, pages, parameters. */
#include "tests.h"

#define SEV_STATUS_WANTED	0xa7	/* SEV, ES, SNP, restricted injection, DebugSwap */
#define FOUR_GIB		0x100000000UL
#define KEYS			4
#define KEY_SIZE		32
#define SECRETS_KEYS		0x20
#define SECRETS_SVSM_BASE	0x140

struct map_entry {
	u64 first, pages;
	u16 type, flags;
	u32 rsvd;
} __packed;

static void registers(void)
{
	expect_eq("RAX, the platform", start_state.rax, 1);
	expect_eq("RSI, vTOM", start_state.rsi, 0);
	expect_eq("RSP, the launch info", launch_info()->magic, LAUNCH_INFO_MAGIC);
	expect_eq("the required memory", launch_info()->base, REQUIRED_BASE);
	expect_eq("its size", launch_info()->size, REQUIRED_SIZE);
	expect_eq("CR0", start_state.cr0, 0x31);
	expect_eq("EFER", start_state.efer, 0x800);
}

static void sev_status(void)
{
	expect_eq("SEV_STATUS", rdmsr(MSR_SEV_STATUS), SEV_STATUS_WANTED);
}

static void general_page(void)
{
	const u32 *general = private(launch_info()->general);

	expect_eq("CPUs", general[0], option("cpus", 1));
	expect_eq("environment", general[1], 1);
}

static void memory_map(void)
{
	const struct map_entry *e = private(launch_info()->memory_map);
	u64 end = 0;
	u32 n = 0;

	for (; e[n].pages; n++) {
		if (!expect(e[n].first >= end, "entry %u begins at %lx, before %lx", n,
			    e[n].first, end))
			return;
		end = e[n].first + e[n].pages;
	}
	expect(n, "the map is empty");
}

static void madt(void)
{
	const u8 *table = private(launch_info()->madt);
	u32 size = *(const u32 *)(table + 4);
	u8 sum = 0;

	expect(!memcmp(table, "APIC", 4), "no MADT");
	for (u32 i = 0; i < size && size < PAGE_SIZE; i++)
		sum += table[i];
	expect_eq("its sum", sum, 0);
	expect_eq("the first APIC's id", table[44 + 3], 0);
}

static bool zeros(const u64 *p, u64 n)
{
	for (u64 i = 0; i < n / sizeof(*p); i++)
		if (p[i])
			return false;
	return true;
}

static void pages(void)
{
	const struct launch_info *info = launch_info();

	expect(!memcmp(private(info->unmeasured), "This page is not measured.", 26),
	       "the page's contents");
	expect(zeros(private(info->zero), PAGE_SIZE), "the page is not zero");
	expect(zeros(private(info->large), HUGE_SIZE), "the 2-MiB page is not zero");
	expect(zeros(private(info->device_tree), PAGE_SIZE), "there is a device tree");
}

/* PSC at the launch is nobody's: with page data a page is valid, with none it is not. */
static void required(void)
{
	bool changed;

	expect_eq("validate", pvalidate(HEAP, false, true, &changed), SNP_DONE);
	expect(changed, "the page was valid");
	expect_eq("again", pvalidate(HEAP, false, true, &changed), SNP_DONE);
	expect(!changed, "it has become valid twice");
	expect_eq("page data", pvalidate(launch_info()->zero, false, true, &changed), SNP_DONE);
	expect(!changed, "a page of the image was not valid");
	expect_eq("2 MiB", pvalidate(launch_info()->large + HUGE_SIZE - PAGE_SIZE, false, true,
				     &changed), SNP_DONE);
	expect(!changed, "the end of a 2-MiB page was not valid");
}

/* Firmware is VMPL 0's at first, and its pages are as good as others. */
static void firmware(void)
{
	u64 *p = (u64 *)FIRMWARE_VA;

	expect_eq("where it begins", launch_info()->firmware, FIRMWARE_PAGE);
	map_page(FIRMWARE_VA, FIRMWARE_PAGE);
	expect(!memcmp(p, "firmware", 8), "the page's contents");
	p[1] = 0x1234;
	expect_eq("what was written", load(&p[1]), 0x1234);
	expect_eq("RMPADJUST", rmpadjust(FIRMWARE_VA, false, GUEST_VMPL, RIGHTS_ALL), SNP_DONE);
}

/* Firmware asks QEMU for memory, and is told of the guest's, not of the machine's. */
static void firmware_memory(void)
{
	const struct map_entry *map = private(launch_info()->memory_map);
	u64 e820[32], end = 0;

	if (!expect(fwcfg_read("etc/e820", e820, sizeof(e820)), "no map of memory"))
		return;
	for (; map->pages && map->first < FOUR_GIB >> 12; map++)
		end = (map->first + map->pages) << 12;
	expect_eq("RAM", e820[0], 0);
	expect_eq("its size", e820[1], end);
}

/* What the file does not list is shared. */
static void rest_is_shared(void)
{
	u64 *p = shared(0x4000000);

	*p = 0x1234;
	expect_eq("shared memory", *p, 0x1234);
}

static void secrets(void)
{
	const u8 *s = private(launch_info()->secrets);

	expect_eq("version", *(const u32 *)s, 3);
	for (u32 i = 0; i < KEYS; i++) {
		const u8 *key = s + SECRETS_KEYS + i * KEY_SIZE;

		expect(!zeros((const u64 *)key, KEY_SIZE), "there is no key %u", i);
		for (u32 k = 0; k < i; k++)
			expect(memcmp(key, s + SECRETS_KEYS + k * KEY_SIZE, KEY_SIZE),
			       "keys %u and %u are the same", k, i);
	}
	expect(zeros((const u64 *)(s + SECRETS_SVSM_BASE), 32), "there is another SVSM");
}

/* The leaves are those that were asked for, in that order. */
static void cpuid_page(void)
{
	static const struct { u32 leaf, subleaf; } asked[] = {
		{ 0x8000001f, 0 }, { 0, 0 }, { 1, 0 }, { 2, 0 }, { 4, 0 }, { 4, 1 }, { 4, 2 },
		{ 4, 3 }, { 5, 0 }, { 6, 0 }, { 7, 0 }, { 7, 1 }, { 0xb, 0 }, { 0xb, 1 },
		{ 0xd, 0 }, { 0xd, 1 }, { 0xd, 2 }, { 0x80000000, 0 }, { 0x80000001, 0 },
		{ 0x80000002, 0 }, { 0x80000003, 0 }, { 0x80000004, 0 }, { 0x80000005, 0 },
		{ 0x80000006, 0 }, { 0x80000007, 0 }, { 0x80000008, 0 }, { 0x8000000a, 0 },
		{ 0x80000019, 0 }, { 0x8000001a, 0 }, { 0x8000001d, 0 }, { 0x8000001d, 1 },
		{ 0x8000001d, 2 }, { 0x8000001d, 3 }, { 0x8000001e, 0 },
	};
	const u32 *p = private(launch_info()->cpuid);

	expect_eq("count", p[0], ARRAY_SIZE(asked));
	for (u32 i = 0; i < ARRAY_SIZE(asked); i++) {
		const u32 *e = p + 4 + i * 12;

		expect_eq("leaf", e[0], asked[i].leaf);
		expect_eq("subleaf", e[1], asked[i].subleaf);
		if (asked[i].leaf == 0x8000001f) {
			expect_eq("C-bit", e[7] & 0x3f, 47);
			expect_eq("SEV, ES, SNP", e[6] & 0x1a, 0x1a);
			expect_eq("SVSM_CAA", e[6] >> 28 & 1, 0);
		}
		if (!asked[i].leaf)
			expect_eq("AuthenticAMD", e[7], 0x68747541);
	}
}

static const struct selftest tests[] = {
	{ .name = "launch.registers", .run = registers },
	{ .name = "launch.sev-status", .run = sev_status },
	{ .name = "launch.general-page", .run = general_page },
	{ .name = "launch.memory-map", .run = memory_map },
	{ .name = "launch.madt", .run = madt },
	{ .name = "launch.pages", .run = pages },
	{ .name = "launch.required", .run = required },
	{ .name = "launch.firmware", .run = firmware },
	{ .name = "launch.firmware-memory", .run = firmware_memory },
	{ .name = "launch.rest-is-shared", .run = rest_is_shared },
	{ .name = "launch.secrets", .run = secrets },
	{ .name = "launch.cpuid-page", .run = cpuid_page },
};

const struct selftest_table launch_tests = { tests, ARRAY_SIZE(tests) };
