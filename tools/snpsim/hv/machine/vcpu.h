/* SPDX-License-Identifier: GPL-2.0 */
/* A virtual CPU and the operations on it. vCPU n runs only on QEMU's CPU n. */
#ifndef SNPSIM_VCPU_H
#define SNPSIM_VCPU_H

#include "lib/layout.h"
#include "lib/types.h"
#include "machine/context.h"
#include "machine/svm.h"

/*
 * What a vCPU can still do. STARTING, RUNNING and IDLE can run guest code by themselves;
 * all others need the host.
 */
enum vcpu_state {
	VCPU_OFF,		/* never started */
	VCPU_STARTING,		/* the host has been told to run it */
	VCPU_RUNNING,
	VCPU_IDLE,		/* HLT with IF=1: any interrupt wakes it */
	VCPU_HALTED,		/* HLT with IF=0: an NMI wakes it */
	VCPU_RESET_HOLD,	/* GHCB AP reset hold */
	VCPU_DESTROYED,		/* GHCB AP destroy, or stopped at EXECUTE */
	VCPU_DELETED,		/* the SVSM has taken its VMSA away */
};

/* World switches by cause, counted per boot. */
enum exit_kind {
	KIND_CPUID, KIND_MSR, KIND_IOIO, KIND_HLT, KIND_NPF, KIND_VC, KIND_GHCB_MSR, KIND_GHCB_PAGE,
	KIND_SVSM, KIND_NMI, KIND_SHOOTDOWN, KIND_UD, KIND_CR, KIND_OTHER,
	/* at VMPL 0 */
	KIND_PVALIDATE, KIND_RMPADJUST, KIND_INVLPGB, KIND_COUNT
};

/* What another vCPU asks of one that a program at VMPL 0 has started; set under sim_lock. */
enum guest_change {
	GUEST_STAYS,
	GUEST_CREATE,			/* VMPL 2 gets the VMSA guest_next */
	GUEST_DESTROY,			/* VMPL 2 has none */
	GUEST_RELEASE,			/* VMPL 0 wants the page of the VMSA */
};

struct vcpu {
	u32 apic_id, index;
	struct context ctx[VMPLS];
	struct context *cur;		/* the one that runs, or ran last */

	enum vcpu_state state;
	u64 state_since;		/* ns */

	/* Requests from other vCPUs, and where this one is. */
	int in_guest;			/* between the last check and #VMEXIT */
	int kick;			/* leave the guest and look */
	int flush;			/* forget cached translations */
	int stop;			/* stay out of the guest until started */
	int freeze;			/* stay out of the guest: EXECUTE is under way */
	int start;			/* start with next_vmsa; both under sim_lock */
	enum guest_change guest_change;
	u64 guest_next;
	bool guest_is_new;		/* VMPL 0 has not run it, nor waited, since */
	bool resume;			/* ... from where it left off, not from the VMSA's page */
	int frozen;			/* it stays out, and has finished its last exit */

	/* Events for the guest. */
	int hv_nmi;			/* an NMI arrived in the hypervisor */
	int hv_vector;			/* an interrupt arrived in the hypervisor, or 0 */
	bool eoi_pending;		/* a flag may replace the EOI (--host kvm-pv) */
	bool apic_disabled;		/* by the guest, in APIC_BASE */
	bool apic_x2apic;		/* ... and the mode that it has chosen there */
	bool power_on;			/* reset what the host keeps before it starts */

	/* SNP. */
	u64 ca;				/* calling area that the SVSM looks at */
	u64 next_vmsa;			/* VMSA of the last start */
	int vmsa_open;			/* others may read it until this vCPU enters the guest */
	u64 vmsa_wanted;		/* since when another vCPU has waited to read it */
	bool relaunch;			/* start the launch image on this vCPU */
	bool came_up;			/* its CPU is in the hypervisor */
	bool init_is_lawful;		/* destroyed by the host: an INIT is no end */
	bool init_received;		/* do not run it before a SIPI */
	bool start_waits;		/* ... then start it from next_vmsa */
	int came_back;			/* its CPU has come back after such an INIT */
	u64 spins;			/* grows while it spins in wait_frozen() */

	u64 vmruns, kinds[KIND_COUNT];
};

/* The context of the VMPL that the guest runs at, whichever runs now */
#define vcpu_guest(v)		(&(v)->ctx[GUEST_VMPL])

extern char cpu_stacks[];
extern struct vcpu vcpus[MAX_CPUS];
extern u64 boot_count;			/* in this run; launch/ counts them */

static inline void count(struct vcpu *v, enum exit_kind kind)
{
	v->kinds[kind]++;
}

/* vcpu.c */
struct vcpu *vcpu_by_apic(u32 apic_id);
struct vcpu *this_vcpu(void);
void vcpu_set_state(struct vcpu *v, enum vcpu_state state);
const char *vcpu_state_name(enum vcpu_state state);
bool vcpu_runnable(const struct vcpu *v);
void vmsa_in_use(u64 vmsa, bool in_use);
bool vcpu_is_gone(const struct vcpu *v);
void vcpu_start(struct vcpu *v, u64 vmsa, u64 ca);
void vcpu_resume(struct vcpu *v, u64 vmsa);
void vcpu_stop(struct vcpu *v);
void vcpu_destroy(struct vcpu *v);
void vcpu_relaunch(struct vcpu *v);
void vcpu_freeze_others(struct vcpu *self);
void vcpu_hold_others(struct vcpu *self);
void vcpu_let_go(void);
bool vcpu_is_held(void);
void vcpu_thaw_all(void);
void vcpu_got_init(struct vcpu *v);
void vcpu_set_own_state(struct vcpu *v, enum vcpu_state state);
bool vcpu_kept_out(const struct vcpu *v);
void vcpu_count_reset(void);

/* vmsa_read.c */
bool vmsa_let_read(u64 gpa);
void vmsa_close(struct vcpu *v);

/* reset.c: its registers */
void context_init(struct vcpu *v);
void vcpu_switch(struct vcpu *v, struct context *c);
void vcpu_reset(struct vcpu *v);
void vcpu_power_on(struct vcpu *v);
void vcpu_load_vmsa(struct vcpu *v);

#endif
