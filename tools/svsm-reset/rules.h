/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What would happen? Decided from the settings of kernel and driver, by the
 * rules of the driver. Pure: no file is read here.
 */
#ifndef _SR_RULES_H
#define _SR_RULES_H

/* Each panic is carried out where it begins */
#define SR_NO_CPU	(-1)
/* Major version of the first kernel with panic_force_cpu= */
#define SR_PANIC_CPU_KERNEL	7

/**
 * struct sr_settings - what decides; each may be SR_UNKNOWN
 * @snp:              1: this is an SEV-SNP guest
 * @vmpl:             its VMPL; not 0 means that there is an SVSM
 * @loaded:           1: the driver is there
 * @state:            an &enum svr_state
 * @enabled:          0: the administrator wants no reset by the SVSM
 * @ap_policy:        an &enum svr_ap_policy
 * @deadman:          seconds, 0: never
 * @kdump:            1: the driver makes crash kernels come up
 * @in_secrets:       1: the record is kept in the secrets page, too
 * @delete_vcpu:      1: the driver has the SVSM delete vCPUs
 * @unattested:       1: the driver does without the SVSM's attestation
 * @trust:            an &enum svr_trust, of the record
 * @capture:          1: this is a crash kernel
 * @panic:            seconds; 0: stay, below 0: at once
 * @panic_on_oops:    an oops is a panic
 * @panic_on_stall:   an RCU stall is a panic
 * @sysrq:            0: off, 1: all of it, else a mask
 * @soft_watchdog:    soft lockups are looked for
 * @softlockup_panic: one is a panic
 * @nmi_watchdog:     hard lockups are looked for
 * @hardlockup_panic: one is a panic
 * @watchdog_thresh:  seconds; soft lockups: twice that
 * @crash_loaded:     1: there is a crash kernel
 * @post_notifiers:   1: crash_kexec_post_notifiers
 * @kernel:           major version of the kernel
 * @panic_cpu:        the CPU that carries out every panic, or SR_NO_CPU
 * @kprobes:          0: kprobes are disarmed
 * @kprobes_error:    why that could not be read: an errno, or 0
 * @ftrace:           0: ftrace is off, and with it kprobes at functions' entries
 * @reboot_cpu:       where an orderly restart is made
 * @reboot_force:     1: the kernel does not stop the other CPUs
 * @online:           how many CPUs are online
 * @offline:          how many are present and not online
 */
struct sr_settings {
	int snp;
	int vmpl;
	int loaded;
	int state;
	int enabled;
	int ap_policy;
	int deadman;
	int kdump;
	int in_secrets;
	int delete_vcpu;
	int unattested;
	int trust;
	int capture;
	int panic;
	int panic_on_oops;
	int panic_on_stall;
	int sysrq;
	int soft_watchdog;
	int softlockup_panic;
	int nmi_watchdog;
	int hardlockup_panic;
	int watchdog_thresh;
	int crash_loaded;
	int post_notifiers;
	int kernel;
	int panic_cpu;
	int kprobes;
	int kprobes_error;
	int ftrace;
	int reboot_cpu;
	int reboot_force;
	int online;
	int offline;
};

/**
 * enum sr_question - what would happen at ...?
 * @SR_AT_REBOOT:      reboot, systemctl reboot, reboot -f
 * @SR_AT_PANIC:       a panic
 * @SR_AT_SYSRQ_B:     sysrq-b
 * @SR_AT_OOPS:        an oops in a process
 * @SR_AT_SOFT_LOCKUP: a CPU that hangs, interrupts on
 * @SR_AT_HARD_LOCKUP: a CPU that hangs, interrupts off
 * @SR_AT_HUNG_REBOOT: reboot, when a CPU hangs with interrupts off
 * @SR_AT_STUCK_CPU:   a reset, when no NMI reaches a CPU
 * @SR_NR_QUESTIONS: how many there are
 */
enum sr_question {
	SR_AT_REBOOT,
	SR_AT_PANIC,
	SR_AT_SYSRQ_B,
	SR_AT_OOPS,
	SR_AT_SOFT_LOCKUP,
	SR_AT_HARD_LOCKUP,
	SR_AT_HUNG_REBOOT,
	SR_AT_STUCK_CPU,
	SR_NR_QUESTIONS,
};

/**
 * enum sr_way - what happens then
 * @SR_WAY_UNKNOWN:      it depends on something that could not be read
 * @SR_WAY_SVSM:         the SVSM resets the guest
 * @SR_WAY_HOST_DECIDES: it does so if the host does its part
 * @SR_WAY_KERNEL:       the kernel restarts as without the driver
 * @SR_WAY_CRASH_KERNEL: the crash kernel comes up
 * @SR_WAY_CRASH_DIES:   the crash kernel is started, and dies
 * @SR_WAY_STAYS:        everything stops and stays as it is
 * @SR_WAY_HANGS:        the restart never ends
 * @SR_WAY_GOES_ON:      nothing is reset, the kernel goes on
 * @SR_NR_WAYS: how many there are
 */
enum sr_way {
	SR_WAY_UNKNOWN,
	SR_WAY_SVSM,
	SR_WAY_HOST_DECIDES,
	SR_WAY_KERNEL,
	SR_WAY_CRASH_KERNEL,
	SR_WAY_CRASH_DIES,
	SR_WAY_STAYS,
	SR_WAY_HANGS,
	SR_WAY_GOES_ON,
	SR_NR_WAYS,
};

/* Why, and under what condition: answer-text.c has the texts */
enum sr_why {
	SR_WHY_NOT_LOADED,
	SR_WHY_DISABLED,
	SR_WHY_SPENT,
	SR_WHY_FIRING,
	SR_WHY_STATE_UNKNOWN,
	SR_WHY_POLICY_REFUSE,
	SR_WHY_POLICY_HOST,
	SR_WHY_POLICY_FORCE,
	SR_WHY_POLICY_UNKNOWN,
	SR_WHY_DELETE,
	SR_WHY_DELETE_UNKNOWN,
	SR_WHY_STUCK_REFUSED,
	SR_WHY_STUCK_HOST,
	SR_WHY_STUCK_DELETE,
	SR_WHY_STUCK_FORCE,
	SR_WHY_OFFLINE,
	SR_WHY_HAND_OVER,
	SR_WHY_REBOOT_CPU,
	SR_WHY_REBOOT_FORCE,
	SR_WHY_DEADMAN,
	SR_WHY_DEADMAN_OFF,
	SR_WHY_DEADMAN_UNKNOWN,
	SR_WHY_DEADMAN_SAME_CPU,
	SR_WHY_WAITS_FOR_CPU,
	SR_WHY_CAPTURE,
	SR_WHY_PANIC_NOW,
	SR_WHY_PANIC_DELAY,
	SR_WHY_PANIC_0,
	SR_WHY_PANIC_UNKNOWN,
	SR_WHY_CRASH_UNKNOWN,
	SR_WHY_NOTIFIERS,
	SR_WHY_NO_NOTIFIERS,
	SR_WHY_CRASH_HERE,
	SR_WHY_FORCE_BSP,
	SR_WHY_FORCE_AP,
	SR_WHY_FORCE_STUCK,
	SR_WHY_FORCE_NMI,
	SR_WHY_FORCE_NO_OOPS,
	SR_WHY_DUMP_THEN_REBOOT,
	SR_WHY_DUMP_NO_RECORD,
	SR_WHY_KDUMP_NOT_LOADED,
	SR_WHY_KDUMP_OFF,
	SR_WHY_KDUMP_UNKNOWN,
	SR_WHY_KPROBES_OFF,
	SR_WHY_FTRACE_OFF,
	SR_WHY_KPROBES_ROOT_ONLY,
	SR_WHY_KPROBES_NO_DEBUGFS,
	SR_WHY_KPROBES_LOCKED,
	SR_WHY_KPROBES_UNKNOWN,
	SR_WHY_SYSRQ_CONSOLE,
	SR_WHY_SYSRQ_NO_CONSOLE,
	SR_WHY_SYSRQ_UNKNOWN,
	SR_WHY_OOPS_GOES_ON,
	SR_WHY_OOPS_PANIC,
	SR_WHY_OOPS_UNKNOWN,
	SR_WHY_SOFT_PANIC,
	SR_WHY_SOFT_LOGGED,
	SR_WHY_SOFT_UNSEEN,
	SR_WHY_HARD_PANIC,
	SR_WHY_HARD_LOGGED,
	SR_WHY_HARD_UNSEEN,
	SR_WHY_STALL_PANIC,
	SR_WHY_WATCHDOG_UNKNOWN,
	SR_NR_WHY,
};

#define SR_MAX_WHY	12

/**
 * struct sr_answer - what would happen
 * @way: what
 * @nr:  entries of @why
 * @why: why it would, and under what condition
 */
struct sr_answer {
	enum sr_way way;
	unsigned int nr;
	enum sr_why why[SR_MAX_WHY];
};

/**
 * enum sr_thing - what the tool shows or the driver relies on
 * @SR_THING_RECORD:  last_reset_*, reset_count
 * @SR_THING_SERVICE: that the SVSM has the reboot service
 * @SR_THING_CPUS:    that the other CPUs have stopped
 * @SR_THING_CLOCK:   times
 * @SR_THING_SETTINGS: the settings of kernel and driver
 * @SR_NR_THINGS: how many there are
 */
enum sr_thing {
	SR_THING_RECORD,
	SR_THING_SERVICE,
	SR_THING_CPUS,
	SR_THING_CLOCK,
	SR_THING_SETTINGS,
	SR_NR_THINGS,
};

/**
 * enum sr_forger - who could make it say something that is not true?
 * @SR_FORGER_UNKNOWN: cannot be told
 * @SR_FORGER_HOST:    the host
 * @SR_FORGER_GUEST:   the guest's kernel and its root, not the host
 * @SR_FORGER_SVSM:    the SVSM, not the host
 * @SR_NR_FORGERS: how many there are
 */
enum sr_forger {
	SR_FORGER_UNKNOWN,
	SR_FORGER_HOST,
	SR_FORGER_GUEST,
	SR_FORGER_SVSM,
	SR_NR_FORGERS,
};

struct sr_answer sr_answer(const struct sr_settings *set,
			   enum sr_question question);
enum sr_forger sr_forger(const struct sr_settings *set, enum sr_thing thing);

#endif /* _SR_RULES_H */
