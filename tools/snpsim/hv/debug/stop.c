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
#define SERVER			0		/* the vCPU that stops the others when asked to */

static struct vcpu *stopper;
static int parked[MAX_CPUS];
static bool begun, ended;

/* Does the command want a stop of this vCPU? */
bool debug_asks(const struct vcpu *v)
{
	return debug_is_on() && v->index == SERVER && READ_ONCE(box->asked);
}

static bool is_kept(const struct vcpu *v)
{
	return vcpu_is_held() || debug_mode(v) == DEBUG_HOLD;
}

static void park(struct vcpu *v)
{
	WRITE_ONCE(parked[v->index], 1);
	while (is_kept(v) && (vcpu_is_held() || !debug_asks(v)))
		wait_for_nmi();
	WRITE_ONCE(parked[v->index], 0);
}

/* Only then do its registers say what it did. One that waits for a lock may never get there. */
static void settle(const struct vcpu *self)
{
	u64 start = now_ns();

	for (u32 i = 0; i < config->cpus; i++) {
		struct vcpu *v = &vcpus[i];

		while (v != self && READ_ONCE(v->state) == VCPU_RUNNING &&
		       !READ_ONCE(parked[i]) && now_ns() - start < SETTLE_NS)
			cpu_relax();
	}
}

static void event_stop(const struct vcpu *v, const char *why)
{
	event_begin("debug-stop");
	event_u64("cpu", v->index);
	event_str("why", why);
	event_end();
}

static void let_all_go(struct vcpu *self)
{
	WRITE_ONCE(stopper, NULL);
	vcpu_let_go();
	for (u32 i = 0; i < config->cpus; i++)
		if (&vcpus[i] != self)
			vcpu_nmi(&vcpus[i]);
}

/*
 * Stop all vCPUs until gdb lets them go. Returns false if another one has stopped them
 * first: this one does again what has led here.
 */
bool debug_stop(struct vcpu *v, const char *why)
{
	struct vcpu *nobody = NULL;

	if (!__atomic_compare_exchange_n(&stopper, &nobody, v, false, __ATOMIC_SEQ_CST,
					 __ATOMIC_SEQ_CST))
		return false;
	vcpu_hold_others(v);
	settle(v);
	debug_breaks_lift();
	WRITE_ONCE(box->asked, 0);
	WRITE_ONCE(box->server, v->index);
	event_stop(v, why);
	debug_serve();
	if (!ended) {
		debug_breaks_lay();
		let_all_go(v);
	}
	return true;
}

/* May v enter the guest now? If not, its loop begins again. */
bool debug_lets(struct vcpu *v)
{
	if (!begun) {
		begun = true;
		debug_stop(v, STOP_START);
	} else if (debug_step_is_done(v)) {
		debug_stop(v, STOP_STEP);
	} else if (debug_asks(v) && !vcpu_is_held()) {
		debug_stop(v, STOP_ASKED);
	} else if (!is_kept(v)) {
		return true;
	}
	park(v);
	return false;
}

static bool sent_nmi(struct vcpu *v)
{
	return __atomic_exchange_n(&box->kicked[v->index], 0, __ATOMIC_SEQ_CST);
}

/* After that nobody goes on: the run ends. */
static void before_end(struct vcpu *v)
{
	ended = true;
	/* Not if that has happened while it was stopping the others */
	while (READ_ONCE(stopper) != v && !debug_stop(v, STOP_END))
		wait_for_nmi();
}

void debug_init(void)
{
	static const struct debugger debugger = { sent_nmi, before_end };

	if (debug_is_on())
		debugger_is(&debugger);
}
