// SPDX-License-Identifier: GPL-2.0-only
/*
 * Evidence, and the halt that goes with it.
 *
 * A CPU proves that it is parked by a word that it writes itself, right in front of the
 * HLT: nothing of the guest runs on it afterwards, since interrupts are off and nobody
 * sends it an NMI. Only the BSP takes interrupts, so that the call can be handed over to it
 * (svr_lapic_wait()); while it is awake, its word says so. What other CPUs may conclude
 * from the word is here as well.
 */
#include <linux/compiler.h>
#include <linux/percpu.h>
#include <linux/preempt.h>
#include <linux/sync_core.h>
#include <linux/types.h>

#include "reset/reset.h"
#include "svsm-reset.h"

/* Evidence and HLT as one: no compiler, no tracer gets in between */
static __always_inline void svr_write_and_halt(u32 *evidence, u32 how)
{
	asm volatile("cli\n\t"
		     "movl	%[how], %[evidence]\n\t"
		     "hlt"
		     : [evidence] "=m" (*evidence)
		     : [how] "r" (how)
		     : "memory");
}

/**
 * svr_halt - write evidence and halt, once
 * @c:   this CPU
 * @how: the evidence
 *
 * Only an NMI ends the halt; with @c->listens an interrupt does as well. Context: any;
 * interrupts off.
 */
void svr_halt(struct svr_cpu *c, enum svr_evidence how)
{
	if (c->listens)
		svr_lapic_wait(&c->evidence, how);
	else
		svr_write_and_halt(&c->evidence, how);
}

/*
 * Inside an NMI a processor that keeps track of NMIs itself lets no other one in before the
 * next IRET. Where the host keeps track, exc_nmi() has told it already that it may.
 */
static void svr_unmask_nmi(void)
{
	if (in_nmi() && svr_lapic_can_listen())
		iret_to_self();
}

/**
 * svr_halt_until_woken - halt until svr_lapic_wake(), then take the evidence back
 * @c:   this CPU
 * @how: the evidence
 *
 * May return early; the caller has to look for what it is waiting for.
 *
 * Context: any; interrupts off.
 */
void svr_halt_until_woken(struct svr_cpu *c, enum svr_evidence how)
{
	svr_unmask_nmi();
	svr_halt(c, how);
	WRITE_ONCE(c->evidence, SVR_RUNNING);
}

/**
 * svr_cpu_parked - has this CPU shown that it is parked?
 * @cpu: its number
 *
 * Context: any.
 *
 * Return: true when it has.
 */
bool svr_cpu_parked(int cpu)
{
	/* What the CPU did before it parked has happened; see svr_write_and_halt() */
	u32 evidence = smp_load_acquire(&per_cpu(svr_cpus, cpu).evidence);

	return evidence != SVR_RUNNING && evidence != SVR_STANDS_BY;
}

/**
 * svr_cpu_stopped - is this CPU parked for good, not only until a call comes
 * back?
 * @cpu: its number
 *
 * Context: any.
 *
 * Return: true when it is.
 */
bool svr_cpu_stopped(int cpu)
{
	/* What the CPU did before it parked has happened; see svr_write_and_halt() */
	u32 evidence = smp_load_acquire(&per_cpu(svr_cpus, cpu).evidence);

	return evidence == SVR_PARKED_BY_STOP || evidence == SVR_PARKED_BY_NMI;
}

/**
 * svr_cpu_holds_nothing - is this CPU parked, and holds no spinlock?
 * @cpu: its number
 *
 * That is, none that is held with interrupts off: a CPU that an interrupt has stopped holds
 * no such lock; one that an NMI has stopped may hold any. Context: any.
 *
 * Return: true when it is.
 */
bool svr_cpu_holds_nothing(int cpu)
{
	return svr_cpu_stopped(cpu) && !per_cpu(svr_cpus, cpu).in_nmi;
}
