// SPDX-License-Identifier: GPL-2.0
/*
 * SNP_GUEST_REQUEST (AMD 56860, chapter 7 and 8.26): a message of the guest, encrypted
 * with one of its VMPCKs. Its number is the IV, so no number may come twice. The firmware
 * takes only the next number, and answers with the one after that. It does not count what
 * it refuses.
 */
#include "lib/lib.h"
#include "psp/gcm.h"
#include "psp/psp.h"

#define ALGO_AES_256_GCM	1
#define HDR_VERSION		1
#define MSG_VERSION		1

struct msg_header {
	u8 authtag[32];
	u64 seqno;
	u8 rsvd0[8];
	/* From here on it is authenticated. */
	u8 algo, hdr_version;
	u16 hdr_size;
	u8 type, version;
	u16 size;
	u8 rsvd1[4];
	u8 vmpck;
	u8 rsvd2[35];
} __packed;

#define AUTHENTICATED		offsetof(struct msg_header, algo)
#define PAYLOAD_MAX		(PAGE_SIZE - sizeof(struct msg_header))

struct msg {
	struct msg_header h;
	u8 payload[PAYLOAD_MAX];
} __packed;

static_assert(sizeof(struct msg_header) == 0x60, "message header");
static_assert(offsetof(struct msg_header, type) == PSP_MSG_TYPE, "message header");
static_assert(sizeof(struct msg) == PAGE_SIZE, "message");

/* MSG_REPORT_REQ and MSG_REPORT_RSP */
struct report_req {
	u8 data[PSP_REPORT_DATA_SIZE];
	u32 vmpl;
	u8 rsvd[28];
} __packed;

struct report_rsp {
	u32 status, size;
	u8 rsvd[24];
	u8 report[PSP_REPORT_SIZE];
} __packed;

static struct gcm_text text_of(struct msg *m)
{
	struct gcm_text t = {
		.aad = (u8 *)m + AUTHENTICATED, .aad_len = sizeof(m->h) - AUTHENTICATED,
		.data = m->payload, .len = m->h.size,
	};

	memcpy(t.iv, &m->h.seqno, sizeof(m->h.seqno));
	return t;
}

static bool is_zero(const u8 *p, u64 n)
{
	while (n--)
		if (*p++)
			return false;
	return true;
}

static bool header_valid(const struct msg_header *h)
{
	return h->algo == ALGO_AES_256_GCM && h->hdr_version == HDR_VERSION &&
	       h->hdr_size == sizeof(*h) && h->size <= PAYLOAD_MAX && h->vmpck < PSP_VMPCKS &&
	       is_zero(h->rsvd0, sizeof(h->rsvd0)) && is_zero(h->rsvd1, sizeof(h->rsvd1)) &&
	       is_zero(h->rsvd2, sizeof(h->rsvd2));
}

/*
 * A VMPL gets reports for itself and for those below it. Returns the size of the answer,
 * or 0 if the request is malformed.
 */
static u16 report_request(const struct msg *in, struct msg *out)
{
	const struct report_req *req = (const struct report_req *)in->payload;
	struct report_rsp *rsp = (struct report_rsp *)out->payload;

	if (in->h.size != sizeof(*req) || in->h.version != MSG_VERSION ||
	    !is_zero(req->rsvd, sizeof(req->rsvd)))
		return 0;
	if (req->vmpl < in->h.vmpck || req->vmpl >= PSP_VMPCKS) {
		rsp->status = PSP_INVALID_PARAM;
	} else {
		rsp->size = PSP_REPORT_SIZE;
		psp_report(rsp->report, req->data, req->vmpl);
	}
	return sizeof(*rsp);
}

/* Hardware, too, returns these two codes for a wrong number and for a wrong tag. */
static u32 handle(struct msg *in, struct msg *out)
{
	struct gcm_text t;

	if (!header_valid(&in->h))
		return PSP_INVALID_PARAM;
	if (!psp_count_next(in->h.vmpck, in->h.seqno))
		return PSP_AEAD_OFLOW;
	t = text_of(in);
	if (!gcm_decrypt(psp_key(in->h.vmpck), &t, in->h.authtag))
		return PSP_INVALID_PARAM;
	out->h = (struct msg_header){
		.algo = ALGO_AES_256_GCM, .hdr_version = HDR_VERSION,
		.hdr_size = sizeof(out->h), .type = in->h.type + 1, .version = in->h.version,
		.vmpck = in->h.vmpck,
	};
	if (in->h.type == PSP_MSG_REPORT_REQ)
		out->h.size = report_request(in, out);
	if (!out->h.size)
		return PSP_INVALID_PARAM;
	out->h.seqno = psp_count_answer(in->h.vmpck);
	t = text_of(out);
	gcm_encrypt(psp_key(out->h.vmpck), &t, out->h.authtag);
	return PSP_SUCCESS;
}

u32 psp_guest_request(u32 cpu, const u8 *request, u8 *response)
{
	static struct msg in, out;
	u32 result;

	/* Read the message once: it is in shared memory. */
	memcpy(&in, request, sizeof(in));
	memset(&out, 0, sizeof(out));
	result = handle(&in, &out);
	event_begin("psp-request");
	event_u64("cpu", cpu);
	event_u64("vmpck", in.h.vmpck);
	event_u64("msg_type", in.h.type);
	event_u64("seqno", in.h.seqno);
	event_hex("result", result);
	event_end();
	if (!result)
		memcpy(response, &out, sizeof(out));
	return result;
}
