// SPDX-License-Identifier: GPL-2.0
/*
 * The local APIC of a program at VMPL 0. The real one is the guest's, and what arrives there
 * stays pending while VMPL 0 runs (V_INTR_MASKING). This one has no timer and no pins: its
 * interrupts are those that VMPL 0 sends by its ICR. The program reaches it by GHCB exits
 * for MSRs.
 */
#include "lib/config.h"
#include "lib/lib.h"
#include "lib/x86.h"
#include "machine/doorbell.h"
#include "machine/inject.h"
#include "machine/shootdown.h"
#include "machine/svm.h"
#include "machine/vapic.h"

#define MSR_X2APIC_ID		0x802
#define MSR_X2APIC_VERSION	0x803
#define MSR_X2APIC_TPR		0x808
#define MSR_X2APIC_EOI		0x80b
#define MSR_X2APIC_SVR		0x80f
#define MSR_X2APIC_ISR		0x810
#define MSR_X2APIC_IRR		0x820
#define MSR_X2APIC_SELF_IPI	0x83f
#define VERSION			0x50014
#define FIRST_VECTOR		16
#define WORD_BITS		32
#define WORDS			APIC_WORDS
#define ICR_VECTOR		0xffU
#define ICR_RESERVED		0xfff32000U
#define TO_EVERYBODY		0xffffffffU

enum shorthand { NO_SHORTHAND, TO_SELF, TO_ALL, TO_OTHERS };

struct vapic {
	u32 irr[WORDS], isr[WORDS];
	u32 svr;
	bool x2apic;
};

static struct vapic vapics[MAX_CPUS];

void vapic_reset(struct vcpu *v)
{
	vapics[v->index] = (struct vapic){ .svr = APIC_SVR_RESET };
	doorbell_set(v, NO_DOORBELL);
}

/* The highest vector whose bit is set, or -1 */
static int highest(const u32 *bits)
{
	for (int i = WORDS - 1; i >= 0; i--) {
		u32 word = READ_ONCE(bits[i]);

		if (word)
			return i * WORD_BITS + 31 - __builtin_clz(word);
	}
	return -1;
}

/* CR8 of VMPL 0 is in its VMCB. */
static u32 task_priority(const struct vcpu *v)
{
	return v->ctx[0].vmcb->int_ctl & V_TPR;
}

/* The vector to deliver next, or -1 */
static int next_vector(const struct vcpu *v)
{
	const struct vapic *a = &vapics[v->index];
	int vector = highest(a->irr), in_service = highest(a->isr);

	if (vector < 0 || !(a->svr & APIC_SVR_ENABLE) || vector >> 4 <= (int)task_priority(v) ||
	    (in_service >= 0 && vector >> 4 <= in_service >> 4))
		return -1;
	return vector;
}

static bool is_restricted(const struct vcpu *v)
{
	return v->ctx[0].sev_features & SEV_FEATURE_RESTRICTED;
}

/* Does an interrupt wait for VMPL 0 of this CPU, which the host could tell it of? */
bool vapic_is_pending(const struct vcpu *v)
{
	return vmpl0_is_guest() && next_vector(v) >= 0 &&
	       (!is_restricted(v) || doorbell_is_free(v));
}

/* Does it end a HLT? #HV comes with interrupts off, too. */
bool vapic_ends_halt(const struct vcpu *v)
{
	return vapic_is_pending(v) &&
	       (is_restricted(v) || (v->ctx[0].vmcb->save.rflags & RFLAGS_IF));
}

/* The CPU looks before it enters either VMPL; the NMI brings it out of it, or out of HLT. */
static void request(struct vcpu *t, u32 vector)
{
	__atomic_fetch_or(&vapics[t->index].irr[vector / WORD_BITS], 1U << vector % WORD_BITS,
			  __ATOMIC_SEQ_CST);
	if (t != this_vcpu())
		vcpu_nmi(t);
}

static bool is_destination(const struct vcpu *self, const struct vcpu *t, u64 icr)
{
	u32 dest = icr >> 32;

	switch ((enum shorthand)(icr >> 18 & 3)) {
	case TO_SELF:
		return t == self;
	case TO_ALL:
		return true;
	case TO_OTHERS:
		return t != self;
	default:
		return dest == t->apic_id || dest == TO_EVERYBODY;
	}
}

/* Only fixed interrupts: no host NMI may reach VMPL 0, and it starts CPUs in another way. */
static bool write_icr(struct vcpu *v, u64 icr)
{
	if ((icr & ICR_RESERVED) || (icr & APIC_DM_MASK) || (icr & ICR_VECTOR) < FIRST_VECTOR)
		return false;
	for (u32 i = 0; i < config->cpus; i++)
		if (is_destination(v, &vcpus[i], icr) && vcpus[i].ctx[0].vmsa)
			request(&vcpus[i], icr & ICR_VECTOR);
	return true;
}

/* Returns false if the host refuses. */
bool vapic_send_ipi(struct vcpu *v, u64 icr)
{
	const struct vapic *a = &vapics[v->index];

	return a->x2apic && (a->svr & APIC_SVR_ENABLE) && write_icr(v, icr);
}

static void end_of_interrupt(struct vapic *a)
{
	int vector = highest(a->isr);

	if (vector >= 0)
		a->isr[vector / WORD_BITS] &= ~(1U << vector % WORD_BITS);
}

/* APIC_BASE, of which VMPL 0 can change the mode only */
static u64 base_of(const struct vcpu *v)
{
	return APIC_BASE | APIC_BASE_ENABLE | (v->apic_id ? 0 : APIC_BASE_BSP);
}

static bool write_base(struct vcpu *v, u64 val)
{
	if ((val & ~APIC_BASE_X2APIC) != base_of(v))
		return false;
	vapics[v->index].x2apic = val & APIC_BASE_X2APIC;
	return true;
}

static void set_task_priority(struct vcpu *v, u64 val)
{
	struct vmcb *m = v->ctx[0].vmcb;

	m->int_ctl = (m->int_ctl & ~V_TPR) | (val >> 4 & V_TPR);
}

/* What is refused changes nothing. */
static bool is_writable(u32 msr, u64 val)
{
	switch (msr) {
	case MSR_X2APIC_TPR:
		return !(val >> 8);
	case MSR_X2APIC_EOI:
		return !val;
	case MSR_X2APIC_SVR:
		return !(val >> 10);
	case MSR_X2APIC_SELF_IPI:
		return val >= FIRST_VECTOR && val <= ICR_VECTOR;
	default:
		return msr == MSR_X2APIC_ICR;	/* write_icr() looks at it */
	}
}

static bool write_register(struct vcpu *v, u32 msr, u64 val)
{
	struct vapic *a = &vapics[v->index];

	if (!is_writable(msr, val))
		return false;
	switch (msr) {
	case MSR_X2APIC_TPR:
		set_task_priority(v, val);
		break;
	case MSR_X2APIC_EOI:
		end_of_interrupt(a);
		break;
	case MSR_X2APIC_SVR:
		a->svr = val;
		break;
	case MSR_X2APIC_SELF_IPI:
		request(v, val);
		break;
	case MSR_X2APIC_ICR:
		return write_icr(v, val);
	}
	return true;
}

static bool read_register(const struct vcpu *v, u32 msr, u64 *val)
{
	const struct vapic *a = &vapics[v->index];

	switch (msr) {
	case MSR_X2APIC_ID:
		*val = v->apic_id;
		return true;
	case MSR_X2APIC_VERSION:
		*val = VERSION;
		return true;
	case MSR_X2APIC_TPR:
		*val = task_priority(v) << 4;
		return true;
	case MSR_X2APIC_SVR:
		*val = a->svr;
		return true;
	case MSR_X2APIC_ISR ... MSR_X2APIC_ISR + WORDS - 1:
		*val = a->isr[msr - MSR_X2APIC_ISR];
		return true;
	case MSR_X2APIC_IRR ... MSR_X2APIC_IRR + WORDS - 1:
		*val = READ_ONCE(a->irr[msr - MSR_X2APIC_IRR]);
		return true;
	default:
		return false;
	}
}

/*
 * Returns true if this is an MSR of VMPL 0's local APIC; *gp then says whether the access
 * raises #GP. Called under sim_lock.
 */
bool vapic_msr(struct vcpu *v, u32 msr, u64 *val, bool write, bool *gp)
{
	const struct vapic *a = &vapics[v->index];

	if (v->cur->vmpl)
		return false;
	if (msr == MSR_APIC_BASE && write) {
		*gp = !write_base(v, *val);
		return true;
	}
	if (msr == MSR_APIC_BASE) {
		*val = base_of(v) | (a->x2apic ? APIC_BASE_X2APIC : 0);
		*gp = false;
		return true;
	}
	if (msr < MSR_X2APIC || msr > MSR_X2APIC_LAST)
		return false;
	*gp = !a->x2apic ||
	      (write ? !write_register(v, msr, *val) : !read_register(v, msr, val));
	return true;
}

static void to_service(struct vapic *a, int vector)
{
	__atomic_fetch_and(&a->irr[vector / WORD_BITS], ~(1U << vector % WORD_BITS),
			   __ATOMIC_SEQ_CST);
	a->isr[vector / WORD_BITS] |= 1U << vector % WORD_BITS;
}

/*
 * An event that is delivered already goes first: the NMI to itself brings this CPU back right
 * after it.
 */
static void ring(struct vcpu *v, int vector)
{
	bool signal;

	if (v->cur->vmcb->event_inj & EVENT_VALID) {
		vcpu_nmi(v);
		return;
	}
	if (!doorbell_ring(v, vector, &signal))
		return;
	to_service(&vapics[v->index], vector);
	if (signal)
		inject_exception(v, EXC_HV, false, 0);
}

static void deliver(struct vcpu *v, int vector)
{
	struct vmcb *m = v->cur->vmcb;

	if (!(m->save.rflags & RFLAGS_IF) || (m->int_shadow & 1) ||
	    (m->event_inj & EVENT_VALID)) {
		/* next_vector() has looked at the priority. */
		m->int_ctl |= V_IRQ | V_IGN_TPR;
		m->intercept_misc1 |= MISC1_VINTR;
		return;
	}
	to_service(&vapics[v->index], vector);
	inject_interrupt(v, vector);
}

/*
 * Called right before each entry into VMPL 0: deliver what it can take, or ask for an exit
 * as soon as it can.
 */
void vapic_before_entry(struct vcpu *v)
{
	struct vmcb *m = v->cur->vmcb;

	m->int_ctl &= ~(V_IRQ | V_IGN_TPR);
	m->intercept_misc1 &= ~MISC1_VINTR;
	if (!vapic_is_pending(v))
		return;
	if (is_restricted(v))
		ring(v, next_vector(v));
	else
		deliver(v, next_vector(v));
}
