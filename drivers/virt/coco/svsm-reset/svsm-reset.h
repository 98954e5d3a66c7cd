/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Reset of an SEV-SNP guest through its SVSM: the map, and what every room needs.
 *
 * The way of a reset, and where each step is:
 *
 *   it begins       reset/cause.c, reset/deadman.c	what began it
 *                   reset/hooks.c, lib/policy.c	event x state: arm, fire or neither
 *   it fires        reset/fire.c			one CPU, once
 *   CPUs stop       reset/quiesce.c, reset/park.c	the kernel's stop, an interrupt, an NMI
 *                   reset/redirect.c		those that have left the online mask
 *                   reset/kvm-areas.c, reset/lapic.c	each CPU's own
 *                   reset/halt.c			evidence, and from it a fate for each
 *                   svsm/host-destroy.c, svsm/delete-vcpu.c	those that do not
 *   who calls       lib/policy.c			the weakest fate: a route
 *   all is quiet    reset/devices.c, reset/timers.c, reset/ioapic.c
 *   it is recorded  record/write.c, record/store.c
 *   the call        reset/handover.c, reset/lapic.c, svsm/transport.c
 *   the next boot   record/last-reset.c, lib/record-meaning.c	outcome and reason
 *   it is shown     sysfs/, record/measure.c
 *
 * A crash kernel comes first: crash/jump.c is the way into it, and when that kernel
 * resets the guest crash/capture-cpus.c knows the CPUs of the one that crashed.
 *
 * From the moment of firing nothing allocates or sleeps, and locks are only tried. Every
 * wait of the driver's own has a bound, with one exception: the CPU that has handed the
 * call over is halted until the call comes back, and a halted CPU cannot count
 * (svr_handover_request()). Comments at the calls say what the kernel's stop and printk()
 * wait for.
 *
 * lib/ is pure, and shared with KUnit, the fuzzers and the tool. main.c has the order in
 * which all of this is loaded, settings.c what the administrator sets.
 */
#ifndef _SVSM_RESET_H
#define _SVSM_RESET_H

#include <linux/kconfig.h>
#include <linux/kern_levels.h>
#include <linux/percpu.h>
#include <linux/types.h>

#include "lib/policy.h"
#include "lib/words.h"

struct svsm_ca;

/* Has the kernel all that crash/ needs? See the Makefile */
#define SVR_HAS_KDUMP							\
	(IS_ENABLED(CONFIG_KPROBES) && IS_ENABLED(CONFIG_CRASH_DUMP) &&	\
	 IS_ENABLED(CONFIG_PROC_VMCORE))

/* settings.c */
u32 svr_protocol(void);
bool svr_allow_unattested(void);
enum svr_ap_policy svr_ap_policy_get(void);
int svr_ap_policy_set(const char *text);
enum svr_device_policy svr_device_policy_get(void);
int svr_device_policy_set(const char *text);
unsigned int svr_deadman_get(void);
int svr_deadman_set(const char *text);
int svr_enabled_set(const char *text);
bool svr_delete_vcpu(void);
bool svr_kdump_wanted(void);

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
 * @nmi_wake: our next NMI means "look at what you wait for"
 * @nmi_heard: such an NMI has come; written by this CPU itself
 * @nmi_asked: an NMI that only asks for an answer is on its way; set by the CPU that sends
 *             it (rehearse.c), cleared by this CPU itself
 * @was_offline: it has gone offline at least once since the module was loaded, and the
 *               kernel leaked a GHCB then: see svr_cpu_online()
 * @stands_by: it stands by while another CPU resets the guest; svr_lapic_wake() ends that
 * @listens:  an interrupt wakes it, otherwise only an NMI does; written by this CPU itself
 * @in_nmi:   it was parked inside an NMI; valid with @evidence
 * @pending:  vector that svr_lapic_quiet() could not take from its local APIC, or -1; valid
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

DECLARE_PER_CPU(struct svr_cpu, svr_cpus);

/* config.c */
void svr_config_report(void);

/* reset/log.c: log lines, also while other CPUs are stopped */
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

#endif /* _SVSM_RESET_H */
