// SPDX-License-Identifier: GPL-2.0
/* The life of a vCPU: started, running, waiting, frozen, stopped. */
#include "lib/config.h"
#include "lib/layout.h"
#include "lib/lib.h"
#include "lib/x86.h"
#include "machine/nmi.h"
#include "machine/rmp.h"
#include "machine/shootdown.h"
#include "machine/vcpu.h"

/* Aligned to the size of one stack, so that the stack pointer gives the CPU (this_vcpu()). */
char cpu_stacks[MAX_CPUS * CPU_STACK_SIZE] __aligned(CPU_STACK_SIZE);
struct vcpu vcpus[MAX_CPUS];
u64 boot_count;

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

/* Only a new start makes it run again. */
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
 * Hardware marks a VMSA as in use while its vCPU is in the guest, and denies all access to
 * the page. The host need not intercept HLT, so a halted vCPU counts as in the guest.
 */
void vmsa_in_use(u64 vmsa, bool in_use)
{
	u64 gfn = vmsa >> PAGE_SHIFT;

	if (vmsa && (page_flags(vmsa) & PAGE_VMSA))
		page_set(gfn, in_use ? rmp[gfn] | PAGE_IN_USE : rmp[gfn] & ~PAGE_IN_USE);
}

/* Start v from a VMSA, whatever it is doing. Called under sim_lock. */
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
 * Let v go on with the state that it had when it was stopped. On hardware the page of its
 * VMSA still holds that state. Called under sim_lock.
 */
void vcpu_resume(struct vcpu *v, u64 vmsa)
{
	vcpu_start(v, vmsa, v->ca);
	v->resume = true;
}

/* Keep v out of the guest until it is started again. Called under sim_lock. */
void vcpu_stop(struct vcpu *v)
{
	WRITE_ONCE(v->start, 0);
	v->resume = false;
	WRITE_ONCE(v->stop, 1);
	vcpu_kick(v);
	/* v may be waiting for an interrupt, which it must not take. */
	if (!READ_ONCE(v->frozen))
		vcpu_wake(v);
	vmsa_in_use(vcpu_guest(v)->vmsa, false);
	vcpu_guest(v)->vmsa = 0;
	nmi_drop(v);
	v->start_waits = false;
	if (v->state != VCPU_OFF)
		vcpu_set_state(v, VCPU_DESTROYED);
}

/*
 * Stop v, and wait until its CPU has finished what it was doing. Called under sim_lock,
 * which is released for the wait.
 */
void vcpu_destroy(struct vcpu *v)
{
	vcpu_stop(v);
	if (v->state == VCPU_OFF)
		return;
	/* v may need the lock to finish its exit. */
	unlock(&sim_lock);
	while (!READ_ONCE(v->frozen) && READ_ONCE(v->stop))
		cpu_relax();
	lock(&sim_lock);
	/* Another CPU may have started v again meanwhile. */
	if (v->stop)
		v->init_is_lawful = true;
}

/* Start the launch image again on v, which waits or is the caller. Called under sim_lock. */
void vcpu_relaunch(struct vcpu *v)
{
	vcpu_ask(v);
	WRITE_ONCE(v->relaunch, true);
	if (v != this_vcpu())
		vcpu_nmi(v);
}

/*
 * Keep all other vCPUs out of the guest, and wait until each has finished its exit: only
 * then does its state say what it did. Called under sim_lock, which is released for the
 * wait because an exit may need it.
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

/* EXECUTE is over. A vCPU that was stopped still runs only after a start. */
void vcpu_thaw_all(void)
{
	for (u32 i = 0; i < config->cpus; i++)
		WRITE_ONCE(vcpus[i].freeze, 0);
}

/* How many vCPUs hold all others. These do not wait for each other: none is in the guest. */
static u32 holders;

/*
 * All others leave the guest and enter it no more, but go on waiting where they wait. They may
 * want sim_lock, whether the caller has it or not. The run is about to be saved (QEMU cannot
 * restore a CPU that is inside of a VMRUN), gdb stops it, or QEMU's memory map changes.
 */
void vcpu_hold_others(struct vcpu *self)
{
	__atomic_add_fetch(&holders, 1, __ATOMIC_SEQ_CST);
	for (u32 i = 0; i < config->cpus; i++) {
		if (&vcpus[i] == self)
			continue;
		vcpu_kick(&vcpus[i]);
		while (READ_ONCE(vcpus[i].in_guest))
			cpu_relax();
	}
}

void vcpu_let_go(void)
{
	__atomic_sub_fetch(&holders, 1, __ATOMIC_SEQ_CST);
}

bool vcpu_is_held(void)
{
	return READ_ONCE(holders);
}

/* Must v stay out of the guest? */
bool vcpu_kept_out(const struct vcpu *v)
{
	return READ_ONCE(v->stop) || READ_ONCE(v->freeze);
}

/*
 * Set v's state from its own CPU, unless another CPU has started, destroyed or deleted v
 * meanwhile.
 */
void vcpu_set_own_state(struct vcpu *v, enum vcpu_state state)
{
	enum vcpu_state old = READ_ONCE(v->state);

	do {
		if (old == VCPU_DESTROYED || old == VCPU_DELETED || old == VCPU_STARTING)
			return;
	} while (!__atomic_compare_exchange_n(&v->state, &old, state, false, __ATOMIC_SEQ_CST,
					      __ATOMIC_SEQ_CST));
	v->state_since = now_ns();
}

/* From now on KVM runs v only after a SIPI, even if AP creation comes first. */
void vcpu_got_init(struct vcpu *v)
{
	v->init_received = true;
	event_begin("vcpu-init");
	event_u64("apic_id", v->apic_id);
	event_end();
}
