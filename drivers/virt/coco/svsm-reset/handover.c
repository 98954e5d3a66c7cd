// SPDX-License-Identifier: GPL-2.0-only
/*
 * The call is the BSP's to make; when another CPU has begun the restart
 * (reboot=cpuN, /sys/kernel/reboot/cpu), it hands the call over.
 *
 *	the CPU that fires		the BSP, in svr_park()
 *	------------------		----------------------
 *					evidence = SVR_WAITING
 *	IDLE -> OFFERED
 *					OFFERED -> TAKEN
 *	parks				waits for that, masks, calls
 *
 *	and if the call comes back:
 *					TAKEN -> RETURNED, NMI until seen
 *	goes on				parks
 *
 * Either side may close the word instead, while the call has not been taken.
 */
#include <linux/atomic.h>
#include <linux/cpumask.h>
#include <linux/errno.h>
#include <linux/smp.h>
#include <linux/time64.h>
#include <asm/apic.h>
#include <asm/irq_vectors.h>

#include "svsm-reset.h"
#include "wait.h"

/*
 * The BSP waits to be asked. Far more than svr_quiesce() may take, and than
 * the kernel's stop takes where udelay() is slow; nobody waits for it to end.
 */
#define SVR_HANDOVER_SERVE_US	(60 * USEC_PER_SEC)
/* The CPU that fires waits for the BSP to take the call */
#define SVR_HANDOVER_TAKE_US	(1 * USEC_PER_SEC)
/* The BSP waits for the CPU that fires to park */
#define SVR_HANDOVER_PARK_US	(1 * USEC_PER_SEC)
/* The CPU that fires waits for the BSP to halt, nothing having been asked */
#define SVR_HANDOVER_CLOSE_US	(1 * USEC_PER_SEC)
/* The call came back: that many NMIs, so far apart, to wake the other CPU */
#define SVR_HANDOVER_WAKE_TRIES	1000
#define SVR_HANDOVER_WAKE_US	1000

enum svr_handover_word {
	SVR_HANDOVER_IDLE,
	SVR_HANDOVER_OFFERED,
	SVR_HANDOVER_TAKEN,
	SVR_HANDOVER_RETURNED,
	SVR_HANDOVER_SEEN,
	SVR_HANDOVER_CLOSED,
};

static struct {
	atomic_t word;
	int from;		/* the CPU that fires; written before OFFERED */
	struct svr_result result;	/* written before RETURNED */
} svr_handover = { .word = ATOMIC_INIT(SVR_HANDOVER_IDLE) };

static bool svr_handover_step(int from, int to)
{
	return atomic_try_cmpxchg(&svr_handover.word, &from, to);
}

static bool svr_handover_reach(int word, unsigned long limit_us)
{
	struct svr_wait wait = svr_wait_begin(limit_us);

	do {
		if (atomic_read_acquire(&svr_handover.word) == word)
			return true;
	} while (svr_wait_on(&wait));
	return false;
}

/* Not before the one who would have to be woken again has really gone quiet */
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
	struct svr_cpu *from = per_cpu_ptr(&svr_cpus, svr_handover.from);
	unsigned int i;

	WRITE_ONCE(from->nmi_wake, true);
	atomic_set_release(&svr_handover.word, SVR_HANDOVER_RETURNED);
	for (i = 0; i < SVR_HANDOVER_WAKE_TRIES; i++) {
		__apic_send_IPI_mask(cpumask_of(svr_handover.from), NMI_VECTOR);
		if (svr_handover_reach(SVR_HANDOVER_SEEN, SVR_HANDOVER_WAKE_US))
			return;
	}
}

/**
 * svr_handover_serve - wait on the BSP to be asked to make the call
 * @bsp: the BSP, which is this CPU
 *
 * Context: stopped for good: interrupts off, perhaps inside an NMI. Returns
 * when nobody asked, when the CPU that asked withdrew, or when the call was
 * made and came back; this CPU then has nothing left to do but to halt.
 */
void svr_handover_serve(struct svr_cpu *bsp)
{
	struct svr_wait wait = svr_wait_begin(SVR_HANDOVER_SERVE_US);

	bsp->pending = -1;
	/* Pairs with svr_cpu_parked(): the stop of this CPU has happened */
	smp_store_release(&bsp->evidence, SVR_WAITING);
	while (atomic_read(&svr_handover.word) == SVR_HANDOVER_IDLE)
		if (!svr_wait_on(&wait))
			break;
	svr_handover_step(SVR_HANDOVER_IDLE, SVR_HANDOVER_CLOSED);
	if (!svr_handover_step(SVR_HANDOVER_OFFERED, SVR_HANDOVER_TAKEN))
		return;

	if (svr_handover_caller_parked()) {
		svr_lapic_quiet();
		svr_transport_execute(bsp->ca, &svr_handover.result);
	} else {
		svr_handover.result.err = -EDEADLK;
	}
	svr_handover_return();
}

/**
 * svr_handover_request - have the BSP make the call, and park meanwhile
 * @result: how it ended, if the guest is still there to read it
 *
 * Context: interrupts off, every other CPU parked, the BSP waiting.
 *
 * Return: -ETIMEDOUT when the BSP did not take the call; 0 when it did and
 * the call came back.
 */
int svr_handover_request(struct svr_result *result)
{
	struct svr_cpu *c = this_cpu_ptr(&svr_cpus);

	svr_handover.from = raw_smp_processor_id();
	if (!svr_handover_step(SVR_HANDOVER_IDLE, SVR_HANDOVER_OFFERED))
		return -ETIMEDOUT;
	if (!svr_handover_reach(SVR_HANDOVER_TAKEN, SVR_HANDOVER_TAKE_US) &&
	    svr_handover_step(SVR_HANDOVER_OFFERED, SVR_HANDOVER_CLOSED))
		return -ETIMEDOUT;

	/*
	 * Taken. This CPU has to be as quiet as the others now. No bound: the
	 * BSP is past everything that could keep it, and the one who would
	 * have to count is halted.
	 */
	svr_lapic_quiet();
	while (atomic_read_acquire(&svr_handover.word) != SVR_HANDOVER_RETURNED)
		svr_park_caller(c);
	atomic_set(&svr_handover.word, SVR_HANDOVER_SEEN);

	*result = svr_handover.result;
	return 0;
}

/**
 * svr_handover_withdraw - there will be no request; let the BSP halt
 *
 * Context: interrupts off.
 *
 * Return: true when the BSP has halted, or never was in the waiting loop.
 */
bool svr_handover_withdraw(void)
{
	struct svr_wait wait = svr_wait_begin(SVR_HANDOVER_CLOSE_US);
	int bsp = svr_bsp_cpu();

	svr_handover_step(SVR_HANDOVER_IDLE, SVR_HANDOVER_CLOSED);
	if (bsp < 0)
		return true;

	do {
		if (READ_ONCE(per_cpu(svr_cpus, bsp).evidence) != SVR_WAITING)
			return true;
	} while (svr_wait_on(&wait));
	return false;
}
