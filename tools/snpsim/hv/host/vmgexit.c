// SPDX-License-Identifier: GPL-2.0
/* VMGEXIT: the guest asks the host (AMD 56421). */
#include "host/host.h"
#include "lib/lib.h"
#include "machine/rmp.h"
#include "machine/shootdown.h"
#include "machine/vcpu.h"

/* A page address in the GHCB MSR is a GHCB; anything else is the MSR protocol. */
void vmgexit(struct vcpu *v)
{
	lock(&sim_lock);
	if (v->stop || v->freeze) {
		/*
		 * Another vCPU stopped v while it waited for the lock: it has not asked
		 * for anything yet.
		 */
		unlock(&sim_lock);
		return;
	}
	if (v->cur->ghcb_msr & GHCB_MSR_INFO)
		ghcb_msr_request(v);
	else
		ghcb_page_request(v);
	tlb_shootdown(v);
	unlock(&sim_lock);
}
