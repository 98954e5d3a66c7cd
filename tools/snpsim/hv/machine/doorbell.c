// SPDX-License-Identifier: GPL-2.0
/*
 * The #HV doorbell page of VMPL 0 on each CPU (AMD 56421, 5). With restricted injection the
 * host injects nothing but #HV. The page has the vector that waits; VMPL 0 takes it by
 * writing 0 there. As KVM has it (sev_snp_blocked() of the series for VMPLs, June 2026) the
 * next one waits until then. RFLAGS.IF is VMPL 0's own affair: it looks at it in its handler.
 */
#include "lib/lib.h"
#include "lib/x86.h"
#include "machine/doorbell.h"
#include "machine/rmp.h"
#include "machine/run_end.h"

#define NO_FURTHER_SIGNAL	0x80	/* VMPL 0 has not looked at the page since the last #HV */

struct doorbell {
	u8 vector, flags, no_eoi_required, vmpl_events;
};

static u64 pages[MAX_CPUS] = { [0 ... MAX_CPUS - 1] = NO_DOORBELL };

void doorbell_set(const struct vcpu *v, u64 gpa)
{
	WRITE_ONCE(pages[v->index], gpa);
}

u64 doorbell_page(const struct vcpu *v)
{
	return READ_ONCE(pages[v->index]);
}

/* VMPL 0 has taken what was there. */
static bool is_taken(u64 gpa)
{
	return !READ_ONCE(((const struct doorbell *)gpa)->vector);
}

/*
 * Can the next interrupt be told, as far as it is known without sim_lock? A page that is not
 * shared says yes: doorbell_ring() has the answer to that.
 */
bool doorbell_is_free(const struct vcpu *v)
{
	u64 gpa = doorbell_page(v);

	return gpa != NO_DOORBELL &&
	       (page_state(gpa) != PAGE_SHARED || is_taken(gpa));
}

/*
 * Write a vector. Returns false if it has to wait; *signal says whether #HV is to be injected.
 * KVM writes to its shared copy of a private page, where the guest does not find it: the
 * interrupt would be lost.
 */
bool doorbell_ring(struct vcpu *v, u8 vector, bool *signal)
{
	struct violation what = { .kind = "doorbell-not-shared", .access = "write", .ap = -1 };
	struct doorbell *d;
	bool rung = false;

	lock(&sim_lock);
	what.gpa = doorbell_page(v);
	if (what.gpa != NO_DOORBELL && page_state(what.gpa) != PAGE_SHARED)
		report_violation(v, &what);
	d = (struct doorbell *)what.gpa;
	if (what.gpa != NO_DOORBELL && is_taken(what.gpa)) {
		WRITE_ONCE(d->vector, vector);
		*signal = !(__atomic_fetch_or(&d->flags, NO_FURTHER_SIGNAL, __ATOMIC_SEQ_CST) &
			    NO_FURTHER_SIGNAL);
		rung = true;
	}
	unlock(&sim_lock);
	return rung;
}
