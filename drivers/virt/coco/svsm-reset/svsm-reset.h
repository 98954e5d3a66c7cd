/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Reset of an SEV-SNP guest through its SVSM: what the parts of the driver
 * know of each other.
 *
 * The way of a reset: cause (cause.c, deadman.c) and arm (hooks.c), then
 * fire.c: quiesce (quiesce.c, park.c), record (note.c, store.c), call
 * (handover.c, lapic.c, transport.c). From the moment of firing nothing
 * allocates or sleeps, and locks are only tried. Every wait of the driver's own has a
 * bound but one: the CPU that has handed the call over is halted until it comes back,
 * and cannot count (svr_handover_request()). What the kernel's stop and printk() do is
 * said where they are called.
 */
#ifndef _SVSM_RESET_H
#define _SVSM_RESET_H

#include <linux/compiler.h>
#include <linux/cpumask.h>
#include <linux/device.h>
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

/* state.c: how far a reset has come */
enum svr_state svr_state_get(void);
bool svr_state_advance(enum svr_state from, enum svr_state to);
bool svr_state_begin(void);
bool svr_enabled(void);
int svr_enabled_set(const char *text);

/* params.c */
u32 svr_protocol(void);
bool svr_allow_unattested(void);
enum svr_ap_policy svr_ap_policy_get(void);
int svr_ap_policy_set(const char *text);
enum svr_device_policy svr_device_policy_get(void);
int svr_device_policy_set(const char *text);

/* sysfs.c, sysfs-last.c, sysfs-next.c, uevent.c */
extern const struct attribute_group *svr_groups[];
extern const struct attribute_group svr_last_group;
extern const struct attribute_group svr_counts_group;
extern const struct attribute_group svr_next_group;
extern const struct device_type svr_device_type;

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
 * @SVR_STANDS_BY:      halted, but an NMI may be on its way: proves nothing
 */
enum svr_evidence {
	SVR_RUNNING,
	SVR_PARKED_BY_STOP,
	SVR_PARKED_BY_NMI,
	SVR_PARKED_CALLER,
	SVR_STANDS_BY,
};

/**
 * struct svr_cpu - what the driver knows of one CPU
 * @ca:       its calling area, NULL while unknown; written by this CPU only
 * @evidence: an &enum svr_evidence; written by this CPU itself
 * @nmi_park: written by the CPU that fires: our next NMI means "park"
 * @nmi_wake: our next NMI means "look at what has come of it"
 * @nmi_heard: such an NMI has come; written by this CPU itself
 * @nmi_asked: an NMI is on its way that asks for an answer only; set by the CPU that
 *	      sends it (rehearse.c), cleared by this CPU itself
 * @was_offline: since the module was loaded; the kernel leaks a GHCB then, see svr_cpu_online()
 * @stands_by: while another CPU resets the guest; svr_lapic_wake() ends that
 * @listens:  an interrupt wakes it, else an NMI; written by this CPU itself
 * @in_nmi:   it was parked inside an NMI; valid with @evidence
 * @pending:  vector that its local APIC could not be rid of, or -1; valid
 *            with @evidence
 */
struct svr_cpu {
	struct svsm_ca *ca;
	u32 evidence;
	bool nmi_park;
	bool nmi_wake;
	bool nmi_heard;
	bool nmi_asked;
	bool was_offline;
	bool stands_by;
	bool listens;
	bool in_nmi;
	int pending;
};

/* cpus.c */
DECLARE_PER_CPU(struct svr_cpu, svr_cpus);
int svr_cpus_init(void);
void svr_cpus_seal(void);
void svr_cpus_exit(void);
int svr_bsp_cpu(void);
const struct cpumask *svr_cpus_online(void);
const struct cpumask *svr_cpus_moving(void);

/* probe.c */
int svr_probe_platform(void);
int svr_probe_service(void);
void svr_supported_versions(u32 *lowest, u32 *highest);
typedef int (*svr_asker_t)(const struct svr_call *call, struct svr_call *answer);
int svr_ask_here(const struct svr_call *call, struct svr_call *answer);
int svr_probe_versions_again(svr_asker_t ask);
int svr_probe_service_again(char *why, size_t size);

/* rehearse.c: would a reset work? */
int svr_rehearse(const char *text);
ssize_t svr_rehearsal_show(char *buf);

/* redirect.c: a panic that another CPU carries out */
const struct cpumask *svr_redirect_recall(void);
void svr_redirect_install(void);
void svr_redirect_uninstall(void);
int svr_redirect_origin(int cpu);

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
void __printf(1, 2) svr_emit_log(const char *fmt, ...);
void __printf(1, 2) svr_emit_loud(const char *fmt, ...);
void __printf(1, 2) svr_log_loud(const char *fmt, ...);
void svr_log_mute(void);
bool svr_log_says(const char *what);
size_t svr_log_tail(const char **text);

#define SVR_INFO		KERN_INFO
#define SVR_WARN		KERN_WARNING
#define SVR_ERR			KERN_ERR
#define SVR_EMERG		KERN_EMERG
#define svr_info(fmt, ...)	svr_emit(SVR_INFO pr_fmt(fmt), ##__VA_ARGS__)
#define svr_loud_info(fmt, ...)	svr_emit_loud(SVR_INFO pr_fmt(fmt), ##__VA_ARGS__)
#define svr_warn(fmt, ...)	svr_emit(SVR_WARN pr_fmt(fmt), ##__VA_ARGS__)
#define svr_emerg(fmt, ...)	svr_emit(SVR_EMERG pr_fmt(fmt), ##__VA_ARGS__)
#define svr_err(fmt, ...)	svr_emit(SVR_ERR pr_fmt(fmt), ##__VA_ARGS__)
#define svr_log_info(fmt, ...)	svr_emit_log(SVR_INFO pr_fmt(fmt), ##__VA_ARGS__)
#define svr_log_err(fmt, ...)	svr_emit_log(SVR_ERR pr_fmt(fmt), ##__VA_ARGS__)

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
bool svr_quiesce_has_vmsa(const struct svr_quiesce *q, int cpu);

/* park.c */
int svr_park_install(void);
void svr_park_uninstall(void);
void svr_park_caller(struct svr_cpu *cpu);
void svr_park_stand_by(void);
void svr_park_wake(const struct svr_quiesce *q);
void svr_park_hear_nmis(void);
bool svr_cpu_parked(int cpu);
bool svr_cpu_stopped(int cpu);
bool svr_cpu_holds_nothing(int cpu);

/* handover.c */
void svr_handover_serve(struct svr_cpu *bsp);
int svr_handover_request(void (*job)(struct svr_cpu *bsp));
bool svr_handover_unanswered(void);

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
void svr_lapic_wake(int cpu);
bool svr_lapic_can_listen(void);
void svr_lapic_listen(struct svr_cpu *c);
void svr_lapic_wait(u32 *evidence, u32 how);
void svr_drain_vector(void);

/* ioapic.c */
void svr_ioapic_init(void);
void svr_ioapic_exit(void);
void svr_ioapic_mask(void);

/* store-cmos.c: its two ports are those of the real-time clock */
typedef int (*svr_rtc_job_t)(const u8 *raw);
int svr_rtc_try(svr_rtc_job_t job, const u8 *raw);

/* timers.c */
void svr_timers_init(void);
void svr_timers_exit(void);
void svr_timers_stop(void);

/* kvm-areas.c */
void svr_kvm_areas_init(void);
void svr_kvm_areas_off(void);

/* devices.c */
#if IS_ENABLED(CONFIG_PCI)
void svr_devices_init(void);
void svr_devices_exit(void);
unsigned int svr_devices_stop(void);
void svr_devices_note(struct svr_record *rec);
void svr_devices_start(void);
#else
static inline void svr_devices_init(void) {}
static inline void svr_devices_exit(void) {}
static inline unsigned int svr_devices_stop(void) { return 0; }
static inline void svr_devices_note(struct svr_record *rec) {}
static inline void svr_devices_start(void) {}
#endif

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
bool svr_kdump_keeps_bsp(void);
void svr_kdump_init(void);
void svr_kdump_exit(void);
void svr_vmcore_init(void);
void svr_vmcore_exit(void);
int svr_vmcore_read(u64 pa, void *buf, size_t len);
bool svr_vmcore_hide(u64 pa);
void svr_capture_init(void);
void svr_capture_exit(void);
const struct svr_cause *svr_capture_cause(bool emergency);
enum svr_fate svr_capture_account(void);
#else
static inline bool svr_kdump_on(void) { return false; }
static inline bool svr_kdump_keeps_bsp(void) { return false; }
static inline void svr_kdump_init(void) {}
static inline void svr_kdump_exit(void) {}
static inline void svr_vmcore_init(void) {}
static inline void svr_vmcore_exit(void) {}
static inline void svr_capture_init(void) {}
static inline void svr_capture_exit(void) {}

static inline const struct svr_cause *svr_capture_cause(bool emergency)
{
	return NULL;
}

static inline enum svr_fate svr_capture_account(void)
{
	return SVR_FATE_DELETED;
}
#endif

/**
 * struct svr_store - a place for a record that outlives a reset
 * @name:       as in sysfs, in the log and in the parameter "record"
 * @size:       SVR_RECORD_SMALL, SVR_RECORD_MEDIUM or SVR_RECORD_FULL
 * @trust:      what it can promise
 * @one_launch: nothing in it outlives the virtual machine: a record that is
 *              found there has been written since the launch
 * @memory:     @write does nothing but write to memory, which is all that may be
 *              done on the way to a crash kernel
 * @on_request: not one of those that record=auto means
 * @shared:     others may have a use for it: while it is blank it is not ours, and a
 *              load leaves it so; the record of a reset takes it
 * @in_place:   to write what it has already loses nothing, wherever that is cut short
 * @init:       optional: may it be used? Process context, may sleep; 0, or a
 *              negative errno, then nothing else is called
 * @exit:       optional: undo @init; process context, may sleep
 * @read:       fill all of @raw, with zeros if nothing has been written yet;
 *              process context, may sleep; 0 or a negative errno
 * @write:      write all of @raw; any context, NMI included: allocates nothing,
 *              does not sleep, only tries locks; 0 or a negative errno. Also
 *              called in process context, at load
 *
 * A store is one line in svr_stores[] of store.c, in the order in which they
 * are asked and written.
 */
struct svr_store {
	const char *name;
	size_t size;
	enum svr_trust trust;
	bool one_launch;
	bool memory;
	bool on_request;
	bool shared;
	bool in_place;
	int (*init)(void);
	void (*exit)(void);
	int (*read)(u8 *raw);
	int (*write)(const u8 *raw);
};

extern const struct svr_store svr_store_secrets;
extern const struct svr_store svr_store_cmos;
extern const struct svr_store svr_store_efi;

/* store.c: all of them */
void svr_stores_open(void);
void svr_stores_close(void);
int svr_stores_read(struct svr_record *rec, const struct svr_store **from);
void svr_stores_mark(const struct svr_record *rec);
size_t svr_stores_write(const struct svr_record *rec, bool memory_only);
void svr_stores_preview(const struct svr_record *rec, struct svr_record *shown);
bool svr_stores_keep(u16 boot);
bool svr_stores_wanted(void);
enum svr_check svr_stores_rehearse(u16 boot, int (*may)(void), char *text, size_t size);

/**
 * struct svr_last - what is known of the last reset
 * @record:  what the record says, from whoever wrote it; settled
 * @outcome: what became of it
 * @reason:  why the machine was reset
 * @store:   where the record was found, NULL without one
 */
struct svr_last {
	struct svr_record record;
	enum svr_outcome outcome;
	enum svr_reason reason;
	const struct svr_store *store;
};

/* Wall time, or "unknown" */
#define SVR_TIME_TEXT		32

/* last.c: what is known of the last reset */
void svr_last_load(void);
void svr_last_mark(void);
void svr_last_report(void);
const struct svr_last *svr_last(void);
u16 svr_last_boot(void);
u64 svr_last_crash_block(void);
enum svr_trust svr_last_trust(void);
const char *svr_last_store(void);
enum svr_dump svr_last_dump(void);
void svr_time_text(u64 time, char *text, size_t size);

/* note.c: the record of this one */
bool svr_note_call(const struct svr_cause *cause, const struct cpumask *lost);
void svr_note_refusal(const struct svr_cause *cause, const struct cpumask *lost,
		      const struct svr_result *result);
bool svr_note_crash(const struct svr_cause *cause, u64 block);
void svr_note_preview(const char *message, char *shown, size_t size);

/* transport.c */
int svr_transport_call(struct svsm_ca *ca, const struct svr_call *call,
		       struct svr_call *answer);
int svr_transport_repeat(struct svsm_ca *ca, const struct svr_call *call,
			 struct svr_call *answer, unsigned int pause);
void svr_transport_execute(struct svsm_ca *ca, struct svr_result *result);

#endif /* _SVSM_RESET_H */
