// SPDX-License-Identifier: GPL-2.0
/* What the loader hands over: boot_params, secrets page and CPUID page */
#include "tests.h"

#define BP_E820_ENTRIES		0x1e8
#define BP_E820_TABLE		0x2d0
#define BP_CMDLINE		0x228
#define BP_EFI_INFO		0x1c0
#define EFI_UNSUPPORTED		(BIT(63) | 3)
#define EFI_SYSTAB_RUNTIME	0x58
#define EFI_SYSTAB_N_TABLES	0x68
#define EFI_SYSTAB_TABLES	0x70
#define EFI_RUNTIME_FIRST	0x18
#define EFI_N_RUNTIME		14
#define EFI_SET_VIRTUAL_MAP	4
#define EFI_RUNTIME_CODE	5
#define SECRETS_VERSION		0x000
#define SECRETS_SVSM_SIZE	0x148
#define SECRETS_SVSM_MAX	0x158
#define SECRETS_VMPL		0x15c
#define SECRETS_VMPCK0		0x020
#define SECRETS_KEY_SIZE	32
#define SECRETS_VMPCK2		(SECRETS_VMPCK0 + 2 * SECRETS_KEY_SIZE)
#define SECRETS_SEQUENCE	0x0a0	/* os_area */
#define SECRETS_GUEST_USAGE	0x0e0
#define LOW_PAGE		0x30000UL	/* launched RAM outside the image */
#define HIGH_PAGE		0x11ff000UL	/* ... in the unit where the image ends */
#define PATTERN			0xfeedfacecafebeefUL

struct e820_entry {
	u64 addr, size;
	u32 type;
} __packed;

struct efi_info {
	char signature[4];
	u32 systab, desc_size, desc_version, memmap, memmap_size;
} __packed;

struct efi_memory_desc {
	u32 type, pad;
	u64 phys, virt, pages, attr;
} __packed;

struct cpuid_entry {
	u32 leaf, sub;
	u64 xcr0, xss;
	u32 r[4];
	u64 reserved;
};

static void e820(void)
{
	u8 *bp = private(boot_params_address);
	struct e820_entry *e = (struct e820_entry *)(bp + BP_E820_TABLE);
	u64 end = 0, ram = 0;

	expect(bp[BP_E820_ENTRIES], "no memory map");
	for (unsigned int i = 0; i < bp[BP_E820_ENTRIES]; i++, e++) {
		expect(e->addr >= end, "entry %u overlaps", i);
		end = e->addr + e->size;
		if (e->type != 1)
			continue;
		ram += e->size;
		expect(end <= svsm_base() || e->addr >= svsm_base() + 0x1000,
		       "entry %u has the SVSM's memory", i);
	}
	expect(ram > 100 << 20, "only %lu bytes of RAM", ram);
}

static void secrets(void)
{
	u8 *s = private(svsm_secrets());
	u64 key = 0;

	expect_eq("version", *(u32 *)(s + SECRETS_VERSION), 3);
	expect_eq("VMPL", s[SECRETS_VMPL], GUEST_VMPL);
	expect_eq("highest SVSM version", *(u32 *)(s + SECRETS_SVSM_MAX), 1);
	expect(*(u64 *)(s + SECRETS_SVSM_SIZE), "the SVSM has no memory");
	expect_eq("area aligned", svsm_boot_ca() & ~PAGE_MASK, 0);
	/* The SVSM keeps the keys of VMPL 0 and 1. */
	for (unsigned int i = 0; i < GUEST_VMPL * SECRETS_KEY_SIZE; i += 8)
		key |= *(u64 *)(s + SECRETS_VMPCK0 + i);
	expect(!key, "the guest has a key of a higher VMPL");
	for (unsigned int i = 0; i < SECRETS_KEY_SIZE; i += 8)
		key |= *(u64 *)(s + SECRETS_VMPCK2 + i);
	expect(key, "VMPCK2 is zero");
}

/* The table agrees with CPUID. */
static void cpuid_page(void)
{
	u64 page = svsm_cpuid_page();
	struct cpuid_entry *e = private(page + 16);
	u32 n = *(u32 *)private(page), r[4], found = 0;

	expect(n && n <= 64, "%u entries", n);
	for (unsigned int i = 0; i < n && i < 64; i++) {
		if (e[i].leaf != 0x8000001f)
			continue;
		found++;
		cpuid(0x8000001f, 0, r);
		expect_eq("EAX", e[i].r[0] & 0x1a, r[0] & 0x1a);
		expect_eq("EBX", e[i].r[1], r[1]);
	}
	expect_eq("leaf 0x8000001f", found, 1);
}

/*
 * EFI tables as Linux and kexec need them: the CC blob is in the configuration table, and
 * every runtime service is code, in a runtime region, that returns.
 */
static bool is_runtime_code(struct efi_info *info, u64 address)
{
	struct efi_memory_desc *d = private(info->memmap);

	for (unsigned int i = 0; i < info->memmap_size / sizeof(*d); i++)
		if (d[i].type == EFI_RUNTIME_CODE && (d[i].attr & BIT(63)) &&
		    address >= d[i].phys && address < d[i].phys + d[i].pages * PAGE_SIZE)
			return true;
	return false;
}

static void efi(void)
{
	struct efi_info *info = private(boot_params_address + BP_EFI_INFO);
	u8 *systab = private(info->systab);
	u64 *service = private(*(u64 *)(systab + EFI_SYSTAB_RUNTIME) + EFI_RUNTIME_FIRST);
	u64 *table = private(*(u64 *)(systab + EFI_SYSTAB_TABLES));
	unsigned int cc_blobs = 0;

	expect(!memcmp(info->signature, "EL64", 4), "signature");
	expect_eq("descriptor", info->desc_size, sizeof(struct efi_memory_desc));
	for (unsigned int i = 0; i < EFI_N_RUNTIME; i++) {
		u64 answer = ((u64 (*)(void))private(service[i]))();

		expect(is_runtime_code(info, service[i]), "service %u is no runtime code", i);
		expect_eq("answer", answer, i == EFI_SET_VIRTUAL_MAP ? 0 : EFI_UNSUPPORTED);
	}
	for (unsigned int i = 0; i < *(u64 *)(systab + EFI_SYSTAB_N_TABLES); i++, table += 3)
		if (table[0] == 0x44c5cf26067b1f5fUL)
			cc_blobs += *(u32 *)private(table[2]) == 0x45444d41;
	expect_eq("CC blobs", cc_blobs, 1);
}

/* A reset keeps keys, sequence numbers and the guest's own area, but not the SVSM's fields. */
static void secrets_kept(void)
{
	u8 *s = private(svsm_secrets());

	if (boot == 1) {
		say("VMPCK2 %lx", *(u64 *)(s + SECRETS_VMPCK2));
		*(u64 *)(s + SECRETS_GUEST_USAGE) = PATTERN;
		*(u32 *)(s + SECRETS_SEQUENCE) = 42;
		*(u64 *)(s + SECRETS_SVSM_SIZE) = 0;
		s[SECRETS_VMPL] = 0;
		execute();
		return;
	}
	say("VMPCK2 %lx", *(u64 *)(s + SECRETS_VMPCK2));
	expect_eq("guest_usage", *(u64 *)(s + SECRETS_GUEST_USAGE), PATTERN);
	expect_eq("sequence number", *(u32 *)(s + SECRETS_SEQUENCE), 42);
	secrets();
}

/* A reset does not bring back a key that the guest has wiped ... */
static void key_wiped(void)
{
	u8 *key = private(svsm_secrets() + SECRETS_VMPCK2);

	if (boot == 1) {
		memset(key, 0, SECRETS_KEY_SIZE);
		execute();
		return;
	}
	for (unsigned int i = 0; i < SECRETS_KEY_SIZE; i += 8)
		expect_eq("VMPCK2", *(u64 *)(key + i), 0);
}

/* ... unless the SVSM restores the page as it was launched. */
static void secrets_pristine(void)
{
	u8 *s = private(svsm_secrets());

	say("VMPCK2 %lx", *(u64 *)(s + SECRETS_VMPCK2));
	expect_eq("guest_usage", *(u64 *)(s + SECRETS_GUEST_USAGE), 0);
	expect_eq("sequence number", *(u32 *)(s + SECRETS_SEQUENCE), 0);
	secrets();
	if (boot > 1)
		return;
	memset(s + SECRETS_VMPCK2, 0, SECRETS_KEY_SIZE);
	*(u64 *)(s + SECRETS_GUEST_USAGE) = PATTERN;
	*(u32 *)(s + SECRETS_SEQUENCE) = 42;
	execute();
}

/* Launched RAM outside the image: nothing of boot 1 is left in it. */
static void leftovers(void)
{
	u64 *low = private(LOW_PAGE), *high = private(HIGH_PAGE);

	expect_eq("contents", *low, 0);
	expect_eq("contents behind the image", *high, 0);
	*low = PATTERN;
	*high = PATTERN;
	if (boot == 1)
		execute();
}

static const struct selftest tests[] = {
	{ .name = "launch.e820", .run = e820 },
	{ .name = "launch.efi", .run = efi },
	{ .name = "launch.secrets", .run = secrets },
	{ .name = "launch.cpuid-page", .run = cpuid_page },
	{ .name = "launch.secrets-kept", .run = secrets_kept, .alone = true },
	{ .name = "launch.key-wiped", .run = key_wiped, .alone = true },
	{ .name = "launch.secrets-pristine", .run = secrets_pristine, .alone = true },
	{ .name = "launch.leftovers", .run = leftovers, .alone = true },
};

const struct selftest_table launch_tests = { tests, ARRAY_SIZE(tests) };
