// SPDX-License-Identifier: GPL-2.0-only
/*
 * Some things must come from the BSP. When another CPU has begun them (a panic,
 * reboot=cpuN), it hands the job over.
 *
 *	the CPU that fires		the BSP, in svr_park()
 *	------------------		----------------------
 *					evidence, HLT
 *	IDLE -> OFFERED, interrupt
 *	until taken			OFFERED -> TAKEN
 *	parks				waits for that, does the job
 *
 *	and if the job comes back:
 *					TAKEN -> RETURNED, NMI until seen
 *	goes on				parks
 *
 * The CPU that fires closes the hand-over if the job is not taken. It does not
 * matter how long ago the BSP was stopped.
 */
#include <linux/atomic.h>
#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/errno.h>
#include <linux/preempt.h>
#include <linux/smp.h>
#include <linux/time64.h>

#include "reset/reset.h"
#include "reset/wait.h"
#include "svsm-reset.h"
#include "svsm/svsm.h"

/* The CPU that has to see the next phase is woken so many times, so far apart */
#define SVR_HANDOVER_WAKE_TRIES	1000
#define SVR_HANDOVER_WAKE_US	1000
/* The BSP waits for the CPU that fires to park */
#define SVR_HANDOVER_PARK_US	(1 * USEC_PER_SEC)
/*
 * Inside an NMI only one NMI can wake that CPU, since the kernel does not tell the host
 * that a nested one is done. So it gets time to go from its evidence into the HLT that
 * follows.
 */
#define SVR_HANDOVER_SETTLE_US	1000

enum svr_handover_phase {
	SVR_HANDOVER_IDLE,
	SVR_HANDOVER_OFFERED,
	SVR_HANDOVER_TAKEN,
	SVR_HANDOVER_RETURNED,
	SVR_HANDOVER_SEEN,
	SVR_HANDOVER_CLOSED,
};

static struct {
	atomic_t phase;
	int from;			/* the CPU that fires */
	bool in_nmi;			/* it does so inside an NMI */
	void (*job)(struct svr_cpu *bsp);	/* all three written before OFFERED */
	bool done;			/* written before RETURNED */
} svr_handover = { .phase = ATOMIC_INIT(SVR_HANDOVER_IDLE) };

static bool svr_handover_step(int from, int to)
{
	return atomic_try_cmpxchg(&svr_handover.phase, &from, to);
}

/* Wake @cpu until that phase is reached; true once it is */
static bool svr_handover_wake(int cpu, int phase)
{
	unsigned int i;

	for (i = 0; i < SVR_HANDOVER_WAKE_TRIES; i++) {
		svr_lapic_wake(cpu);
		if (svr_wait_until(&svr_handover.phase, phase,
				   SVR_HANDOVER_WAKE_US))
			return true;
	}
	return false;
}

/* The job may begin only once the CPU that fires has parked */
static bool svr_handover_caller_parked(void)
{
	struct svr_wait wait = svr_wait_begin(SVR_HANDOVER_PARK_US);

	do {
		if (svr_cpu_parked(svr_handover.from))
			return true;
	} while (svr_wait_on(&wait));
	return false;
}

static void svr_handover_return(void)
{
	WRITE_ONCE(per_cpu(svr_cpus, svr_handover.from).nmi_wake, true);
	atomic_set_release(&svr_handover.phase, SVR_HANDOVER_RETURNED);
	svr_handover_wake(svr_handover.from, SVR_HANDOVER_SEEN);
}

/**
 * svr_handover_serve - do the job that has been offered to the BSP, if any
 * @bsp: the BSP, which is this CPU
 *
 * Context: on the BSP, stopped for good and just woken: interrupts off, perhaps
 * inside an NMI. Returns when there was no job, or when it came back; this CPU
 * then has to halt again.
 */
void svr_handover_serve(struct svr_cpu *bsp)
{
	/* First of all: nobody may find the job taken and this CPU parked */
	WRITE_ONCE(bsp->evidence, SVR_RUNNING);
	if (!svr_handover_step(SVR_HANDOVER_OFFERED, SVR_HANDOVER_TAKEN)) {
		/* There will be no other offer: from now on this CPU only halts */
		if (atomic_read(&svr_handover.phase) != SVR_HANDOVER_IDLE)
			svr_lapic_quiet();
		return;
	}

	svr_handover.done = svr_handover_caller_parked();
	if (svr_handover.in_nmi)
		udelay(SVR_HANDOVER_SETTLE_US);
	if (svr_handover.done)
		svr_handover.job(bsp);
	svr_handover_return();
}

/**
 * svr_handover_request - have the BSP do a job, and park meanwhile
 * @job: what to do; does not return if all goes well
 *
 * Context: any, NMI included; interrupts off, the BSP parked.
 *
 * Return: 0 when the BSP did it and it came back; -EBUSY when there has been a
 * hand-over before; -ETIMEDOUT when the BSP did not take the job; -EDEADLK
 * when it took it, but found this CPU not parked.
 */
int svr_handover_request(void (*job)(struct svr_cpu *bsp))
{
	struct svr_cpu *c = this_cpu_ptr(&svr_cpus);

	if (atomic_read(&svr_handover.phase) != SVR_HANDOVER_IDLE)
		return -EBUSY;
	svr_handover.from = raw_smp_processor_id();
	svr_handover.in_nmi = in_nmi();
	svr_handover.job = job;
	if (!svr_handover_step(SVR_HANDOVER_IDLE, SVR_HANDOVER_OFFERED))
		return -EBUSY;
	if (!svr_handover_wake(svr_bsp_cpu(), SVR_HANDOVER_TAKEN) &&
	    svr_handover_step(SVR_HANDOVER_OFFERED, SVR_HANDOVER_CLOSED)) {
		/* A BSP that wakes up later finds the offer closed, and listens no longer */
		svr_lapic_wake(svr_bsp_cpu());
		return -ETIMEDOUT;
	}

	/*
	 * The BSP has taken the job, and this CPU has to be as quiet as the
	 * others. The wait has no bound: nothing can keep the BSP from going
	 * on, and a halted CPU cannot count.
	 */
	svr_lapic_quiet();
	while (atomic_read_acquire(&svr_handover.phase) != SVR_HANDOVER_RETURNED)
		svr_halt_until_woken(c, SVR_PARKED_CALLER);
	atomic_set(&svr_handover.phase, SVR_HANDOVER_SEEN);

	return svr_handover.done ? 0 : -EDEADLK;
}

/**
 * svr_handover_unanswered - has the BSP left an offer unanswered so far?
 *
 * The BSP was parked when the job was offered, but what was sent to wake it may still do
 * so.
 *
 * Context: any.
 *
 * Return: true if it has; then it does not count as parked.
 */
bool svr_handover_unanswered(void)
{
	/* Before the evidence is read: see svr_handover_serve() */
	int phase = atomic_read_acquire(&svr_handover.phase);

	return phase == SVR_HANDOVER_OFFERED || phase == SVR_HANDOVER_CLOSED;
}
