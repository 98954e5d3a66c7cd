// SPDX-License-Identifier: GPL-2.0
/* The life of a vCPU: started, running, waiting, frozen, stopped. */
#include "host/host.h"
#include "launch/launch.h"
#include "machine/machine.h"

#define CPU_START_TIMEOUT_NS	20000000000UL	/* a CPU that does not answer to SIPI */
#define INIT_DELAY_US		2000
#define TPR_IDLE	0x1f		/* Linux keeps the vectors of exceptions out, no more */
#define SPIN_NS			300000000UL	/* before a stopped vCPU sleeps */

void ap_main(void) __noreturn;

struct vcpu vcpus[MAX_CPUS];
static int cpus_up;

struct vcpu *vcpu_by_apic(u32 apic_id)
{
	return apic_id < config->cpus ? &vcpus[apic_id] : NULL;
}

struct vcpu *this_vcpu(void)
{
	u64 sp;

	asm volatile("mov %%rsp, %0" : "=r"(sp));
	return &vcpus[(sp - (u64)cpu_stacks) >> CPU_STACK_SHIFT];
}

void vcpu_set_state(struct vcpu *v, enum vcpu_state state)
{
	v->state_since = now_ns();
	WRITE_ONCE(v->state, state);
}

const char *vcpu_state_name(enum vcpu_state state)
{
	static const char *const names[] = {
		[VCPU_OFF] = "off", [VCPU_STARTING] = "starting", [VCPU_RUNNING] = "running",
		[VCPU_IDLE] = "idle", [VCPU_HALTED] = "halted", [VCPU_RESET_HOLD] = "reset-hold",
		[VCPU_DESTROYED] = "destroyed", [VCPU_DELETED] = "deleted",
	};

	return names[state];
}

/* Can it run guest code without the host's help? */
bool vcpu_runnable(const struct vcpu *v)
{
	return v->state == VCPU_STARTING || v->state == VCPU_RUNNING || v->state == VCPU_IDLE;
}

/* Nothing of it is left that could run: only a new start brings it back. */
bool vcpu_is_gone(const struct vcpu *v)
{
	return v->state == VCPU_OFF || v->state == VCPU_DESTROYED || v->state == VCPU_DELETED;
}

void vcpu_count_reset(void)
{
	for (u32 i = 0; i < config->cpus; i++) {
		vcpus[i].vmruns = 0;
		memset(vcpus[i].kinds, 0, sizeof(vcpus[i].kinds));
	}
}

/*
 * Hardware marks the VMSA of a vCPU that is in the guest as in use, and denies all
 * access to the page. The host need not intercept HLT, so a halted vCPU counts.
 */
void vmsa_in_use(u64 vmsa, bool in_use)
{
	u64 gfn = vmsa >> PAGE_SHIFT;

	if (vmsa && (page_flags(vmsa) & PAGE_VMSA))
		page_set(gfn, in_use ? rmp[gfn] | PAGE_IN_USE : rmp[gfn] & ~PAGE_IN_USE);
}

/* Let v run from a VMSA, whatever it does now. Called under sim_lock. */
void vcpu_start(struct vcpu *v, u64 vmsa, u64 ca)
{
	vcpu_stop(v);
	v->next_vmsa = vmsa;
	v->ca = ca;
	vcpu_set_state(v, VCPU_STARTING);
	vcpu_ask(v);
	WRITE_ONCE(v->start, 1);
	vcpu_nmi(v);
}

/*
 * Let v go on with the state that it had when it was stopped: what the page of its
 * VMSA still holds on hardware. Called under sim_lock.
 */
void vcpu_resume(struct vcpu *v, u64 vmsa)
{
	vcpu_start(v, vmsa, v->ca);
	v->resume = true;
}

/* v never enters the guest again, unless it is started. Called under sim_lock. */
void vcpu_stop(struct vcpu *v)
{
	WRITE_ONCE(v->start, 0);
	v->resume = false;
	WRITE_ONCE(v->stop, 1);
	vcpu_kick(v);
	/* It may wait for an interrupt, which is not its to take any more. */
	if (!READ_ONCE(v->frozen))
		vcpu_wake(v);
	vmsa_in_use(v->vmsa, false);
	v->vmsa = 0;
	nmi_drop(v);
	v->start_waits = false;
	if (v->state != VCPU_OFF)
		vcpu_set_state(v, VCPU_DESTROYED);
}

/* As vcpu_stop(), and v's CPU is done with whatever it did. Called under sim_lock. */
void vcpu_destroy(struct vcpu *v)
{
	vcpu_stop(v);
	if (v->state == VCPU_OFF)
		return;
	/* It may want the lock for the exit that it works on. */
	unlock(&sim_lock);
	while (!READ_ONCE(v->frozen) && READ_ONCE(v->stop))
		cpu_relax();
	lock(&sim_lock);
	/* Unless somebody has started it again meanwhile. */
	if (v->stop)
		v->init_is_lawful = true;
}

/* The launch image starts again on v, which waits or is the caller. Under sim_lock. */
void vcpu_relaunch(struct vcpu *v)
{
	vcpu_ask(v);
	WRITE_ONCE(v->relaunch, true);
	if (v != this_vcpu())
		vcpu_nmi(v);
}

/*
 * Keep all others out of the guest and wait until each is done with the exit it
 * may be working on: only then its state tells what it did. Called under
 * sim_lock, which such an exit may want.
 */
void vcpu_freeze_others(struct vcpu *self)
{
	for (u32 i = 0; i < config->cpus; i++)
		if (&vcpus[i] != self)
			WRITE_ONCE(vcpus[i].freeze, 1);
	unlock(&sim_lock);
	for (u32 i = 0; i < config->cpus; i++) {
		struct vcpu *v = &vcpus[i];

		if (v == self || READ_ONCE(v->state) == VCPU_OFF)
			continue;
		vcpu_kick(v);
		while (READ_ONCE(v->state) == VCPU_RUNNING && !READ_ONCE(v->frozen))
			cpu_relax();
	}
	lock(&sim_lock);
}

/* EXECUTE is over: nobody goes on, but who is started may run. */
void vcpu_thaw_all(void)
{
	for (u32 i = 0; i < config->cpus; i++)
		WRITE_ONCE(vcpus[i].freeze, 0);
}

static bool kept_out(struct vcpu *v)
{
	return READ_ONCE(v->stop) || READ_ONCE(v->freeze);
}

/* A vCPU says what it does itself, unless somebody has decided about it meanwhile. */
static void set_own_state(struct vcpu *v, enum vcpu_state state)
{
	enum vcpu_state old = READ_ONCE(v->state);

	do {
		if (old == VCPU_DESTROYED || old == VCPU_DELETED || old == VCPU_STARTING)
			return;
	} while (!__atomic_compare_exchange_n(&v->state, &old, state, false, __ATOMIC_SEQ_CST,
					      __ATOMIC_SEQ_CST));
	v->state_since = now_ns();
}

/* Is v to start? A start and a stop exclude each other by sim_lock. */
static bool take_start(struct vcpu *v)
{
	bool start;

	lock(&sim_lock);
	start = v->start && !v->freeze;
	if (start) {
		WRITE_ONCE(v->start, 0);
		WRITE_ONCE(v->stop, 0);
		v->init_is_lawful = false;
		if (v->resume)
			v->vmsa = v->next_vmsa;
		else
			vcpu_load_vmsa(v);
		v->resume = false;
		v->flush = 1;
		vmsa_in_use(v->vmsa, true);
		tlb_shootdown(v);
		WRITE_ONCE(v->frozen, 0);
		vcpu_set_state(v, VCPU_RUNNING);
	}
	unlock(&sim_lock);
	return start;
}

/*
 * Out of the guest: wait until v is to start. One that was stopped spins for a while
 * first, which vcpu_ask() sees: most of those who start it again do so soon.
 */
static void wait_frozen(struct vcpu *v)
{
	u64 begin = now_ns();

	/* kvm_vcpu_reset() drops what came before the vCPU was stopped. */
	take_nmi();
	v->hv_nmi = 0;
	WRITE_ONCE(v->frozen, 1);
	while (!READ_ONCE(v->relaunch) && (!READ_ONCE(v->start) || !take_start(v))) {
		if (READ_ONCE(v->stop) && now_ns() - begin < SPIN_NS) {
			WRITE_ONCE(v->spins, v->spins + 1);
			take_nmi();
		} else {
			wait_for_nmi();
		}
		if (v->hv_nmi)
			nmi_without_vmsa(v);
	}
}

/* A CPU that has parked with interrupts on, for a certain one: as good as with IF=0. */
static bool waits_for_one(void)
{
	return host_is(HOST_NO_WAKE) && apic_read(APIC_TPR) > TPR_IDLE;
}

/*
 * HLT of the guest, an automatic exit: the host does not run the vCPU until
 * something wakes it. With IF=1 interrupts arrive here and are handed on. An NMI ends
 * the HLT even where it stays pending behind another one: KVM_REQ_NMI makes KVM run the
 * vCPU, whatever it then delivers (kvm_vcpu_has_events(), Linux 6.12).
 */
void vcpu_hlt(struct vcpu *v)
{
	bool if_set = (v->vmcb->save.rflags & RFLAGS_IF) && !waits_for_one();
	u8 vector = 0;

	count(v, KIND_HLT);
	skip_insn(v, 1);
	set_own_state(v, if_set ? VCPU_IDLE : VCPU_HALTED);
	while (!kept_out(v)) {
		/* One may be waiting since before the HLT: then there is nothing to wait for. */
		bool came = nmi_take(v);

		if (v->hv_vector) {
			vector = v->hv_vector;
			inject_interrupt(v, vector);
			v->hv_vector = 0;
			break;
		}
		if ((came || nmi_deliverable(v)) && (if_set || !host_is(HOST_NO_WAKE)))
			break;
		if (if_set)
			wait_for_interrupt();
		else
			wait_for_nmi();
	}
	if (!kept_out(v)) {
		set_own_state(v, VCPU_RUNNING);
		pv_after_halt(v, vector);
	} else if (v->hv_vector) {
		/* Taken on behalf of a guest that is not there any more. */
		v->hv_vector = 0;
		apic_write(APIC_EOI, 0);
	}
}

static void enter(struct vcpu *v)
{
	struct vmcb *m = v->vmcb;

	pick_view(v);
	pv_before_entry(v);
	nmi_before_entry(v);
	WRITE_ONCE(v->in_guest, 1);
	/* Pairs with vcpu_kick(): either we see what is asked of us, or we are kicked. */
	smp_mb();
	if (kept_out(v)) {
		WRITE_ONCE(v->in_guest, 0);
		return;
	}
	if (__atomic_exchange_n(&v->flush, 0, __ATOMIC_SEQ_CST))
		m->tlb_ctl = TLB_CTL_FLUSH_ALL;
	v->vmruns++;
	vmenter(v);
	WRITE_ONCE(v->in_guest, 0);
	m->tlb_ctl = TLB_CTL_NOTHING;
	/* Before the exit, which may be the last */
	dma_poll(v);
	vmexit(v);
}

void vcpu_main(struct vcpu *v)
{
	for (;;) {
		if (READ_ONCE(v->relaunch)) {
			WRITE_ONCE(v->relaunch, false);
			launch(v);
			host_after_launch(v);
		}
		if (kept_out(v) || (v->state != VCPU_RUNNING && v->state != VCPU_IDLE &&
				    v->state != VCPU_HALTED))
			wait_frozen(v);
		else
			enter(v);
	}
}

/* From here on KVM runs it only after a SIPI, whoever creates it. */
void vcpu_note_init(struct vcpu *v)
{
	v->init_received = true;
	event_begin("vcpu-init");
	event_u64("apic_id", v->apic_id);
	event_end();
}

/* A CPU after its SIPI, or after an INIT of the guest's that reached the CPU itself. */
void ap_main(void)
{
	struct vcpu *v = this_vcpu();

	trap_init();
	svm_enable(v);
	if (!v->came_up) {
		v->came_up = true;
		__atomic_fetch_add(&cpus_up, 1, __ATOMIC_SEQ_CST);
		vcpu_main(v);
	}
	/* It has left the guest, or whatever it did, without an exit. */
	WRITE_ONCE(v->in_guest, 0);
	v->kick = 0;
	v->hv_nmi = 0;
	v->hv_vector = 0;
	if (!v->init_is_lawful)
		/* Where the host owns INIT there is no way back from this. */
		report_vm_lost(v, "init");
	vcpu_note_init(v);
	WRITE_ONCE(v->came_back, 1);
	vcpu_main(v);
}

/* Bring all CPUs into the hypervisor, where they wait. */
void cpus_init(void)
{
	struct vcpu *self = this_vcpu();
	u64 start;
	int want = 0;

	for (u32 i = 0; i < config->cpus; i++) {
		vcpus[i].apic_id = i;
		vcpus[i].index = i;
	}
	for (u32 i = 0; i < config->cpus; i++) {
		if (&vcpus[i] == self)
			continue;
		apic_ipi(i, APIC_DM_INIT);
		udelay(INIT_DELAY_US);
		apic_ipi(i, APIC_DM_STARTUP | SIPI_VECTOR);
		want++;
		start = now_ns();
		while (READ_ONCE(cpus_up) < want)
			if (now_ns() - start > CPU_START_TIMEOUT_NS)
				hv_panic("CPU %u does not start", i);
	}
}
