// SPDX-License-Identifier: GPL-2.0
/*
 * SNP Guest Request and its extended form (AMD 56421, 4.1.7 and 4.1.8): the host carries a
 * message to the PSP and back, in two shared pages. The firmware's status goes into the
 * lower half of SW_EXITINFO2, as in KVM.
 */
#include "host/host.h"
#include "lib/lib.h"
#include "machine/vcpu.h"
#include "psp/psp.h"

#define CERT_TABLE_END		24	/* an entry of zeros: there are no certificates */

void guest_request(struct vcpu *v, u8 *ghcb, u64 request, u64 response)
{
	u8 *req = shared_ptr(request, PAGE_SIZE), *rsp = shared_ptr(response, PAGE_SIZE);

	if (((request | response) & ~PAGE_MASK) || request == response || !req || !rsp) {
		ghcb_error(ghcb, GHCB_ERR_INVALID_INPUT);
		return;
	}
	ghcb_set(ghcb, GHCB_SW_EXITINFO2, psp_guest_request(v->index, req, rsp));
}

/* RAX: pages for certificates, RBX: how many. Only reports come with certificates. */
void ext_guest_request(struct vcpu *v, u8 *ghcb, u64 request, u64 response)
{
	u64 data = ghcb_get(ghcb, GHCB_RAX), pages = ghcb_get(ghcb, GHCB_RBX);
	const u8 *req = shared_ptr(request, PAGE_SIZE);

	if (req && req[PSP_MSG_TYPE] == PSP_MSG_REPORT_REQ && pages) {
		u8 *table = shared_ptr(data, PAGE_SIZE);

		if ((data & ~PAGE_MASK) || !table) {
			ghcb_error(ghcb, GHCB_ERR_INVALID_INPUT);
			return;
		}
		memset(table, 0, CERT_TABLE_END);
	}
	guest_request(v, ghcb, request, response);
}
