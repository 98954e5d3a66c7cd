// SPDX-License-Identifier: GPL-2.0
/*
 * Attestation reports, from the PSP, with the key of VMPL 0 (AMD 56860, chapter 7). No number
 * of a message may come twice, because it is the initialisation vector: after a request that
 * went wrong there is none any more.
 */
#include "psp.h"
#include "svsm.h"

#define CERTIFICATE_PAGES	(REPORT_CERTIFICATES / PAGE_SIZE)
#define TABLE_ENTRY_SIZE	24	/* one of zeros ends the table */

static bool broken;
static u64 certificates;		/* shared pages, one behind the other */

static bool is_answer(const struct psp_msg *m, u64 number)
{
	const struct psp_report_rsp *rsp = (const struct psp_report_rsp *)m->payload;

	return m->h.seqno == number + 1 && m->h.type == PSP_REPORT_RSP && !m->h.vmpck &&
	       m->h.size >= sizeof(*rsp) && !rsp->status && rsp->size <= sizeof(rsp->report);
}

static void share_certificates(void)
{
	for (u64 i = 0; i < CERTIFICATE_PAGES; i++) {
		u64 pa = page_alloc();

		if (!i)
			certificates = pa;
		if (pa != certificates + i * PAGE_SIZE || !page_share(pa))
			svsm_fatal("no pages for certificates", pa);
	}
}

static u64 send(bool with_certificates)
{
	if (!with_certificates)
		return psp_send();
	if (!certificates)
		share_certificates();
	memset(shared(certificates), 0, REPORT_CERTIFICATES);
	return psp_extended(certificates, CERTIFICATE_PAGES);
}

/* What the host has given with the last report: a table of certificates, or nothing. */
u64 report_certificates(u8 *to)
{
	u8 bits = 0;

	memcpy(to, shared(certificates), REPORT_CERTIFICATES);
	for (unsigned int i = 0; i < TABLE_ENTRY_SIZE; i++)
		bits |= to[i];
	return bits ? REPORT_CERTIFICATES : 0;
}

/* Returns NULL if there is no report. */
const struct psp_report_rsp *report_get(const u8 *data, u32 vmpl, bool with_certificates)
{
	struct psp_msg *m = psp_report_msg(vmpl);
	u64 number = psp_seqno();

	if (broken)
		return NULL;
	memcpy(((struct psp_report_req *)m->payload)->data, data,
	       sizeof(((struct psp_report_req *)m->payload)->data));
	psp_seal();
	broken = send(with_certificates) || !psp_open() || !is_answer(psp_answer(), number);
	if (broken) {
		say("minisvsm: the PSP gives no attestation report");
		return NULL;
	}
	psp_count();
	return (const struct psp_report_rsp *)psp_answer()->payload;
}
