// SPDX-License-Identifier: GPL-2.0
/*
 * Another vCPU reads a VMSA that is in use. OVMF looks up the VMPL there before it has an
 * AP destroyed that it believes halted. KVM intercepts HLT, so a halted vCPU is out of the
 * guest. As long as it is not, KVM lets the reader repeat the access
 * (sev_handle_rmp_fault(), Linux 6.12).
 */
#include "lib/config.h"
#include "lib/lib.h"
#include "machine/rmp.h"
#include "machine/shootdown.h"
#include "machine/vcpu.h"

#define PATIENCE_NS		10000000000UL	/* after this it would be for ever */

static bool is_halted(const struct vcpu *v)
{
	enum vcpu_state state = READ_ONCE(v->state);

	return !READ_ONCE(v->in_guest) && (state == VCPU_HALTED || state == VCPU_IDLE);
}

/* Returns true if the reader may repeat the access. Called under sim_lock. */
bool vmsa_let_read(u64 gpa)
{
	struct vcpu *v = vcpus;

	while (v < vcpus + config->cpus && vcpu_guest(v)->vmsa != (gpa & PAGE_MASK))
		v++;
	if (v == vcpus + config->cpus)
		return false;
	WRITE_ONCE(v->vmsa_open, 1);
	/* Pairs with enter(): v finds the page open, or we find v in the guest. */
	smp_mb();
	if (is_halted(v)) {
		vmsa_in_use(vcpu_guest(v)->vmsa, false);
		v->vmsa_wanted = 0;
		return true;
	}
	WRITE_ONCE(v->vmsa_open, 0);
	if (!v->vmsa_wanted)
		v->vmsa_wanted = now_ns();
	return now_ns() - v->vmsa_wanted < PATIENCE_NS;
}

/* v is about to enter the guest: from now on nobody may read its VMSA. */
void vmsa_close(struct vcpu *v)
{
	lock(&sim_lock);
	if (v->vmsa_open) {
		WRITE_ONCE(v->vmsa_open, 0);
		vmsa_in_use(vcpu_guest(v)->vmsa, true);
		tlb_shootdown(v);
	}
	unlock(&sim_lock);
}
