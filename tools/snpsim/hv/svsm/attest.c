// SPDX-License-Identifier: GPL-2.0
/* The attestation protocol (AMD 58019, section 7, tables 11 and 13). */
#include "lib/config.h"
#include "lib/lib.h"
#include "machine/vcpu.h"
#include "psp/psp.h"
#include "psp/sha512.h"
#include "svsm/svsm.h"

#define ATTEST_SERVICES		0
#define ATTEST_SINGLE_SERVICE	1
#define NONCE_SIZE		PSP_REPORT_DATA_SIZE
#define SVSM_VMPL		0
#define MAX_CERTIFICATES	0x4000
#define MAX_MANIFEST		4096
#define MAX_SERVICE_MANIFEST	64	/* the same as in the CLI */
#define GUID_ENTRY_SIZE		24

static const u8 reboot_guid[16] = {	/* 0cc20f93-afaa-4013-9fb6-9d16fc42ceae */
	0x93, 0x0f, 0xc2, 0x0c, 0xaa, 0xaf, 0x13, 0x40,
	0x9f, 0xb6, 0x9d, 0x16, 0xfc, 0x42, 0xce, 0xae,
};

static const u8 manifest_guid[16] = {	/* 63849ebb-3d92-4670-a1ff-58f9c94b87bb */
	0xbb, 0x9e, 0x84, 0x63, 0x92, 0x3d, 0x70, 0x46,
	0xa1, 0xff, 0x58, 0xf9, 0xc9, 0x4b, 0x87, 0xbb,
};

struct location {
	u64 gpa;
	u32 size;
	u8 rsvd[4];
} __packed;

struct nonce_location {
	u64 gpa;
	u16 size;
	u8 rsvd[6];
} __packed;

struct attest_op {
	struct location report;
	struct nonce_location nonce;
	struct location manifest, certificates;
	u8 guid[16];
	u32 manifest_version;
	u8 rsvd[4];
} __packed;

#define SERVICES_OP_SIZE	offsetof(struct attest_op, guid)

static u8 manifest[MAX_MANIFEST], report[PSP_REPORT_SIZE];

/* The draft's manifest: u32 version, u32 flags. A variant may change it. */
static u32 reboot_manifest(u8 *buf)
{
	u32 size = config->manifest_size, max = MAX_SERVICE_MANIFEST;

	memset(buf, 0, max);
	*(u32 *)buf = config->manifest_version;
	*(u32 *)(buf + 4) = config->manifest_flags;
	return min(size, max);
}

/* Services manifest, table 12: a header and an entry for each service, then their data. */
static u32 all_manifests(void)
{
	u32 services = svsm_has_reboot(), offset = (1 + services) * GUID_ENTRY_SIZE, size = offset;

	memset(manifest, 0, sizeof(manifest));
	memcpy(manifest, manifest_guid, 16);
	if (services) {
		memcpy(manifest + GUID_ENTRY_SIZE, reboot_guid, 16);
		*(u32 *)(manifest + GUID_ENTRY_SIZE + 16) = offset;
		*(u32 *)(manifest + GUID_ENTRY_SIZE + 20) = reboot_manifest(manifest + offset);
		size += *(u32 *)(manifest + GUID_ENTRY_SIZE + 20);
	}
	*(u32 *)(manifest + 16) = size;
	*(u32 *)(manifest + 20) = services;
	return size;
}

static bool is_zero(const u8 *p, u32 n)
{
	while (n--)
		if (*p++)
			return false;
	return true;
}

static bool op_valid(const struct attest_op *op, bool single)
{
	if (!is_zero(op->report.rsvd, 4) || !is_zero(op->nonce.rsvd, 6) ||
	    !is_zero(op->manifest.rsvd, 4) || !is_zero(op->certificates.rsvd, 4))
		return false;
	if (single && (op->manifest_version || !is_zero(op->rsvd, 4)))
		return false;
	if (op->nonce.size != NONCE_SIZE || (op->nonce.gpa & ~PAGE_MASK) + NONCE_SIZE > PAGE_SIZE)
		return false;
	if ((op->manifest.gpa | op->report.gpa) & ~PAGE_MASK)
		return false;
	return !op->certificates.size || (!(op->certificates.gpa & ~PAGE_MASK) &&
					  op->certificates.size <= MAX_CERTIFICATES);
}

/* Sizes out: manifest in RCX, certificates (none) in RDX, report in R8. */
static u64 answer(struct svsm_call *c, const struct attest_op *op, u32 manifest_len)
{
	void *to_manifest, *to_report;

	c->guest->reg[RCX] = manifest_len;
	c->guest->reg[RDX] = 0;
	c->guest->reg[R8] = PSP_REPORT_SIZE;
	if (manifest_len > op->manifest.size || PSP_REPORT_SIZE > op->report.size)
		return SVSM_ERR_INVALID_PARAMETER;
	/* A service may have an empty manifest. */
	to_manifest = svsm_private_ptr(op->manifest.gpa, manifest_len ? manifest_len : 1);
	to_report = svsm_private_ptr(op->report.gpa, PSP_REPORT_SIZE);
	if (!to_manifest || !to_report)
		return SVSM_ERR_INVALID_ADDRESS;
	memcpy(to_report, report, PSP_REPORT_SIZE);
	memcpy(to_manifest, manifest, manifest_len);
	return SVSM_SUCCESS;
}

/* The report stands for the nonce and for the manifest behind it (7.1). */
static void make_report(const void *nonce, u32 manifest_len)
{
	static u8 text[NONCE_SIZE + MAX_MANIFEST];
	u8 hash[SHA512_SIZE];

	static_assert(sizeof(hash) == PSP_REPORT_DATA_SIZE, "report data");
	memcpy(text, nonce, NONCE_SIZE);
	memcpy(text + NONCE_SIZE, manifest, manifest_len);
	sha512(text, NONCE_SIZE + manifest_len, hash);
	psp_report(report, hash, SVSM_VMPL);
}

u64 attest_call(struct svsm_call *c)
{
	bool single = c->call == ATTEST_SINGLE_SERVICE;
	u64 gpa = c->guest->reg[RCX], size = single ? sizeof(struct attest_op) : SERVICES_OP_SIZE;
	struct attest_op op = { 0 };
	void *nonce, *p;
	u32 len;

	if (c->call != ATTEST_SERVICES && !single)
		return SVSM_ERR_UNSUPPORTED_CALL;
	if ((gpa & 7) || (gpa & ~PAGE_MASK) + size > PAGE_SIZE)
		return SVSM_ERR_INVALID_PARAMETER;
	p = svsm_private_ptr(gpa, size);
	if (!p)
		return SVSM_ERR_INVALID_ADDRESS;
	memcpy(&op, p, size);
	if (!op_valid(&op, single))
		return SVSM_ERR_INVALID_PARAMETER;
	if (single && (!svsm_has_reboot() || memcmp(op.guid, reboot_guid, sizeof(op.guid))))
		return SVSM_ERR_UNSUPPORTED_PROTOCOL;
	nonce = svsm_private_ptr(op.nonce.gpa, NONCE_SIZE);
	if (!nonce)
		return SVSM_ERR_INVALID_ADDRESS;
	len = single ? reboot_manifest(manifest) : all_manifests();
	make_report(nonce, len);
	return answer(c, &op, len);
}
