// SPDX-License-Identifier: GPL-2.0
/*
 * What KVM writes to the areas that vCPUs have registered (--host kvm-pv), whatever the
 * memory is used for by then. KVM knows only the address. In a private page the write goes
 * to the shared alias, which the guest does not see. In a shared page the guest sees it.
 */
#include "host/host.h"
#include "host/pv.h"
#include "lib/config.h"
#include "lib/lib.h"
#include "lib/x86.h"
#include "machine/apic.h"
#include "machine/rmp.h"
#include "machine/run_end.h"
#include "machine/svm.h"
#include "machine/timers.h"
#include "machine/vcpu.h"

#define CLOCK_STABLE		BIT_ULL(0)
#define CLOCK_GUEST_STOPPED	BIT_ULL(1)
#define CLOCK_SYNC_NS		300000000000UL	/* KVMCLOCK_SYNC_PERIOD */
#define STEAL_NS		10000		/* how long a vCPU waits before it runs again */
#define SLICE_NS		10000000	/* how often that happens, halted or not */
#define NS_PER_S		1000000000UL
#define ASYNC_PF_TOKEN		4
#define ASYNC_PF_WAKE_ALL	0xffffffffU
#define ICR_FIXED		0x4000
#define LOWEST_VECTOR		16

struct pv_clock {
	u32 version, pad0;
	u64 tsc, system_time;
	u32 mul;
	signed char shift;
	u8 flags, pad1[2];
} __packed;

struct pv_wall_clock {
	u32 version, sec, nsec;
} __packed;

struct pv_steal {
	u64 steal;
	u32 version, flags;
	u8 preempted;
} __packed;

static_assert(sizeof(struct pv_clock) == PV_CLOCK_SIZE, "pvclock");

/* Writes of this boot: seen by the guest, to private pages, to pages that nobody uses. */
static struct {
	u64 seen, hidden, unused;
} writes;

/* System time 0 of this VM, in ns since the simulator started. */
static u64 vm_start;

void pv_begin_anew(void)
{
	vm_start = now_ns();
}

/*
 * A pointer to what a write to gpa changes, or NULL if the guest does not see it. boot is
 * the boot that registered gpa. If that is not the present one, the present guest must not
 * share this page.
 */
static void *write_target(struct vcpu *v, u64 gpa, u64 boot)
{
	struct violation what = { .kind = "stale-pv", .access = "write", .gpa = gpa, .ap = -1 };

	if (page_state(gpa) != PAGE_SHARED) {
		writes.hidden++;
		return NULL;
	}
	if (boot == boot_count) {
		writes.seen++;
	} else {
		/* If this guest has not shared the page, the last one did, and nobody uses it. */
		if (page_flags(gpa) & PAGE_GUEST)
			report_violation(v, &what);
		writes.unused++;
	}
	return (void *)gpa;
}

static void *area_target(struct vcpu *v, enum pv_kind kind)
{
	const struct pv_area *a = &pv_vcpus[v->index].area[kind];

	return pv_is_on(a, kind) ? write_target(v, pv_gpa(a, kind), a->boot) : NULL;
}

/* kvm_get_time_scale(): ns = (ticks << shift) * mul >> 32 */
static void time_scale(u64 hz, struct pv_clock *c)
{
	u64 scaled = NS_PER_S;

	c->shift = 0;
	for (; hz > NS_PER_S * 2 || hz >> 32; hz >>= 1)
		c->shift--;
	for (; hz <= NS_PER_S; hz <<= 1)
		c->shift++;
	c->mul = (scaled << 32) / hz;
}

/* kvm_guest_time_update() */
static void write_clock(struct vcpu *v)
{
	struct pv_clock *c = area_target(v, PV_CLOCK), new = { .flags = CLOCK_STABLE };

	if (!c)
		return;
	time_scale(tsc_hz(), &new);
	new.version = (c->version + 1) | 1;
	WRITE_ONCE(*(u32 *)c, new.version);
	new.flags |= c->flags & CLOCK_GUEST_STOPPED;
	new.tsc = rdtsc() + svm_tsc_offset();
	new.system_time = now_ns() - vm_start;
	memcpy(c, &new, sizeof(*c));
	WRITE_ONCE(*(u32 *)c, new.version + 1);
}

/* kvm_write_wall_clock(): once, when it is registered */
void pv_write_wall_clock(struct vcpu *v, u64 gpa)
{
	struct pv_wall_clock *w;
	u64 epoch = rtc_at_start() * NS_PER_S + vm_start;

	if (!gpa || !pv_is_memory(gpa) || (gpa & ~PAGE_MASK) > PAGE_SIZE - sizeof(*w))
		return;
	w = write_target(v, gpa, boot_count);
	if (!w)
		return;
	w->version = (w->version + 1) | 1;
	w->sec = epoch / NS_PER_S;
	w->nsec = epoch % NS_PER_S;
	w->version++;
}

/* record_steal_time() */
static void write_steal(struct vcpu *v)
{
	struct pv_steal *s = area_target(v, PV_STEAL);

	if (!s)
		return;
	s->preempted = 0;
	s->version = (s->version + 1) | 1;
	s->steal += STEAL_NS;
	s->version++;
}

/*
 * kvm_async_pf_wakeup_all(). The guest's memory is never swapped out, so this is all that
 * the guest gets, once it has enabled the feature and its local APIC.
 */
static void write_async_pf(struct vcpu *v)
{
	struct pv_vcpu *p = &pv_vcpus[v->index];
	u8 *area;

	if (!apic_enabled())
		return;
	p->async_pf_due = false;
	area = area_target(v, PV_ASYNC_PF);
	if (area)
		*(u32 *)(area + ASYNC_PF_TOKEN) = ASYNC_PF_WAKE_ALL;
	if (p->async_pf_int >= LOWEST_VECTOR)
		apic_ipi(v->apic_id, ICR_FIXED | p->async_pf_int);
}

/*
 * apic_sync_pv_eoi_to_guest(): the guest need not write an EOI if this is its only
 * interrupt and no I/O APIC waits for it. machine/nmi.c has the vCPU exit as soon as it
 * takes interrupts again.
 */
static void offer_eoi(struct vcpu *v, u8 vector)
{
	u8 *flag;

	if (!pv_is_on(&pv_vcpus[v->index].area[PV_EOI], PV_EOI) || apic_count(APIC_ISR) != 1 ||
	    apic_count(APIC_IRR) || apic_is_level(vector))
		return;
	flag = area_target(v, PV_EOI);
	if (flag)
		*flag = 1;
	v->eoi_pending = true;
}

/* apic_sync_pv_eoi_from_guest(): has it taken the offer? An alias keeps what KVM wrote. */
static void take_eoi(struct vcpu *v)
{
	u8 *flag = area_target(v, PV_EOI);

	if (flag && !(*flag & 1))
		apic_write(APIC_EOI, 0);
	else if (flag)
		*flag = 0;
}

static bool is_due(const struct vcpu *v)
{
	struct pv_vcpu *p = &pv_vcpus[v->index];

	if (now_ns() - p->scheduled > SLICE_NS)
		p->steal_due = true;
	return READ_ONCE(p->clock_due) || p->steal_due || p->async_pf_due || p->vector;
}

/*
 * Called right before each entry into the guest. Takes sim_lock, so that page states do
 * not change.
 */
void pv_before_entry(struct vcpu *v)
{
	struct pv_vcpu *p = &pv_vcpus[v->index];
	u8 vector;

	if (!host_is(HOST_KVM_PV) || !is_due(v))
		return;
	lock(&sim_lock);
	if (v->stop || v->freeze) {
		unlock(&sim_lock);
		return;
	}
	if (__atomic_exchange_n(&p->clock_due, 0, __ATOMIC_SEQ_CST))
		write_clock(v);
	if (p->steal_due)
		write_steal(v);
	p->steal_due = false;
	p->scheduled = now_ns();
	if (p->async_pf_due)
		write_async_pf(v);
	vector = p->vector;
	p->vector = 0;
	if (vector)
		offer_eoi(v, vector);
	unlock(&sim_lock);
}

/* Called first after each exit. */
void pv_after_exit(struct vcpu *v)
{
	if (!v->eoi_pending)
		return;
	v->eoi_pending = false;
	lock(&sim_lock);
	take_eoi(v);
	unlock(&sim_lock);
}

/*
 * A halted vCPU runs again, with an interrupt or without one (0). Once in a while do the
 * work of kvmclock_sync_fn(), too.
 */
void pv_after_halt(struct vcpu *v, u8 vector)
{
	static u64 synced;
	u64 now = now_ns();

	if (!host_is(HOST_KVM_PV))
		return;
	pv_vcpus[v->index].steal_due = true;
	pv_vcpus[v->index].vector = vector;
	if (now - READ_ONCE(synced) < CLOCK_SYNC_NS)
		return;
	WRITE_ONCE(synced, now);
	pv_clocks_are_due();
}

/* Add the counts of the boot that ends to its event, and restart them at 0. */
void pv_event_writes(void)
{
	if (!host_is(HOST_KVM_PV))
		return;
	event_object_begin("pv");
	event_u64("seen", writes.seen);
	event_u64("private", writes.hidden);
	event_u64("unused", writes.unused);
	event_object_end();
	memset(&writes, 0, sizeof(writes));
}
