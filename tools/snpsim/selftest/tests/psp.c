// SPDX-License-Identifier: GPL-2.0
/* Messages to the PSP: their numbers, tags, headers and pages */
#include "psp.h"
#include "tests.h"

#define FAR_NUMBER	1000

/* The firmware accepts the next message in order: it did not count what it refused. */
static bool expect_report(const char *what, u32 vmpl, u32 status)
{
	struct psp_msg *m = psp_report_msg(vmpl), *a = psp_answer();
	struct psp_report_rsp *rsp = (struct psp_report_rsp *)a->payload;
	u64 seqno = m->h.seqno;

	psp_seal();
	if (!expect_eq(what, psp_send(), 0))
		return false;
	psp_count();
	expect(psp_open(), "%s: the answer cannot be decrypted", what);
	expect_eq("number of the answer", a->h.seqno, seqno + 1);
	expect_eq("type of the answer", a->h.type, PSP_REPORT_RSP);
	expect_eq("version of the answer", a->h.version, m->h.version);
	expect_eq("key of the answer", a->h.vmpck, m->h.vmpck);
	expect_eq("size of the answer", a->h.size, sizeof(*rsp));
	return expect_eq("status in the answer", rsp->status, status);
}

static bool nothing_counted(void)
{
	return expect_report("the right one after it", GUEST_VMPL, 0);
}

/* Seal the message as it is, send it, and expect a refusal. */
static void expect_refused(const char *what, u64 status)
{
	psp_seal();
	expect_eq(what, psp_send(), status);
}

static void report_fields(void)
{
	struct psp_report_rsp *rsp = (struct psp_report_rsp *)psp_answer()->payload;
	u8 data[64];

	memset(data, 0x77, sizeof(data));
	for (u32 vmpl = GUEST_VMPL; vmpl <= 3; vmpl++) {
		if (!expect_report("report", vmpl, 0))
			return;
		expect_eq("size", rsp->size, sizeof(rsp->report));
		expect(*(u32 *)rsp->report > 100, "a report of version %u", *(u32 *)rsp->report);
		expect_eq("VMPL", *(u32 *)(rsp->report + 0x30), vmpl);
		expect(!memcmp(rsp->report + 0x50, data, sizeof(data)), "report data");
		expect(!memcmp(rsp->report + 0x90, "SIMULATED", 9), "it does not say SIMULATED");
	}
}

/* For a more privileged VMPL, and for one that does not exist, the answer is an error. */
static void other_vmpl(void)
{
	expect_report("VMPL 0", 0, PSP_INVALID_PARAM);
	expect_report("VMPL 1", 1, PSP_INVALID_PARAM);
	expect_report("VMPL 4", 4, PSP_INVALID_PARAM);
}

static void wrong_number(void)
{
	static const int off[] = { -1, 1, 2, 3 };

	expect_report("a first one", GUEST_VMPL, 0);
	for (unsigned int i = 0; i < ARRAY_SIZE(off); i++) {
		psp_report_msg(GUEST_VMPL)->h.seqno += off[i];
		expect_refused("number", PSP_AEAD_OFLOW);
	}
	psp_report_msg(GUEST_VMPL)->h.seqno = FAR_NUMBER;
	expect_refused("far number", PSP_AEAD_OFLOW);
	psp_report_msg(GUEST_VMPL)->h.seqno = 0;
	expect_refused("zero", PSP_AEAD_OFLOW);
}

/* Send the same bytes again, as a host could. */
static void replay(void)
{
	expect_report("report", GUEST_VMPL, 0);
	expect_eq("the same again", psp_send(), PSP_AEAD_OFLOW);
	expect_eq("and again", psp_send(), PSP_AEAD_OFLOW);
}

static void flip(const char *what, u8 *byte)
{
	*byte ^= 0x10;
	expect_eq(what, psp_send(), PSP_INVALID_PARAM);
	*byte ^= 0x10;
}

static void wrong_tag(void)
{
	struct psp_msg *m = psp_in_transit();

	psp_report_msg(GUEST_VMPL);
	psp_seal();
	flip("tag", &m->h.authtag[0]);
	flip("end of the tag", &m->h.authtag[15]);
	flip("payload", &m->payload[0]);
	flip("end of the payload", &m->payload[m->h.size - 1]);
	flip("type", &m->h.type);
	flip("size", (u8 *)&m->h.size);
	expect_eq("as it was", psp_send(), 0);
	psp_count();
}

static void bad_header(void)
{
	psp_report_msg(GUEST_VMPL)->h.algo = 0;
	expect_refused("algorithm", PSP_INVALID_PARAM);
	psp_report_msg(GUEST_VMPL)->h.hdr_version = 2;
	expect_refused("header version", PSP_INVALID_PARAM);
	psp_report_msg(GUEST_VMPL)->h.hdr_size = 0x61;
	expect_refused("header size", PSP_INVALID_PARAM);
	psp_report_msg(GUEST_VMPL)->h.reserved0[7] = 1;
	expect_refused("reserved, 28h", PSP_INVALID_PARAM);
	psp_report_msg(GUEST_VMPL)->h.reserved1[0] = 1;
	expect_refused("reserved, 38h", PSP_INVALID_PARAM);
	psp_report_msg(GUEST_VMPL)->h.reserved2[34] = 1;
	expect_refused("reserved, 5fh", PSP_INVALID_PARAM);
	psp_report_msg(GUEST_VMPL);
	psp_seal();
	psp_in_transit()->h.size = 0xffff;
	expect_eq("longer than its page", psp_send(), PSP_INVALID_PARAM);
}

/* Keys that the guest does not have, and one that does not exist */
static void other_key(void)
{
	psp_report_msg(GUEST_VMPL)->h.vmpck = 4;
	expect_refused("VMPCK4", PSP_INVALID_PARAM);
	for (u8 i = 0; i < GUEST_VMPL; i++) {
		struct psp_msg *m = psp_report_msg(GUEST_VMPL);

		m->h.vmpck = i;
		m->h.seqno = 1;
		expect_refused("VMPCK of the SVSM", PSP_INVALID_PARAM);
	}
}

static void message(void)
{
	static const u8 types[] = { 0, 1, 3, 7, 255 };

	for (unsigned int i = 0; i < ARRAY_SIZE(types); i++) {
		psp_report_msg(GUEST_VMPL)->h.type = types[i];
		expect_refused("type", PSP_INVALID_PARAM);
	}
	psp_report_msg(GUEST_VMPL)->h.version = 2;
	expect_refused("version", PSP_INVALID_PARAM);
	psp_report_msg(GUEST_VMPL)->h.size -= 1;
	expect_refused("short", PSP_INVALID_PARAM);
	psp_report_msg(GUEST_VMPL)->payload[0x5f] = 1;
	expect_refused("reserved", PSP_INVALID_PARAM);
}

/* Messages must be in whole pages of shared memory, and never in the SVSM's. */
static void pages(void)
{
	u64 good = page_alloc(), other = page_alloc(), bad[] = {
		page_alloc(), svsm_base(), page_top(), good + 8,
	};

	page_share(good);
	page_share(other);
	memset(shared(good), 0, PAGE_SIZE);
	for (unsigned int i = 0; i < ARRAY_SIZE(bad); i++) {
		expect_eq("request page", psp_send_pages(bad[i], good), PSP_NOT_ASKED);
		expect_eq("response page", psp_send_pages(good, bad[i]), PSP_NOT_ASKED);
	}
	expect_eq("one page for both", psp_send_pages(good, good), PSP_NOT_ASKED);
	/* These pages are fine, but there is no message in them. */
	expect_eq("zeros", psp_send_pages(good, other), PSP_INVALID_PARAM);
}

/* There is room for certificates, but there are none. */
static void extended(void)
{
	u64 room = page_alloc(), unshared = page_alloc();

	page_share(room);
	memset(shared(room), 0xee, PAGE_SIZE);
	psp_report_msg(GUEST_VMPL);
	psp_seal();
	expect_eq("room unshared", psp_extended(unshared, 1), PSP_NOT_ASKED);
	expect_eq("room unaligned", psp_extended(room + 8, 1), PSP_NOT_ASKED);
	expect_eq("request", psp_extended(room, 1), 0);
	psp_count();
	expect(psp_open(), "the answer cannot be decrypted");
	for (unsigned int i = 0; i < 24; i += 8)
		expect_eq("end of the table", *(u64 *)shared(room + i), 0);
	expect_eq("beyond it", *(u64 *)shared(room + 24), 0xeeeeeeeeeeeeeeee);
	psp_report_msg(GUEST_VMPL);
	psp_seal();
	expect_eq("no room", psp_extended(0, 0), 0);
	psp_count();
}

/* The firmware goes on counting across a reset, and so does a secrets page that is kept. */
static void kept(void)
{
	expect_report("report", GUEST_VMPL, 0);
	if (boot == 1)
		execute();
}

/*
 * A restored secrets page counts from the start again, so the firmware refuses its first
 * message.
 */
static void pristine(void)
{
	if (boot == 1) {
		expect_report("report", GUEST_VMPL, 0);
		expect_report("report", GUEST_VMPL, 0);
		execute();
		return;
	}
	expect_eq("number in the page", psp_seqno(), 1);
	psp_report_msg(GUEST_VMPL);
	expect_refused("number 1 again", PSP_AEAD_OFLOW);
	psp_count();
	psp_count();
	expect_report("where boot 1 ended", GUEST_VMPL, 0);
}

static const struct selftest tests[] = {
	{ .name = "psp.report", .run = report_fields },
	{ .name = "psp.other-vmpl", .run = other_vmpl },
	{ .name = "psp.wrong-number", .run = wrong_number, .succeeded = nothing_counted },
	{ .name = "psp.replay", .run = replay, .succeeded = nothing_counted },
	{ .name = "psp.wrong-tag", .run = wrong_tag, .succeeded = nothing_counted },
	{ .name = "psp.header", .run = bad_header, .succeeded = nothing_counted },
	{ .name = "psp.other-key", .run = other_key, .succeeded = nothing_counted },
	{ .name = "psp.message", .run = message, .succeeded = nothing_counted },
	{ .name = "psp.pages", .run = pages, .succeeded = nothing_counted },
	{ .name = "psp.extended", .run = extended, .succeeded = nothing_counted },
	{ .name = "psp.kept", .run = kept, .alone = true },
	{ .name = "psp.pristine", .run = pristine, .alone = true },
};

const struct selftest_table psp_tests = { tests, ARRAY_SIZE(tests) };
