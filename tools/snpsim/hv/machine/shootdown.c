// SPDX-License-Identifier: GPL-2.0
/*
 * When a page is taken away, translations that other vCPUs have cached must go. An NMI,
 * which is intercepted, brings a vCPU out of the guest. A vCPU in the hypervisor flushes
 * before it enters the guest again.
 *
 * (A guest NMI that arrives between the sending and the taking of ours is taken for ours.)
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
#define VMPL0_BIT		1U

static u32 stale;			/* a bit for each VMPL */

/* A present entry of a VMPL's view went away; called under sim_lock. */
void tlb_stale(u32 vmpl)
{
	stale |= 1U << vmpl;
}

/*
 * Make sure that v's CPU can take an NMI. Call this before giving v anything to do.
 *
 * The guest may have sent an INIT to a CPU whose vCPU the host has destroyed. That CPU
 * waits for a SIPI; in QEMU it would still take an NMI, in real mode. So send it a SIPI,
 * which a CPU that does not wait for one ignores. The answer is known at once if the CPU
 * comes back, or still spins in wait_frozen().
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

/* At most one of our NMIs is under way: v->kick stays set until v has taken it. */
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
 * Wait until v is out of the guest. The caller has set v->flush or v->stop, which v looks
 * at before it enters again.
 */
void vcpu_kick(struct vcpu *v)
{
	u64 start;

	/* Pairs with enter(): v sees the caller's flag, or we see in_guest. */
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

/*
 * Every CPU flushes before it enters again; one that runs one of these VMPLs is brought out
 * now. Returns how many were.
 */
static u32 flush_all(struct vcpu *self, u32 vmpls)
{
	u32 kicked = 0;

	self->flush = 1;
	for (u32 i = 0; i < config->cpus; i++) {
		struct vcpu *v = &vcpus[i];

		if (v == self || READ_ONCE(v->state) == VCPU_OFF)
			continue;
		WRITE_ONCE(v->flush, 1);
		/* Pairs with enter(). */
		smp_mb();
		if (READ_ONCE(v->in_guest) && (vmpls >> READ_ONCE(v->cur)->vmpl & 1)) {
			kicked++;
			vcpu_kick(v);
		}
	}
	return kicked;
}

/* Call under sim_lock, before the guest learns the result of a state change. */
void tlb_shootdown(struct vcpu *self)
{
	u32 vmpls = stale;

	iommu_sync();
	if (!vmpls)
		return;
	stale = 0;
	self->kinds[KIND_SHOOTDOWN] += flush_all(self, vmpls);
}

/*
 * INVLPGB: every CPU forgets what VMPL 0 has cached. VMPL 2 has its own pages flushed when
 * they change state.
 */
void tlb_broadcast(struct vcpu *self)
{
	flush_all(self, VMPL0_BIT);
}
