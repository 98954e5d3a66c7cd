// SPDX-License-Identifier: GPL-2.0
/*
 * The table of hashes that a host measures into an SNP guest, so that firmware boots no
 * other kernel (QEMU, target/i386/sev.c; edk2, BlobVerifierSevHashes). Kernel and initrd
 * never change; the command line has the boot's number.
 */
#include "launch/launch.h"
#include "lib/config.h"
#include "lib/lib.h"
#include "machine/fwcfg.h"

#define GUID_SIZE		16

struct hash_entry {
	u8 guid[GUID_SIZE];
	u16 len;
	u8 hash[HASH_SIZE];
} __packed;

static_assert(HASH_SIZE == SHA256_SIZE, "one kind of hash");

struct hash_table {
	u8 guid[GUID_SIZE];
	u16 len;
	struct hash_entry cmdline, initrd, kernel;
} __packed;

/* 9438d606-4f22-4cc9-b479-a793d411fd21 */
static const u8 table_guid[GUID_SIZE] = {
	0x06, 0xd6, 0x38, 0x94, 0x22, 0x4f, 0xc9, 0x4c,
	0xb4, 0x79, 0xa7, 0x93, 0xd4, 0x11, 0xfd, 0x21,
};

/* 97d02dd8-bd20-4c94-aa78-e7714d36ab2a */
static const u8 cmdline_guid[GUID_SIZE] = {
	0xd8, 0x2d, 0xd0, 0x97, 0x20, 0xbd, 0x94, 0x4c,
	0xaa, 0x78, 0xe7, 0x71, 0x4d, 0x36, 0xab, 0x2a,
};

/* 44baf731-3a2f-4bd7-9af1-41e29169781d */
static const u8 initrd_guid[GUID_SIZE] = {
	0x31, 0xf7, 0xba, 0x44, 0x2f, 0x3a, 0xd7, 0x4b,
	0x9a, 0xf1, 0x41, 0xe2, 0x91, 0x69, 0x78, 0x1d,
};

/* 4de79437-abd2-427f-b835-d5b172d2045b */
static const u8 kernel_guid[GUID_SIZE] = {
	0x37, 0x94, 0xe7, 0x4d, 0xd2, 0xab, 0x7f, 0x42,
	0xb8, 0x35, 0xd5, 0xb1, 0x72, 0xd2, 0x04, 0x5b,
};

static void fill(struct hash_entry *e, const u8 *guid, const u8 *hash)
{
	memcpy(e->guid, guid, GUID_SIZE);
	e->len = sizeof(*e);
	memcpy(e->hash, hash, HASH_SIZE);
}

/* The page is empty before. Without a kernel from QEMU there is no table. */
void kernel_hashes_fill(void)
{
	struct hash_table *t = (void *)(u64)config->hash_table;
	u8 hash[HASH_SIZE];
	const char *cmdline;
	u16 selector;
	u32 len;

	if (!t || !config->with_kernel)
		return;
	/* Without it QEMU has only a kernel whose header it has patched. */
	if (!fwcfg_find("etc/boot/kernel", &selector))
		hv_panic("this firmware verifies the kernel, which this QEMU changes: use QEMU 10");
	cmdline = firmware_cmdline(&len);
	sha256(cmdline, len, hash);
	memcpy(t->guid, table_guid, GUID_SIZE);
	t->len = sizeof(*t);
	fill(&t->cmdline, cmdline_guid, hash);
	fill(&t->initrd, initrd_guid, config->initrd_hash);
	fill(&t->kernel, kernel_guid, config->kernel_hash);
}
