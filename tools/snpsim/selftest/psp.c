// SPDX-License-Identifier: GPL-2.0
#include "psp/gcm.h"
#include "psp.h"
#include "report.h"
#include "snp.h"

#define GHCB_GUEST_REQUEST	0x80000011
#define GHCB_EXT_REQUEST	0x80000012
#define SECRETS_KEYS		0x20
#define SECRETS_SEQUENCES	0xa0
#define AUTHENTICATED		offsetof(struct psp_header, algo)

static u64 request, response, secrets;
static u32 vmpck;
static struct psp_msg plain, answer;

void psp_init(u64 secrets_page, u32 vmpl)
{
	secrets = secrets_page;
	vmpck = vmpl;
}

static const u8 *key(void)
{
	return private(secrets + SECRETS_KEYS + vmpck * AES_KEY_SIZE);
}

static u32 *sequence(void)
{
	return private(secrets + SECRETS_SEQUENCES + vmpck * 4);
}

u64 psp_seqno(void)
{
	return *sequence() + 1;
}

void psp_count(void)
{
	*sequence() += 2;
}

static void pages(void)
{
	if (request)
		return;
	request = page_alloc();
	response = page_alloc();
	page_share(request);
	page_share(response);
}

struct psp_msg *psp_report_msg(u32 vmpl)
{
	struct psp_report_req *req = (struct psp_report_req *)plain.payload;

	pages();
	memset(&plain, 0, sizeof(plain));
	plain.h.seqno = psp_seqno();
	plain.h.algo = 1;
	plain.h.hdr_version = 1;
	plain.h.hdr_size = sizeof(plain.h);
	plain.h.type = PSP_REPORT_REQ;
	plain.h.version = 1;
	plain.h.size = sizeof(*req);
	plain.h.vmpck = vmpck;
	memset(req->data, 0x77, sizeof(req->data));
	req->vmpl = vmpl;
	return &plain;
}

static struct gcm_text text_of(struct psp_msg *m)
{
	struct gcm_text t = {
		.aad = (u8 *)m + AUTHENTICATED, .aad_len = sizeof(m->h) - AUTHENTICATED,
		.data = m->payload, .len = m->h.size,
	};

	memcpy(t.iv, &m->h.seqno, sizeof(m->h.seqno));
	return t;
}

void psp_seal(void)
{
	struct psp_msg *m = psp_in_transit();
	struct gcm_text t;

	memcpy(m, &plain, sizeof(plain));
	t = text_of(m);
	gcm_encrypt(key(), &t, m->h.authtag);
	memset(shared(response), 0, PAGE_SIZE);
}

static u64 status_of(struct ghcb_call *c)
{
	return ghcb_event(c) ? c->info2 : PSP_NOT_ASKED;
}

u64 psp_send_pages(u64 req, u64 rsp)
{
	struct ghcb_call c = { .code = GHCB_GUEST_REQUEST, .info1 = req, .info2 = rsp };

	return status_of(&c);
}

u64 psp_send(void)
{
	return psp_send_pages(request, response);
}

u64 psp_extended(u64 certificates, u64 n)
{
	struct ghcb_call c = {
		.code = GHCB_EXT_REQUEST, .info1 = request, .info2 = response,
		.rax = certificates, .rbx = n,
	};

	return status_of(&c);
}

bool psp_open(void)
{
	struct gcm_text t;

	memcpy(&answer, shared(response), sizeof(answer));
	if (answer.h.size > sizeof(answer.payload))
		return false;
	t = text_of(&answer);
	return gcm_decrypt(key(), &t, answer.h.authtag);
}

struct psp_msg *psp_answer(void)
{
	return &answer;
}

struct psp_msg *psp_in_transit(void)
{
	pages();
	return shared(request);
}
