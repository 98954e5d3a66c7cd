// SPDX-License-Identifier: GPL-2.0
/*
 * All vCPUs stop together. The one that has stopped them answers what gdb asks; the others
 * wait where they would have entered the guest, or where they waited anyway.
 */
#include "debug/box.h"
#include "debug/debug.h"
#include "lib/lib.h"
#include "lib/x86.h"
#include "machine/debugger.h"
#include "machine/shootdown.h"
#include "machine/trap.h"

#define SETTLE_NS		50000000UL	/* how long a vCPU may take to finish its exit */

static struct vcpu *stopper;	/* the one that has stopped all, until they go on */
static int parked[MAX_CPUS];
static bool begun;

/*
 * Does the command want a stop? The NMI for it goes to CPU 0, but whichever sees it first
 * stops all. One that has never run has nothing to show.
 */
bool debug_asks(const struct vcpu *v)
{
	return debug_is_on() && v->ctx[0].vmsa && READ_ONCE(box->asked);
}

static void set_parked(const struct vcpu *v, int value)
{
	WRITE_ONCE(parked[v->index], value);
	/* Pairs with let_all_go(): v sees that it need not wait, or is woken. */
	smp_mb();
}

/* Alone it is held by gdb, and does still what the host or gdb asks of it. */
static bool stays_held(const struct vcpu *v)
{
	return debug_mode(v) == DEBUG_HOLD && !vcpu_kept_out(v) &&
	       READ_ONCE(v->guest_change) == GUEST_STAYS && !debug_asks(v);
}

static void park(const struct vcpu *v)
{
	set_parked(v, 1);
	while (vcpu_is_held() || stays_held(v))
		wait_for_nmi();
	set_parked(v, 0);
}

/* Has v done what it left the guest for? Its registers say so only then. */
static bool is_settled(const struct vcpu *v)
{
	enum vcpu_state state = READ_ONCE(v->state);

	if (state != VCPU_RUNNING && state != VCPU_STARTING)
		return true;
	return READ_ONCE(parked[v->index]) || READ_ONCE(v->cur)->released;
}

/* One that waits for a lock, or for another, may never get there. */
static void settle(const struct vcpu *self)
{
	u64 start = now_ns();

	for (u32 i = 0; i < config->cpus; i++)
		while (&vcpus[i] != self && !is_settled(&vcpus[i]) && now_ns() - start < SETTLE_NS)
			cpu_relax();
}

static void event_stop(const struct vcpu *v, const char *why)
{
	event_begin("debug-stop");
	event_u64("cpu", v->index);
	event_str("why", why);
	event_end();
}

/*
 * Stop all vCPUs, and answer gdb until it has them go on. Returns false if another one has
 * stopped them first. This vCPU is self, whichever the stop is about.
 */
static bool stop_all(struct vcpu *self, const char *why)
{
	struct vcpu *nobody = NULL;

	if (!__atomic_compare_exchange_n(&stopper, &nobody, self, false, __ATOMIC_SEQ_CST,
					 __ATOMIC_SEQ_CST))
		return false;
	vcpu_hold_others(self);
	settle(self);
	debug_breaks_lift();
	WRITE_ONCE(box->asked, 0);
	WRITE_ONCE(box->server, self->index);
	event_stop(self, why);
	debug_serve();
	return true;
}

/* After vcpu_let_go(): those that were held look again whether they may enter the guest. */
void debug_wake_parked(void)
{
	/* Pairs with set_parked(). */
	smp_mb();
	/* Only those: a CPU that waits for a SIPI must get no NMI. */
	for (u32 i = 0; i < config->cpus; i++)
		if (READ_ONCE(parked[i]))
			vcpu_nmi(&vcpus[i]);
}

/* Others are not held before the next one stops them: the order matters. */
static void let_all_go(void)
{
	debug_breaks_lay();
	vcpu_let_go();
	WRITE_ONCE(stopper, NULL);
	debug_wake_parked();
}

/*
 * Stop all vCPUs until gdb lets them go. If another one has stopped them first, this one
 * does again what has led here.
 */
void debug_stop(struct vcpu *self, const char *why)
{
	if (stop_all(self, why))
		let_all_go();
}

/* May v, this vCPU, enter the guest now? If not, its loop begins again. */
bool debug_lets(struct vcpu *v)
{
	if (!begun) {
		begun = true;
		debug_stop(v, STOP_START);
	} else if (debug_step_is_done(v)) {
		debug_stop(v, STOP_STEP);
	} else if (debug_asks(v) && !vcpu_is_held()) {
		debug_stop(v, STOP_ASKED);
	} else if (!vcpu_is_held() && debug_mode(v) != DEBUG_HOLD) {
		return true;
	}
	park(v);
	return false;
}

/*
 * Is the command's NMI among those that have arrived? With another one of the hypervisor's
 * there may be two in one, but not while the command is still about to send its own.
 */
static bool sent_nmi(struct vcpu *v, bool with_other)
{
	bool sending = READ_ONCE(box->sending) || READ_ONCE(box->request) != READ_ONCE(box->sent);

	if (with_other && sending)
		return false;
	return __atomic_exchange_n(&box->kicked[v->index], 0, __ATOMIC_SEQ_CST);
}

/*
 * The run ends: nobody goes on after this. The end may be about another vCPU, to which
 * this one has done something; and it may come while this one stops the others.
 */
static void before_end(void)
{
	struct vcpu *self = this_vcpu();

	set_parked(self, 1);
	while (READ_ONCE(stopper) != self && !stop_all(self, STOP_END))
		wait_for_nmi();
}

void debug_init(void)
{
	static const struct debugger debugger = { sent_nmi, before_end };

	if (debug_is_on())
		debugger_is(&debugger);
}
