// SPDX-License-Identifier: GPL-2.0
/* Attestation protocol: services, the reboot service alone, bad operations */
#include "attest.h"
#include "psp/sha512.h"
#include "tests.h"

#define MANIFEST_SIZE		8
#define UNTOUCHED		0xee
#define NONCE_SIZE		64
#define NONCE_BYTE		0x77
#define CERTIFICATE_PAGES	4
#define REPORT_DATA		0x50		/* offset in a report */

static void expect_refused(const char *what, u64 want)
{
	struct attest_answer a = attest_call(ATTEST_SINGLE);

	expect_eq(what, a.result, want);
	expect(attest_manifest()[0] == UNTOUCHED, "%s: the manifest was written", what);
	expect(attest_report()[0] == UNTOUCHED, "%s: the report was written", what);
}

static bool report_has(const char *text, u64 size)
{
	size_t n = strlen(text);

	for (u64 i = 0; i + n <= size; i++)
		if (!memcmp(attest_report() + i, text, n))
			return true;
	return false;
}

/* 58019, 7.1: the report's data are the hash of the nonce and, behind it, the manifest. */
static void expect_bound(u64 manifest_size)
{
	u8 text[NONCE_SIZE + PAGE_SIZE], hash[SHA512_SIZE];

	memset(text, NONCE_BYTE, NONCE_SIZE);
	memcpy(text + NONCE_SIZE, attest_manifest(), manifest_size);
	sha512(text, NONCE_SIZE + manifest_size, hash);
	expect(!memcmp(attest_report() + REPORT_DATA, hash, sizeof(hash)),
	       "the report does not stand for nonce and manifest");
}

/* The example of FIPS 180-4 */
static void sha512_answer(void)
{
	static const u8 abc[SHA512_SIZE] = {
		0xdd, 0xaf, 0x35, 0xa1, 0x93, 0x61, 0x7a, 0xba, 0xcc, 0x41, 0x73, 0x49,
		0xae, 0x20, 0x41, 0x31, 0x12, 0xe6, 0xfa, 0x4e, 0x89, 0xa9, 0x7e, 0xa2,
		0x0a, 0x9e, 0xee, 0xe6, 0x4b, 0x55, 0xd3, 0x9a, 0x21, 0x92, 0x99, 0x2a,
		0x27, 0x4f, 0xc1, 0xa8, 0x36, 0xba, 0x3c, 0x23, 0xa3, 0xfe, 0xeb, 0xbd,
		0x45, 0x4d, 0x44, 0x23, 0x64, 0x3c, 0xe8, 0x0e, 0x2a, 0x9a, 0xc9, 0x4f,
		0xa5, 0x4c, 0xa4, 0x9f,
	};
	u8 hash[SHA512_SIZE];

	sha512("abc", 3, hash);
	expect(!memcmp(hash, abc, sizeof(hash)), "the hash of abc differs");
}

static void known(void)
{
	struct attest_answer a;

	attest_op();
	a = attest_call(ATTEST_SINGLE);
	expect_eq("result", a.result, SVSM_SUCCESS);
	expect_eq("manifest size", a.manifest_size, MANIFEST_SIZE);
	expect_eq("certificates", a.certs_size, 0);
	expect(a.report_size && a.report_size <= PAGE_SIZE, "report size %lx", a.report_size);
	expect_eq("manifest version", *(u32 *)attest_manifest(), 0);
	expect_eq("manifest flags", *(u32 *)(attest_manifest() + 4), 0);
	expect_eq("beyond the manifest", attest_manifest()[MANIFEST_SIZE], UNTOUCHED);
	expect(report_has("SIMULATED", a.report_size), "the report does not say SIMULATED");
	expect_bound(a.manifest_size);
}

static void unknown_guid(void)
{
	attest_op()->guid[0] ^= 1;
	expect_refused("one bit off", SVSM_UNSUPPORTED_PROTOCOL);
	memset(attest_op()->guid, 0, 16);
	expect_refused("zero", SVSM_UNSUPPORTED_PROTOCOL);
}

static void small_manifest(void)
{
	struct attest_answer a;

	attest_op()->manifest.size = MANIFEST_SIZE - 1;
	a = attest_call(ATTEST_SINGLE);
	expect_eq("result", a.result, SVSM_INVALID_PARAMETER);
	expect_eq("manifest size", a.manifest_size, MANIFEST_SIZE);
	expect_eq("manifest", attest_manifest()[0], UNTOUCHED);
	attest_op()->manifest.size = MANIFEST_SIZE;
	expect_eq("just enough", attest_call(ATTEST_SINGLE).result, SVSM_SUCCESS);
}

static void small_report(void)
{
	struct attest_answer a;
	u64 size;

	attest_op();
	size = attest_call(ATTEST_SINGLE).report_size;
	attest_op()->report.size = size - 1;
	a = attest_call(ATTEST_SINGLE);
	expect_eq("result", a.result, SVSM_INVALID_PARAMETER);
	expect_eq("report size", a.report_size, size);
	expect_eq("report", attest_report()[0], UNTOUCHED);
	attest_op()->report.size = size;
	expect_eq("just enough", attest_call(ATTEST_SINGLE).result, SVSM_SUCCESS);
}

static void misaligned(void)
{
	attest_op()->manifest.gpa += 8;
	expect_refused("manifest", SVSM_INVALID_PARAMETER);
	attest_op()->report.gpa += 8;
	expect_refused("report", SVSM_INVALID_PARAMETER);
	attest_op()->nonce.gpa += PAGE_SIZE - 32;
	expect_refused("nonce across pages", SVSM_INVALID_PARAMETER);
}

static void bad_nonce(void)
{
	attest_op()->nonce.size = 63;
	expect_refused("63 bytes", SVSM_INVALID_PARAMETER);
	attest_op()->nonce.size = 0;
	expect_refused("none", SVSM_INVALID_PARAMETER);
}

static void reserved_fields(void)
{
	attest_op()->report.reserved = 1;
	expect_refused("report", SVSM_INVALID_PARAMETER);
	attest_op()->nonce.size |= 1 << 16;
	expect_refused("nonce", SVSM_INVALID_PARAMETER);
	attest_op()->manifest.reserved = 1;
	expect_refused("manifest", SVSM_INVALID_PARAMETER);
	attest_op()->certs.reserved = 1;
	expect_refused("certificates", SVSM_INVALID_PARAMETER);
	attest_op()->reserved = 1;
	expect_refused("end", SVSM_INVALID_PARAMETER);
}

static void bad_version(void)
{
	attest_op()->version = 1;
	expect_refused("manifest version 1", SVSM_INVALID_PARAMETER);
}

static void bad_address(void)
{
	struct attest_answer a;

	attest_op()->manifest.gpa = page_top();
	a = attest_call(ATTEST_SINGLE);
	expect(a.result == SVSM_INVALID_ADDRESS || a.result == SVSM_INVALID_PARAMETER,
	       "manifest beyond RAM: result %lx", a.result);
	attest_op()->report.gpa = svsm_base();
	a = attest_call(ATTEST_SINGLE);
	expect(a.result == SVSM_INVALID_ADDRESS || a.result == SVSM_INVALID_PARAMETER,
	       "report into the SVSM: result %lx", a.result);
}

/* They are asked for, and the simulated host has none. */
static void certificates(void)
{
	struct attest_answer a;
	u64 room = page_alloc();

	for (unsigned int i = 1; i < CERTIFICATE_PAGES; i++)
		page_alloc();
	memset(private(room), UNTOUCHED, PAGE_SIZE);
	attest_op()->certs = (struct attest_place){ room, CERTIFICATE_PAGES * PAGE_SIZE, 0 };
	a = attest_call(ATTEST_SINGLE);
	expect_eq("result", a.result, SVSM_SUCCESS);
	expect_eq("certificates", a.certs_size, 0);
	expect_eq("what is written", *(u8 *)private(room), UNTOUCHED);
	expect_bound(a.manifest_size);
	attest_op()->certs = (struct attest_place){ room + 8, PAGE_SIZE, 0 };
	expect_refused("misaligned", SVSM_INVALID_PARAMETER);
	attest_op()->certs = (struct attest_place){ room, CERTIFICATE_PAGES * PAGE_SIZE + 1, 0 };
	expect_refused("too large", SVSM_INVALID_PARAMETER);
}

/* All services: a table of GUID, offset and size after its own header. */
static void all_services(void)
{
	struct attest_answer a;
	u32 *m;

	attest_op();
	a = attest_call(ATTEST_SERVICES);
	m = (u32 *)attest_manifest();
	expect_eq("result", a.result, SVSM_SUCCESS);
	expect(!memcmp(m, guid_manifest, 16), "not the GUID of a services manifest");
	expect_eq("size in the header", m[4], a.manifest_size);
	expect_eq("entries", m[5], 1);
	expect_eq("size", a.manifest_size, 24 + 24 + MANIFEST_SIZE);
	expect(!memcmp(m + 6, guid_reboot, 16), "the service is not reboot");
	expect_eq("offset", m[10], 48);
	expect_eq("size of the manifest", m[11], MANIFEST_SIZE);
	expect_eq("version", m[12], 0);
	expect_eq("flags", m[13], 0);
	expect_bound(a.manifest_size);
}

static void services_small(void)
{
	struct attest_answer a;

	attest_op()->manifest.size = 24;
	a = attest_call(ATTEST_SERVICES);
	expect_eq("result", a.result, SVSM_INVALID_PARAMETER);
	expect_eq("manifest size", a.manifest_size, 24 + 24 + MANIFEST_SIZE);
	expect_eq("manifest", attest_manifest()[0], UNTOUCHED);
}

static const struct selftest tests[] = {
	{ .name = "attest.sha512", .run = sha512_answer },
	{ .name = "attest.known", .run = known },
	{ .name = "attest.unknown-guid", .run = unknown_guid },
	{ .name = "attest.small-manifest", .run = small_manifest },
	{ .name = "attest.small-report", .run = small_report },
	{ .name = "attest.misaligned", .run = misaligned },
	{ .name = "attest.bad-nonce", .run = bad_nonce },
	{ .name = "attest.reserved-fields", .run = reserved_fields },
	{ .name = "attest.bad-version", .run = bad_version },
	{ .name = "attest.bad-address", .run = bad_address },
	{ .name = "attest.certificates", .run = certificates },
	{ .name = "attest.services", .run = all_services },
	{ .name = "attest.services-small", .run = services_small },
};

const struct selftest_table attest_tests = { tests, ARRAY_SIZE(tests) };
