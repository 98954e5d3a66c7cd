// SPDX-License-Identifier: GPL-2.0
/* A nested page fault: MMIO, an access that is lawful after all, or a violation. */
#include "exits/exits.h"
#include "host/host.h"
#include "lib/config.h"
#include "lib/layout.h"
#include "lib/lib.h"
#include "machine/npt.h"
#include "machine/rmp.h"
#include "machine/rom.h"
#include "machine/run_end.h"
#include "machine/shootdown.h"
#include "machine/svm.h"
#include "machine/vcpu.h"

static const char *access_name(u64 err)
{
	if (err & NPF_FETCH)
		return "fetch";
	return err & NPF_WRITE ? "write" : "read";
}

static const char *violation_kind(bool c, u64 gpa, u64 err)
{
	if (c && (page_flags(gpa) & PAGE_VMSA) && (err & NPF_WRITE))
		return "vmsa-write";
	if (c && (page_flags(gpa) & PAGE_IN_USE))
		return "vmsa-in-use";
	switch (page_state(gpa)) {
	case PAGE_HV:
		return gpa < HV_BASE ? "outside-memory" : "hypervisor-memory";
	case PAGE_SVSM:
		return "hypervisor-memory";
	case PAGE_NOT_RAM:
	case PAGE_UNTOUCHED:
		return c ? "mmio-as-private" : "outside-memory";
	case PAGE_SHARED:
		return "shared-as-private";
	case PAGE_VALID:
		return c ? "vmpl-rights" : "private-as-shared";
	default:
		return c ? "unvalidated" : "private-as-shared";
	}
}

void exit_npf(struct vcpu *v)
{
	u64 err = v->cur->vmcb->exit_info1, gpa = v->cur->vmcb->exit_info2 & ~CBIT_MASK;
	bool c = v->cur->vmcb->exit_info2 & CBIT_MASK;
	struct violation what = { .gpa = gpa, .ap = -1 };

	count(v, KIND_NPF);
	lock(&sim_lock);
	if (!c)
		dma_touched(gpa);
	if (!c && page_state(gpa) == PAGE_NOT_RAM) {
		if (fidelity_full()) {
			deliver_vc(v, EXIT_NPF);
			goto out;
		}
		if (npt_map_high_mmio(gpa))
			goto out;
	}
	if (!c && v->cur->vmpl == GUEST_VMPL && page_state(gpa) == PAGE_VALID &&
	    (err & (NPF_TABLE_WALK | NPF_FETCH))) {
		npt_grant_walk_alias(gpa);
		goto out;
	}
	/* Another vCPU may have made the access lawful while this one was on its way here. */
	if (npt_allows(v, gpa, c, err))
		goto out;
	if (!c && !npt_all_private(v) && host_shares(gpa)) {
		tlb_shootdown(v);
		goto out;
	}
	if (!v->cur->vmpl && (page_flags(gpa) & PAGE_IN_USE) && host_release_vmsa(gpa))
		goto out;
	if (rom_is_there() && c && (page_flags(gpa) & PAGE_IN_USE) && !(err & NPF_WRITE) &&
	    vmsa_let_read(gpa))
		goto out;
	if (host_converts(gpa)) {
		tlb_shootdown(v);
		deliver_vc(v, EXIT_NOT_VALIDATED);
		goto out;
	}
	what.kind = violation_kind(c || npt_all_private(v), gpa, err);
	what.access = access_name(err);
	report_violation(v, &what);
out:
	unlock(&sim_lock);
}
