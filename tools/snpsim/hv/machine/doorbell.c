// SPDX-License-Identifier: GPL-2.0
/*
 * The #HV doorbell page of VMPL 0 on each CPU (AMD 56421, 5). With restricted injection the
 * host injects nothing but #HV. The page has the vector that waits; VMPL 0 takes it by
 * writing 0 there. As KVM has it (sev_snp_blocked() of the series for VMPLs, June 2026) the
 * next one waits until then, and task priority and RFLAGS.IF are VMPL 0's own affair.
 */
#include "lib/lib.h"
#include "lib/x86.h"
#include "machine/doorbell.h"
#include "machine/rmp.h"

#define NO_FURTHER_SIGNAL	0x80	/* VMPL 0 has not looked at the page since the last #HV */

struct doorbell {
	u8 vector, flags, no_eoi_required, vmpl_events;
};

static u64 pages[MAX_CPUS] = { [0 ... MAX_CPUS - 1] = NO_DOORBELL };

void doorbell_set(const struct vcpu *v, u64 gpa)
{
	pages[v->index] = gpa;
}

u64 doorbell_page(const struct vcpu *v)
{
	return pages[v->index];
}

/* What a host writes to a private page the guest does not see: there is no doorbell then. */
static struct doorbell *find(const struct vcpu *v)
{
	u64 gpa = pages[v->index];

	return gpa != NO_DOORBELL && page_state(gpa) == PAGE_SHARED ?
	       (struct doorbell *)gpa : NULL;
}

/* Can the next interrupt be told? */
bool doorbell_is_free(const struct vcpu *v)
{
	const struct doorbell *d = find(v);

	return d && !READ_ONCE(d->vector);
}

/* Write a vector. Returns true if #HV is to be injected. */
bool doorbell_ring(const struct vcpu *v, u8 vector)
{
	struct doorbell *d = find(v);

	WRITE_ONCE(d->vector, vector);
	return !(__atomic_fetch_or(&d->flags, NO_FURTHER_SIGNAL, __ATOMIC_SEQ_CST) &
		 NO_FURTHER_SIGNAL);
}
