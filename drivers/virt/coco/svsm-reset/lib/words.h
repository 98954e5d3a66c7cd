/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The words of the driver's interface: what stands in its files in sysfs, in the
 * log and in parameters. The driver, its tool (tools/svsm-reset) and the tables
 * in Documentation/ are all made from words.c, so this needs nothing of the kernel.
 */
#ifndef _SVSM_RESET_WORDS_H
#define _SVSM_RESET_WORDS_H

/**
 * struct svr_word - one value that a file may have
 * @word: the value
 * @text: what it means, a sentence or two without the full stop
 */
struct svr_word {
	const char *word;
	const char *text;
};

/**
 * enum svr_cause - what began a reset; values are stored, never reuse
 * @SVR_CAUSE_NONE:      nothing: first boot
 * @SVR_CAUSE_UNKNOWN:   something else, or nobody can tell
 * @SVR_CAUSE_REBOOT:    kernel_restart()
 * @SVR_CAUSE_EMERGENCY: emergency_restart(), sysrq-b
 * @SVR_CAUSE_PANIC:     panic()
 * @SVR_CAUSE_KDUMP:     a crash, and a crash kernel after it
 * @SVR_NR_CAUSES: how many causes there are
 */
enum svr_cause {
	SVR_CAUSE_NONE		= 0,
	SVR_CAUSE_UNKNOWN	= 1,
	SVR_CAUSE_REBOOT	= 2,
	SVR_CAUSE_EMERGENCY	= 3,
	SVR_CAUSE_PANIC		= 4,
	SVR_CAUSE_KDUMP		= 5,
	SVR_NR_CAUSES,
};

/**
 * enum svr_reason - why the machine was reset, as it is shown and counted
 * @SVR_REASON_NONE:    it was not: first boot
 * @SVR_REASON_UNKNOWN: something else, or nobody can tell
 * @SVR_REASON_REBOOT:  its cause, as are the next three
 * @SVR_REASON_EMERGENCY: see &enum svr_cause
 * @SVR_REASON_PANIC:   see there
 * @SVR_REASON_KDUMP:   see there
 * @SVR_REASON_REFUSED: the SVSM was not called, or did not want to
 * @SVR_NR_REASONS: how many reasons there are
 */
enum svr_reason {
	SVR_REASON_NONE		= SVR_CAUSE_NONE,
	SVR_REASON_UNKNOWN	= SVR_CAUSE_UNKNOWN,
	SVR_REASON_REBOOT	= SVR_CAUSE_REBOOT,
	SVR_REASON_EMERGENCY	= SVR_CAUSE_EMERGENCY,
	SVR_REASON_PANIC	= SVR_CAUSE_PANIC,
	SVR_REASON_KDUMP	= SVR_CAUSE_KDUMP,
	SVR_REASON_REFUSED	= SVR_NR_CAUSES,
	SVR_NR_REASONS,
};

/**
 * enum svr_trigger - who made an emergency restart
 * @SVR_TRIGGER_NONE:    the last reset was no emergency restart
 * @SVR_TRIGGER_UNKNOWN: nobody can tell
 * @SVR_TRIGGER_SYSRQ:   sysrq-b
 * @SVR_TRIGGER_KERNEL:  code of the kernel that called emergency_restart()
 * @SVR_TRIGGER_DEADMAN: the deadman, of an orderly restart that hung
 * @SVR_NR_TRIGGERS: how many there are
 */
enum svr_trigger {
	SVR_TRIGGER_NONE,
	SVR_TRIGGER_UNKNOWN,
	SVR_TRIGGER_SYSRQ,
	SVR_TRIGGER_KERNEL,
	SVR_TRIGGER_DEADMAN,
	SVR_NR_TRIGGERS,
};

/**
 * enum svr_outcome - what became of the last reset that was asked for
 * @SVR_OUTCOME_NONE:       none was asked for, as far as is known
 * @SVR_OUTCOME_UNKNOWN:    nobody can tell
 * @SVR_OUTCOME_COMPLETED:  the SVSM did it
 * @SVR_OUTCOME_REFUSED:    it did not come about, and the machine was reset by
 *                          other means
 * @SVR_OUTCOME_RELAUNCHED: it was asked for, but this is another launch
 * @SVR_NR_OUTCOMES: how many outcomes there are
 */
enum svr_outcome {
	SVR_OUTCOME_NONE,
	SVR_OUTCOME_UNKNOWN,
	SVR_OUTCOME_COMPLETED,
	SVR_OUTCOME_REFUSED,
	SVR_OUTCOME_RELAUNCHED,
	SVR_NR_OUTCOMES,
};

/**
 * enum svr_dump - what became of the crash kernel before the last reset
 * @SVR_DUMP_NONE:        there was none
 * @SVR_DUMP_UNKNOWN:     it was started, nothing else is known
 * @SVR_DUMP_ENDED:       it made an orderly restart
 * @SVR_DUMP_INTERRUPTED: it panicked, or emergency_restart() was called
 * @SVR_DUMP_IN_PROGRESS: this is the crash kernel
 * @SVR_NR_DUMPS: how many there are
 *
 * Only the program that wrote the dump knows whether it is complete.
 */
enum svr_dump {
	SVR_DUMP_NONE,
	SVR_DUMP_UNKNOWN,
	SVR_DUMP_ENDED,
	SVR_DUMP_INTERRUPTED,
	SVR_DUMP_IN_PROGRESS,
	SVR_NR_DUMPS,
};

/**
 * enum svr_trust - how far a store of the record can be trusted
 * @SVR_TRUST_NONE:  there is no record
 * @SVR_TRUST_HOST:  the host can read and forge it
 * @SVR_TRUST_GUEST: the host can do neither, kernel code of the guest can
 * @SVR_NR_TRUSTS: how many there are
 */
enum svr_trust {
	SVR_TRUST_NONE,
	SVR_TRUST_HOST,
	SVR_TRUST_GUEST,
	SVR_NR_TRUSTS,
};

/**
 * enum svr_state - how far a reset has come; only forward, except for DISABLED
 * @SVR_STATE_READY:  no reset has begun
 * @SVR_STATE_ARMED:  kernel_restart() has begun, nothing is stopped yet
 * @SVR_STATE_FIRING: one CPU is stopping the others and making the call
 * @SVR_STATE_SPENT:  that was refused or failed; the kernel goes on by itself
 * @SVR_STATE_DISABLED: the administrator wants none; goes back to ready
 * @SVR_NR_STATES: how many states there are
 */
enum svr_state {
	SVR_STATE_READY,
	SVR_STATE_ARMED,
	SVR_STATE_FIRING,
	SVR_STATE_SPENT,
	SVR_STATE_DISABLED,
	SVR_NR_STATES,
};

/**
 * enum svr_ap_policy - what if a CPU cannot be parked?
 * @SVR_AP_REFUSE: no SVSM reset, the kernel restarts as without this driver
 * @SVR_AP_HOST:   reset if the host says that it has destroyed that CPU
 * @SVR_AP_FORCE:  reset none the less
 * @SVR_NR_AP_POLICIES: how many policies there are
 */
enum svr_ap_policy {
	SVR_AP_REFUSE,
	SVR_AP_HOST,
	SVR_AP_FORCE,
	SVR_NR_AP_POLICIES,
};

/**
 * enum svr_device_policy - what if a device cannot be stopped?
 * @SVR_DEVICE_REFUSE: no SVSM reset, the kernel restarts as without this driver
 * @SVR_DEVICE_FORCE:  reset none the less
 * @SVR_NR_DEVICE_POLICIES: how many policies there are
 */
enum svr_device_policy {
	SVR_DEVICE_REFUSE,
	SVR_DEVICE_FORCE,
	SVR_NR_DEVICE_POLICIES,
};

/**
 * enum svr_fate - what is known of a CPU that must not run, weakest first
 * @SVR_FATE_RUNNING:   nothing: it may be running
 * @SVR_FATE_DESTROYED: the host says that it will not run it again
 * @SVR_FATE_OFFLINE:   CPU hotplug says that it is offline
 * @SVR_FATE_PARKED:    it has left evidence that it has halted for good
 * @SVR_FATE_DELETED:   the SVSM says that it cannot run again
 * @SVR_NR_FATES: how many there are
 */
enum svr_fate {
	SVR_FATE_RUNNING,
	SVR_FATE_DESTROYED,
	SVR_FATE_OFFLINE,
	SVR_FATE_PARKED,
	SVR_FATE_DELETED,
	SVR_NR_FATES,
};

/**
 * enum svr_decline - why a reset that was asked for is left to the kernel
 * @SVR_DECLINE_DISABLED:   the administrator wants none
 * @SVR_DECLINE_SPENT:      one was tried before, and did not come about
 * @SVR_DECLINE_UNLOADING:  the driver is being unloaded
 * @SVR_DECLINE_NO_CA:      the CPU that has to call has no calling area
 * @SVR_DECLINE_POLICY:     too little is known of a CPU for ap_policy
 * @SVR_DECLINE_DEVICE:     a device did not stop, and device_policy says no
 * @SVR_NR_DECLINES: how many there are
 */
enum svr_decline {
	SVR_DECLINE_DISABLED,
	SVR_DECLINE_SPENT,
	SVR_DECLINE_UNLOADING,
	SVR_DECLINE_NO_CA,
	SVR_DECLINE_POLICY,
	SVR_DECLINE_DEVICE,
	SVR_NR_DECLINES,
};

/**
 * enum svr_step - what a rehearsal tries, in this order
 * @SVR_STEP_VERSION:  the SVSM is asked for the versions of the protocol
 * @SVR_STEP_SERVICE:  it is asked to vouch for the reboot service
 * @SVR_STEP_RECORD:   the stores are read, and written where that can lose nothing
 * @SVR_STEP_HANDOVER: the BSP asks the SVSM at another CPU's request
 * @SVR_STEP_NMI:      each CPU answers an NMI
 * @SVR_NR_STEPS: how many there are
 */
enum svr_step {
	SVR_STEP_VERSION,
	SVR_STEP_SERVICE,
	SVR_STEP_RECORD,
	SVR_STEP_HANDOVER,
	SVR_STEP_NMI,
	SVR_NR_STEPS,
};

/**
 * enum svr_check - what came of one step of a rehearsal, or of all of it
 * @SVR_CHECK_OK:       it works
 * @SVR_CHECK_FAILED:   it does not
 * @SVR_CHECK_SKIPPED:  there is nothing to try here, or nothing that can safely be tried
 * @SVR_CHECK_GAVE_WAY: not tried, a real reset, a panic or a shutdown had begun
 * @SVR_NR_CHECKS: how many there are
 */
enum svr_check {
	SVR_CHECK_OK,
	SVR_CHECK_FAILED,
	SVR_CHECK_SKIPPED,
	SVR_CHECK_GAVE_WAY,
	SVR_NR_CHECKS,
};

extern const struct svr_word svr_reason_words[SVR_NR_REASONS];
extern const struct svr_word svr_trigger_words[SVR_NR_TRIGGERS];
extern const struct svr_word svr_outcome_words[SVR_NR_OUTCOMES];
extern const struct svr_word svr_dump_words[SVR_NR_DUMPS];
extern const struct svr_word svr_trust_words[SVR_NR_TRUSTS];
extern const struct svr_word svr_state_words[SVR_NR_STATES];
extern const struct svr_word svr_ap_policy_words[SVR_NR_AP_POLICIES];
extern const struct svr_word svr_device_policy_words[SVR_NR_DEVICE_POLICIES];
extern const struct svr_word svr_fate_words[SVR_NR_FATES];
extern const struct svr_word svr_decline_words[SVR_NR_DECLINES];
extern const struct svr_word svr_step_words[SVR_NR_STEPS];
extern const struct svr_word svr_check_words[SVR_NR_CHECKS];

const char *svr_cause_name(enum svr_cause cause);
const char *svr_reason_name(enum svr_reason reason);
const char *svr_trigger_name(enum svr_trigger trigger);
const char *svr_outcome_name(enum svr_outcome outcome);
const char *svr_dump_name(enum svr_dump dump);
const char *svr_trust_name(enum svr_trust trust);
const char *svr_state_name(enum svr_state state);
const char *svr_ap_policy_name(enum svr_ap_policy policy);
const char *svr_device_policy_name(enum svr_device_policy policy);
const char *svr_fate_name(enum svr_fate fate);
const char *svr_decline_name(enum svr_decline decline);
const char *svr_step_name(enum svr_step step);
const char *svr_check_name(enum svr_check check);

#endif /* _SVSM_RESET_WORDS_H */
