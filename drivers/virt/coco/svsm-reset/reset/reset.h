/* SPDX-License-Identifier: GPL-2.0-only */
/* From the cause of a reset to the call */
#ifndef _SVSM_RESET_RESET_H
#define _SVSM_RESET_RESET_H

#include <linux/cpumask.h>
#include <linux/kconfig.h>
#include <linux/types.h>

#include "lib/request.h"
#include "lib/policy.h"
#include "svsm-reset.h"

struct acpi_subtable_header;
struct svr_record;

/* state.c: how far a reset has come */
enum svr_state svr_state_get(void);
bool svr_state_advance(enum svr_state from, enum svr_state to);
bool svr_state_begin(void);
int svr_state_enable(bool yes);
bool svr_enabled(void);

/* cause.c: what began it */
int svr_cause_init(void);
void svr_cause_exit(void);
void svr_cause_deadman(unsigned int seconds);
const struct svr_request *svr_cause_panic(void);
const struct svr_request *svr_cause_of(enum svr_event event);

/* next-note.c: the operator's note */
int svr_next_note_set(const char *text, size_t count);
void svr_next_note_get(char *text);
void svr_next_note_take(char *message, bool kernel);

/* hooks.c: where the kernel tells of a reset */
int svr_hooks_register(void);
void svr_hooks_unregister(void);

/* deadman.c: a restart that hangs */
int svr_deadman_init(void);
void svr_deadman_exit(void);

/* redirect.c: a panic that another CPU carries out */
const struct cpumask *svr_redirect_recall(void);
void svr_redirect_install(void);
void svr_redirect_uninstall(void);
int svr_redirect_origin(int cpu);

/* fire.c */
void svr_fire(enum svr_event event);
void svr_take_over(enum svr_event event);

/**
 * struct svr_quiesce - what came of stopping the other CPUs
 * @want:      CPUs that had to be parked
 * @missing:   those of them that did not show that they are
 * @nmi:       CPUs that needed our NMI
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

/* quiesce.c: stop the other CPUs */
void svr_quiesce(struct svr_quiesce *q);
enum svr_fate svr_quiesce_fate(const struct svr_quiesce *q, int cpu);
enum svr_fate svr_quiesce_weakest(const struct svr_quiesce *q);
void svr_quiesce_destroy(struct svr_quiesce *q, int cpu);
bool svr_quiesce_has_vmsa(const struct svr_quiesce *q, int cpu);

/* park.c: what runs on a CPU that is being stopped */
int svr_park_install(void);
void svr_park_uninstall(void);
void svr_park_stand_by(void);
void svr_park_wake(const struct svr_quiesce *q);
void svr_park_hear_nmis(void);

/* halt.c: evidence, and the halt that goes with it */
void svr_halt(struct svr_cpu *c, enum svr_evidence how);
void svr_halt_until_woken(struct svr_cpu *c, enum svr_evidence how);
bool svr_cpu_parked(int cpu);
bool svr_cpu_stopped(int cpu);
bool svr_cpu_holds_nothing(int cpu);

/* handover.c: have the BSP do a job */
void svr_handover_serve(struct svr_cpu *bsp);
int svr_handover_request(void (*job)(struct svr_cpu *bsp));
bool svr_handover_unanswered(void);

/* lapic.c, drain.S */
void svr_lapic_prepare(void);
int svr_lapic_quiet(void);
void svr_lapic_wake(int cpu);
bool svr_lapic_can_listen(void);
void svr_lapic_listen(struct svr_cpu *c);
void svr_lapic_wait(u32 *evidence, u32 how);
void svr_drain_vector(void);

/* madt.c */
bool svr_madt_walk(void (*show)(const struct acpi_subtable_header *entry));

/* ioapic.c */
void svr_ioapic_init(void);
void svr_ioapic_exit(void);
void svr_ioapic_mask(void);

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
void svr_devices_record(struct svr_record *rec);
void svr_devices_start(void);
#else
static inline void svr_devices_init(void) {}
static inline void svr_devices_exit(void) {}
static inline unsigned int svr_devices_stop(void) { return 0; }
static inline void svr_devices_record(struct svr_record *rec) {}
static inline void svr_devices_start(void) {}
#endif

/* rehearse.c: would a reset work? */
int svr_rehearse(const char *text);
ssize_t svr_rehearsal_show(char *buf);

#endif /* _SVSM_RESET_RESET_H */
