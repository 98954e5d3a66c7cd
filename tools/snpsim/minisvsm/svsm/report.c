// SPDX-License-Identifier: GPL-2.0
/*
 * Attestation reports, from the PSP, with the key of VMPL 0 (AMD 56860, chapter 7). No number
 * of a message may come twice, because it is the initialisation vector: after a request that
 * went wrong there is none any more.
 */
#include "psp.h"
#include "svsm.h"

static bool broken;

static bool is_answer(const struct psp_msg *m, u64 number)
{
	const struct psp_report_rsp *rsp = (const struct psp_report_rsp *)m->payload;

	return m->h.seqno == number + 1 && m->h.type == PSP_REPORT_RSP && !m->h.vmpck &&
	       m->h.size >= sizeof(*rsp) && !rsp->status && rsp->size <= sizeof(rsp->report);
}

/* Returns NULL if there is no report. */
const struct psp_report_rsp *report_get(const u8 *data, u32 vmpl)
{
	struct psp_msg *m = psp_report_msg(vmpl);
	u64 number = psp_seqno();

	if (broken)
		return NULL;
	memcpy(((struct psp_report_req *)m->payload)->data, data,
	       sizeof(((struct psp_report_req *)m->payload)->data));
	psp_seal();
	broken = psp_send() || !psp_open() || !is_answer(psp_answer(), number);
	if (broken) {
		say("minisvsm: the PSP gives no attestation report");
		return NULL;
	}
	psp_count();
	return (const struct psp_report_rsp *)psp_answer()->payload;
}
