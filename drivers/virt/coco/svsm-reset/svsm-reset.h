/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Reset of an SEV-SNP guest through its SVSM: what the parts of the driver
 * know of each other.
 *
 * The way of a reset: cause (cause.c, deadman.c) and arm (hooks.c), then
 * fire.c: quiesce (quiesce.c, park.c), record (record.c, store.c), call
 * (handover.c, lapic.c, transport.c). From the moment of firing nothing
 * allocates, sleeps, or waits without a bound, and locks are only tried.
 */
#ifndef _SVSM_RESET_H
#define _SVSM_RESET_H

#include <linux/compiler.h>
#include <linux/cpumask.h>
#include <linux/errno.h>
#include <linux/kconfig.h>
#include <linux/kern_levels.h>
#include <linux/percpu.h>
#include <linux/types.h>

#include "cause.h"
#include "policy.h"
#include "proto.h"
#include "record.h"

struct snp_secrets_page;
struct svsm_ca;
struct attribute_group;

/* main.c: how far a reset has come */
enum svr_state svr_state_get(void);
bool svr_state_advance(enum svr_state from, enum svr_state to);

/* params.c, sysfs.c */
u32 svr_protocol(void);
bool svr_allow_unattested(void);
enum svr_ap_policy svr_ap_policy_get(void);
int svr_ap_policy_set(const char *text);
extern const struct attribute_group *svr_groups[];

/* deadman.c */
unsigned int svr_deadman_get(void);
int svr_deadman_set(const char *text);
int svr_deadman_init(void);
void svr_deadman_exit(void);

/**
 * enum svr_evidence - what a CPU has written about itself before it halted
 * @SVR_RUNNING:        nothing
 * @SVR_PARKED_BY_STOP: halted for good, out of the kernel's own stop
 * @SVR_PARKED_BY_NMI:  halted for good, out of our NMI
 * @SVR_PARKED_CALLER:  halted until the call came back
 */
enum svr_evidence {
	SVR_RUNNING,
	SVR_PARKED_BY_STOP,
	SVR_PARKED_BY_NMI,
	SVR_PARKED_CALLER,
};

/**
 * struct svr_cpu - what the driver knows of one CPU
 * @ca:       its calling area, NULL while unknown; written by this CPU only
 * @evidence: an &enum svr_evidence; written by this CPU itself
 * @nmi_park: written by the CPU that fires: our next NMI means "park"
 * @nmi_wake: our next NMI means "look at what has come of it"
 * @pending:  vector that its local APIC could not be rid of, or -1; valid
 *            with @evidence
 */
struct svr_cpu {
	struct svsm_ca *ca;
	u32 evidence;
	bool nmi_park;
	bool nmi_wake;
	int pending;
};

/* cpus.c */
DECLARE_PER_CPU(struct svr_cpu, svr_cpus);
int svr_cpus_init(void);
void svr_cpus_seal(void);
void svr_cpus_exit(void);
int svr_bsp_cpu(void);
const struct cpumask *svr_cpus_online(void);

/* probe.c */
int svr_probe_platform(void);
int svr_probe_service(void);

/* hooks.c */
int svr_hooks_register(void);
void svr_hooks_unregister(void);

/**
 * struct svr_result - how it ended when the call came back
 * @err: negative errno when no answer was to be had, else 0
 * @rax: the SVSM's result code when @err is 0
 */
struct svr_result {
	int err;
	u64 rax;
};

/* log.c */
void __printf(1, 2) svr_emit(const char *fmt, ...);

#define SVR_INFO		KERN_INFO
#define SVR_WARN		KERN_WARNING
#define SVR_ERR			KERN_ERR
#define svr_info(fmt, ...)	svr_emit(SVR_INFO pr_fmt(fmt), ##__VA_ARGS__)
#define svr_warn(fmt, ...)	svr_emit(SVR_WARN pr_fmt(fmt), ##__VA_ARGS__)
#define svr_err(fmt, ...)	svr_emit(SVR_ERR pr_fmt(fmt), ##__VA_ARGS__)

/* fire.c */
void svr_fire(enum svr_event event);
void svr_take_over(enum svr_event event);

/**
 * struct svr_quiesce - outcome of stopping the other CPUs
 * @want:      CPUs that had to be parked
 * @missing:   those of them that did not show that they are
 * @nmi:       those that needed our NMI
 * @destroyed: missing ones that the host says it has destroyed
 * @deleted:   CPUs whose VMSA the SVSM has deleted
 * @took_us:   microseconds it took
 */
struct svr_quiesce {
	cpumask_t want;
	cpumask_t missing;
	cpumask_t nmi;
	cpumask_t destroyed;
	cpumask_t deleted;
	u64 took_us;
};

/* quiesce.c */
void svr_quiesce(struct svr_quiesce *q);
enum svr_fate svr_quiesce_fate(const struct svr_quiesce *q, int cpu);
enum svr_fate svr_quiesce_weakest(const struct svr_quiesce *q);
void svr_quiesce_destroy(struct svr_quiesce *q, int cpu);
int svr_quiesce_destroy_id(u32 apic_id);

/* park.c */
int svr_park_install(void);
void svr_park_uninstall(void);
void svr_park_caller(struct svr_cpu *cpu);
void svr_park_stand_by(void);
void svr_park_wake(void);
bool svr_cpu_parked(int cpu);
bool svr_cpu_stopped(int cpu);

/* handover.c */
void svr_handover_serve(struct svr_cpu *bsp);
int svr_handover_request(void (*job)(struct svr_cpu *bsp));

/* ghcb.c: ask the host; vmsa.c: ask the SVSM */
int svr_ghcb_init(void);
void svr_ghcb_exit(void);
int svr_host_destroy(u32 apic_id);
void svr_vmsa_init(void);
void svr_vmsa_exit(void);
u64 svr_vmsa_page(int cpu);
u64 svr_vmsa_pa(int cpu);
bool svr_svsm_delete_wanted(void);
int svr_svsm_delete(u64 vmsa_pa);

/* lapic.c, drain.S */
void svr_lapic_prepare(void);
int svr_lapic_quiet(void);
void svr_lapic_reset(u32 apic_id);
void svr_drain_vector(void);

/* ioapic.c */
void svr_ioapic_init(void);
void svr_ioapic_exit(void);
void svr_ioapic_mask(void);

/* secrets.c */
void svr_secrets_init(void);
void svr_secrets_exit(void);
struct snp_secrets_page *svr_secrets(void);
u64 svr_secrets_caa(void);

/*
 * kdump.c, capture.c, vmcore.c: into a crash kernel, and what is done there.
 * Only where the kernel has all that they need; see the Makefile.
 */
#if IS_ENABLED(CONFIG_KPROBES) && IS_ENABLED(CONFIG_CRASH_DUMP) && \
	IS_ENABLED(CONFIG_PROC_VMCORE)
bool svr_kdump_on(void);
void svr_kdump_init(void);
void svr_kdump_exit(void);
void svr_vmcore_init(void);
void svr_vmcore_exit(void);
int svr_vmcore_read(u64 pa, void *buf, size_t len);
bool svr_vmcore_hide(u64 pa);
void svr_capture_init(void);
void svr_capture_exit(void);
const struct svr_cause *svr_capture_cause(void);
enum svr_fate svr_capture_account(void);
#else
static inline bool svr_kdump_on(void) { return false; }
static inline void svr_kdump_init(void) {}
static inline void svr_kdump_exit(void) {}
static inline void svr_vmcore_init(void) {}
static inline void svr_vmcore_exit(void) {}
static inline void svr_capture_init(void) {}
static inline void svr_capture_exit(void) {}

static inline const struct svr_cause *svr_capture_cause(void)
{
	return NULL;
}

static inline enum svr_fate svr_capture_account(void)
{
	return SVR_FATE_DELETED;
}
#endif

/* store.c: the record, whatever it is kept in */
void svr_store_load(void);
void svr_store_mark_loaded(void);
bool svr_store_note(enum svr_stage stage, const struct svr_cause *cause,
		    const struct cpumask *lost);
bool svr_store_note_crash(const struct svr_cause *cause, u64 block);
u64 svr_store_crash_block(void);
enum svr_reason svr_store_last_reason(void);
const struct svr_record *svr_store_last(void);
const char *svr_store_name(void);

/**
 * struct svr_store - a place for a record that outlives a reset
 * @name:  as in sysfs and in the log
 * @size:  SVR_RECORD_SMALL or SVR_RECORD_LARGE
 * @read:  fill @raw, may sleep; 0 or a negative errno
 * @write: write @raw; any context, only tries locks; 0 or a negative errno
 */
struct svr_store {
	const char *name;
	size_t size;
	int (*read)(u8 *raw);
	int (*write)(const u8 *raw);
};

extern const struct svr_store svr_store_secrets;
extern const struct svr_store svr_store_cmos;

/* transport.c */
int svr_transport_call(struct svsm_ca *ca, const struct svr_call *call,
		       struct svr_call *answer);
void svr_transport_execute(struct svsm_ca *ca, struct svr_result *result);

#endif /* _SVSM_RESET_H */
