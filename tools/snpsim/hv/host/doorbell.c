// SPDX-License-Identifier: GPL-2.0
/* The requests of restricted injection: the #HV doorbell page, and an IPI without the ICR. */
#include "host/host.h"
#include "lib/lib.h"
#include "machine/doorbell.h"
#include "machine/rmp.h"
#include "machine/vapic.h"
#include "machine/vcpu.h"

enum doorbell_request { GET_PREFERRED, SET, QUERY, CLEAR };

/* KVM looks whether there is memory, not whether it is shared. */
static bool set(const struct vcpu *v, u64 gpa)
{
	bool usable = !(gpa & ~PAGE_MASK) && page_is_ram(gpa);

	doorbell_set(v, usable ? gpa : NO_DOORBELL);
	return usable;
}

void ghcb_doorbell(struct vcpu *v, u8 *ghcb, u64 request, u64 gpa)
{
	bool done = true;

	switch (request) {
	case GET_PREFERRED:
		ghcb_set(ghcb, GHCB_SW_EXITINFO2, NO_DOORBELL);
		return;
	case SET:
		done = set(v, gpa);
		break;
	case QUERY:
		break;
	case CLEAR:
		doorbell_set(v, NO_DOORBELL);
		return;
	default:
		doorbell_set(v, NO_DOORBELL);
		done = false;
	}
	if (done) {
		ghcb_set(ghcb, GHCB_SW_EXITINFO2, doorbell_page(v));
		return;
	}
	hv_log("cpu%u: #HV doorbell request %lx of %lx is refused", v->index, request, gpa);
	ghcb_error(ghcb, GHCB_ERR_INVALID_INPUT);
}

void ghcb_hv_ipi(struct vcpu *v, u8 *ghcb, u64 icr)
{
	if (vapic_send_ipi(v, icr))
		return;
	hv_log("cpu%u: #HV IPI %lx is refused", v->index, icr);
	ghcb_error(ghcb, GHCB_ERR_INVALID_INPUT);
}
