// SPDX-License-Identifier: GPL-2.0-only
/*
 * The tables of words. Compiled into the driver and into its tool, and read for
 * the tables in Documentation/: nothing of the kernel in here.
 */
#include "words.h"

/* Why the machine was reset last: last_reset_reason */
const struct svr_word svr_reason_words[SVR_NR_REASONS] = {
	[SVR_REASON_NONE] = {
		"none",
		"there is no record: most likely the first boot"
	},
	[SVR_REASON_UNKNOWN] = {
		"unknown",
		"reset by other means; or the record is lost, damaged or not ours"
	},
	[SVR_REASON_REBOOT] = {
		"reboot",
		"an orderly restart"
	},
	[SVR_REASON_EMERGENCY] = {
		"emergency-restart",
		"sysrq-b, emergency_restart(), or a restart that the deadman forced"
	},
	[SVR_REASON_PANIC] = {
		"panic",
		"a panic"
	},
	[SVR_REASON_KDUMP] = {
		"kdump",
		"a crash, and a crash kernel after it"
	},
	[SVR_REASON_REFUSED] = {
		"refused",
		"the SVSM was not called or did not want to: reset by other means"
	},
};

/* Who made an emergency restart: last_reset_trigger */
const struct svr_word svr_trigger_words[SVR_NR_TRIGGERS] = {
	[SVR_TRIGGER_NONE] = {
		"none",
		"it was no emergency restart"
	},
	[SVR_TRIGGER_UNKNOWN] = {
		"unknown",
		"nobody can tell: an older driver wrote the record"
	},
	[SVR_TRIGGER_SYSRQ] = {
		"sysrq-b",
		"sysrq-b, from a console or by /proc/sysrq-trigger"
	},
	[SVR_TRIGGER_KERNEL] = {
		"kernel",
		"emergency_restart(), called by code of the kernel"
	},
	[SVR_TRIGGER_DEADMAN] = {
		"deadman",
		"an orderly restart that hung, and that the deadman forced"
	},
};

/* What became of it: last_reset_outcome */
const struct svr_word svr_outcome_words[SVR_NR_OUTCOMES] = {
	[SVR_OUTCOME_NONE] = {
		"none",
		"no reset was asked for, as far as is known"
	},
	[SVR_OUTCOME_UNKNOWN] = {
		"unknown",
		"nobody can tell"
	},
	[SVR_OUTCOME_COMPLETED] = {
		"completed",
		"the SVSM did it: this is the virtual machine that asked for it"
	},
	[SVR_OUTCOME_REFUSED] = {
		"refused",
		"the SVSM was not called or did not want to: reset by other means"
	},
	[SVR_OUTCOME_RELAUNCHED] = {
		"relaunched",
		"it was begun, but the host ended that virtual machine; this is another"
	},
};

/* What became of the crash kernel: last_reset_dump */
const struct svr_word svr_dump_words[SVR_NR_DUMPS] = {
	[SVR_DUMP_NONE] = {
		"none",
		"it did not come after a crash kernel"
	},
	[SVR_DUMP_UNKNOWN] = {
		"unknown",
		"a crash kernel was started, and nobody can tell what became of it"
	},
	[SVR_DUMP_ENDED] = {
		"ended",
		"the crash kernel made an orderly restart, as it does after its dump, be that good or not"
	},
	[SVR_DUMP_INTERRUPTED] = {
		"interrupted",
		"the crash kernel panicked or was restarted by force: the dump may be incomplete"
	},
	[SVR_DUMP_IN_PROGRESS] = {
		"in-progress",
		"this is the crash kernel, and it has not ended"
	},
};

/* How far the record can be trusted: record_trust */
const struct svr_word svr_trust_words[SVR_NR_TRUSTS] = {
	[SVR_TRUST_NONE] = {
		"none",
		"there is no record"
	},
	[SVR_TRUST_HOST] = {
		"host",
		"the host can read and forge it: a hint for people, no proof of anything"
	},
	[SVR_TRUST_GUEST] = {
		"guest",
		"the host can neither read nor forge it, code of the guest's kernel can"
	},
};

/* How far a reset has come: state */
const struct svr_word svr_state_words[SVR_NR_STATES] = {
	[SVR_STATE_READY] = {
		"ready",
		"no reset has begun"
	},
	[SVR_STATE_ARMED] = {
		"armed",
		"an orderly restart has begun"
	},
	[SVR_STATE_FIRING] = {
		"firing",
		"the other CPUs are being stopped, or the call is being made"
	},
	[SVR_STATE_SPENT] = {
		"spent",
		"the reset was refused or failed, the kernel's own restart goes on"
	},
	[SVR_STATE_DISABLED] = {
		"disabled",
		"the administrator wants no reset through the SVSM (enabled is 0)"
	},
};

/* What if a CPU cannot be shown to have stopped: ap_policy */
const struct svr_word svr_ap_policy_words[SVR_NR_AP_POLICIES] = {
	[SVR_AP_REFUSE] = {
		"refuse",
		"the SVSM is not called, the kernel restarts as without this driver"
	},
	[SVR_AP_HOST] = {
		"host",
		"the SVSM is called if the host says that it has destroyed each of them"
	},
	[SVR_AP_FORCE] = {
		"force",
		"the SVSM is called none the less"
	},
};

/* What if a device goes on writing to memory: device_policy */
const struct svr_word svr_device_policy_words[SVR_NR_DEVICE_POLICIES] = {
	[SVR_DEVICE_REFUSE] = {
		"refuse",
		"the SVSM is not called, the kernel restarts as without this driver"
	},
	[SVR_DEVICE_FORCE] = {
		"force",
		"the SVSM is called none the less"
	},
};

/* What is known of a CPU that must not run: the log */
const struct svr_word svr_fate_words[SVR_NR_FATES] = {
	[SVR_FATE_RUNNING] = {
		"running",
		"nothing is known: it may be running"
	},
	[SVR_FATE_DESTROYED] = {
		"destroyed",
		"the host says that it will not run it again"
	},
	[SVR_FATE_OFFLINE] = {
		"offline",
		"CPU hotplug says that it is offline"
	},
	[SVR_FATE_PARKED] = {
		"parked",
		"it has left evidence that it has halted for good"
	},
	[SVR_FATE_DELETED] = {
		"deleted",
		"the SVSM says that it cannot run again"
	},
};

/* Why a reset that was asked for is left to the kernel: the tracepoint "declined" */
const struct svr_word svr_decline_words[SVR_NR_DECLINES] = {
	[SVR_DECLINE_DISABLED] = {
		"disabled",
		"the administrator wants no reset through the SVSM (enabled is 0)"
	},
	[SVR_DECLINE_SPENT] = {
		"spent",
		"one was tried before, and did not come about"
	},
	[SVR_DECLINE_UNLOADING] = {
		"unloading",
		"the module is being unloaded"
	},
	[SVR_DECLINE_NO_CA] = {
		"no-calling-area",
		"the CPU that has to make the call has no calling area"
	},
	[SVR_DECLINE_POLICY] = {
		"policy",
		"what is known of the CPUs is not enough for ap_policy"
	},
	[SVR_DECLINE_DEVICE] = {
		"device",
		"a PCI device did not stop, and device_policy says that it has to"
	},
};

/* Steps of a rehearsal, and what came of them */
const struct svr_word svr_step_words[SVR_NR_STEPS] = {
	[SVR_STEP_VERSION] = { "version",
		"the SVSM has the versions of the protocol that it had at load" },
	[SVR_STEP_SERVICE] = { "service",
		"the SVSM vouches for the reboot service" },
	[SVR_STEP_RECORD] = { "record",
		"the stores have what was written at load, and take it once more" },
	[SVR_STEP_HANDOVER] = { "handover",
		"the boot processor asks the SVSM when another CPU has it do so" },
	[SVR_STEP_NMI] = { "nmi", "each CPU answers an NMI" },
};

const struct svr_word svr_check_words[SVR_NR_CHECKS] = {
	[SVR_CHECK_OK] = { "ok", "it works" },
	[SVR_CHECK_FAILED] = { "failed", "it does not work" },
	[SVR_CHECK_SKIPPED] = { "skipped",
		"there is nothing to try, or nothing that is safe to try" },
	[SVR_CHECK_GAVE_WAY] = { "gave-way",
		"not tried: a reset, a panic or a shutdown had begun" },
};

static const char *svr_word(const struct svr_word *words, unsigned int count,
			    unsigned int value)
{
	return value < count ? words[value].word : "unknown";
}

/**
 * svr_cause_name - name of a cause
 * @cause: the cause
 *
 * Context: any.
 *
 * Return: the name, "unknown" for a value that is none.
 */
const char *svr_cause_name(enum svr_cause cause)
{
	return svr_word(svr_reason_words, SVR_NR_CAUSES, cause);
}

/**
 * svr_reason_name - name of a reason
 * @reason: the reason
 *
 * Context: any.
 *
 * Return: its name as in sysfs, never NULL.
 */
const char *svr_reason_name(enum svr_reason reason)
{
	return svr_word(svr_reason_words, SVR_NR_REASONS, reason);
}

/**
 * svr_trigger_name - name of a trigger
 * @trigger: the trigger
 *
 * Context: any.
 *
 * Return: its name as in sysfs, never NULL.
 */
const char *svr_trigger_name(enum svr_trigger trigger)
{
	return svr_word(svr_trigger_words, SVR_NR_TRIGGERS, trigger);
}

/**
 * svr_outcome_name - name of an outcome
 * @outcome: the outcome
 *
 * Context: any.
 *
 * Return: its name as in sysfs, never NULL.
 */
const char *svr_outcome_name(enum svr_outcome outcome)
{
	return svr_word(svr_outcome_words, SVR_NR_OUTCOMES, outcome);
}

/**
 * svr_dump_name - name of what became of a crash kernel
 * @dump: what became of it
 *
 * Context: any.
 *
 * Return: its name as in sysfs, never NULL.
 */
const char *svr_dump_name(enum svr_dump dump)
{
	return svr_word(svr_dump_words, SVR_NR_DUMPS, dump);
}

/**
 * svr_trust_name - name of how far a store can be trusted
 * @trust: how far
 *
 * Context: any.
 *
 * Return: its name as in sysfs, never NULL.
 */
const char *svr_trust_name(enum svr_trust trust)
{
	return svr_word(svr_trust_words, SVR_NR_TRUSTS, trust);
}

/**
 * svr_state_name - name of a state
 * @state: the state
 *
 * Context: any.
 *
 * Return: its name, never NULL.
 */
const char *svr_state_name(enum svr_state state)
{
	return svr_word(svr_state_words, SVR_NR_STATES, state);
}

/**
 * svr_ap_policy_name - name of a policy
 * @policy: the policy
 *
 * Context: any.
 *
 * Return: its name, never NULL.
 */
const char *svr_ap_policy_name(enum svr_ap_policy policy)
{
	return svr_word(svr_ap_policy_words, SVR_NR_AP_POLICIES, policy);
}

/**
 * svr_device_policy_name - name of a policy
 * @policy: the policy
 *
 * Context: any.
 *
 * Return: its name, never NULL.
 */
const char *svr_device_policy_name(enum svr_device_policy policy)
{
	return svr_word(svr_device_policy_words, SVR_NR_DEVICE_POLICIES, policy);
}

/**
 * svr_fate_name - name of what is known of a CPU
 * @fate: what is known
 *
 * Context: any.
 *
 * Return: its name, never NULL.
 */
const char *svr_fate_name(enum svr_fate fate)
{
	return svr_word(svr_fate_words, SVR_NR_FATES, fate);
}

/**
 * svr_decline_name - name of why a reset is left to the kernel
 * @decline: why
 *
 * Context: any.
 *
 * Return: its name, never NULL.
 */
const char *svr_decline_name(enum svr_decline decline)
{
	return svr_word(svr_decline_words, SVR_NR_DECLINES, decline);
}

/**
 * svr_step_name - name of a step of a rehearsal
 * @step: the step
 *
 * Context: any.
 *
 * Return: its name as in sysfs, never NULL.
 */
const char *svr_step_name(enum svr_step step)
{
	return svr_word(svr_step_words, SVR_NR_STEPS, step);
}

/**
 * svr_check_name - name of what a step of a rehearsal showed
 * @check: what it showed
 *
 * Context: any.
 *
 * Return: its name as in sysfs, never NULL.
 */
const char *svr_check_name(enum svr_check check)
{
	return svr_word(svr_check_words, SVR_NR_CHECKS, check);
}
