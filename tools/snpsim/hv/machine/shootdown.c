// SPDX-License-Identifier: GPL-2.0
/*
 * When a page is taken away, translations that other vCPUs have cached must go.
 * A vCPU in the guest is brought out of it by an NMI, which is intercepted; one
 * that is in the hypervisor flushes before it enters the guest again.
 *
 * (An NMI of the guest's own that arrives at the same moment as ours is taken for
 * ours. The window is the time between sending and taking ours.)
 */
#include "lib/config.h"
#include "lib/layout.h"
#include "lib/lib.h"
#include "lib/x86.h"
#include "machine/apic.h"
#include "machine/iommu.h"
#include "machine/run_end.h"
#include "machine/shootdown.h"
#include "machine/vcpu.h"

#define KICK_TIMEOUT_NS		20000000000UL
#define SIPI_ANSWER_NS		2000000000UL

static bool stale;

/* A present entry went away; called under sim_lock. */
void tlb_stale(void)
{
	stale = true;
}

/*
 * The guest may have sent an INIT to a CPU whose vCPU the host has destroyed. That
 * CPU waits for a SIPI; QEMU's would take an NMI then, in real mode. A CPU that
 * does not wait for one ignores a SIPI, so that is how to find out; at once, if it
 * came back by it or still spins in wait_frozen(). After this v's CPU takes an NMI;
 * to be asked before v is given anything to do.
 */
void vcpu_ask(struct vcpu *v)
{
	u64 start = now_ns(), spins = READ_ONCE(v->spins);

	if (!v->init_is_lawful || v == this_vcpu())
		return;
	WRITE_ONCE(v->came_back, 0);
	apic_ipi(v->apic_id, APIC_DM_STARTUP | SIPI_VECTOR);
	while (!READ_ONCE(v->came_back) && READ_ONCE(v->spins) == spins &&
	       now_ns() - start < SIPI_ANSWER_NS)
		cpu_relax();
}

/* One NMI of ours is under way at a time; v->kick says so until v has taken it. */
void vcpu_nmi(struct vcpu *v)
{
	if (!__atomic_exchange_n(&v->kick, 1, __ATOMIC_SEQ_CST))
		apic_ipi(v->apic_id, APIC_DM_NMI);
}

void vcpu_wake(struct vcpu *v)
{
	vcpu_ask(v);
	vcpu_nmi(v);
}

/*
 * Wait until v is out of the guest. It looks at v->flush and v->stop before it
 * enters again, so the caller has set what it wants before.
 */
void vcpu_kick(struct vcpu *v)
{
	u64 start;

	/* Pairs with enter(): the caller's flag is seen, or in_guest is. */
	smp_mb();
	if (!READ_ONCE(v->in_guest))
		return;
	vcpu_wake(v);
	start = now_ns();
	while (READ_ONCE(v->kick) && READ_ONCE(v->in_guest)) {
		/* Only an INIT by the guest takes a CPU away without an exit. */
		if (now_ns() - start > KICK_TIMEOUT_NS)
			report_vm_lost(v, "init");
		cpu_relax();
	}
}

/* Before the result of a state change is told to the guest; called under sim_lock. */
void tlb_shootdown(struct vcpu *self)
{
	iommu_sync();
	if (!stale)
		return;
	stale = false;
	self->flush = 1;
	for (u32 i = 0; i < config->cpus; i++) {
		struct vcpu *v = &vcpus[i];

		if (v == self || READ_ONCE(v->state) == VCPU_OFF)
			continue;
		WRITE_ONCE(v->flush, 1);
		/* Pairs with enter(). */
		smp_mb();
		if (READ_ONCE(v->in_guest)) {
			count(self, KIND_SHOOTDOWN);
			vcpu_kick(v);
		}
	}
}
