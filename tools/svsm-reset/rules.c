// SPDX-License-Identifier: GPL-2.0
/*
 * What would happen? The driver's own policy.c, linked into this tool, decides what
 * fires and whose word is enough. The other rules follow the driver (hooks, crash
 * kernel, deadman) and the kernel: panic(), oops_end(), kernel_restart(). Pure;
 * tools/testing/tool/rules_test.c has the table of answers.
 */
#include <errno.h>

#include "kernel.h"
#include "policy.h"
#include "rules.h"
#include "sysfs.h"

/* SYSRQ_ENABLE_BOOT of linux/sysrq.h */
#define SR_SYSRQ_ALL	1
#define SR_SYSRQ_BOOT	0x80

static void sr_because(struct sr_answer *answer, enum sr_why why)
{
	if (answer->nr < SR_MAX_WHY)
		answer->why[answer->nr++] = why;
}

static void sr_decide(struct sr_answer *answer, enum sr_way way,
		      enum sr_why why)
{
	answer->way = way;
	sr_because(answer, why);
}

/*
 * An emergency restart fires in a state in which an orderly one gets as far as to
 * fire: rules_test.c compares the two in each state.
 */
static void sr_restart_in_state(int state, struct sr_answer *answer)
{
	enum svr_act act = svr_policy_act(SVR_EVENT_EMERG, state);

	if (state == SR_UNKNOWN)
		sr_decide(answer, SR_WAY_UNKNOWN, SR_WHY_STATE_UNKNOWN);
	else if (act == SVR_ACT_FIRE)
		answer->way = SR_WAY_SVSM;
	else if (act == SVR_ACT_TAKE_OVER)
		sr_decide(answer, SR_WAY_UNKNOWN, SR_WHY_FIRING);
	else if (svr_policy_declines(SVR_EVENT_EMERG, state) ==
		 SVR_DECLINE_DISABLED)
		sr_decide(answer, SR_WAY_KERNEL, SR_WHY_DISABLED);
	else
		sr_decide(answer, SR_WAY_KERNEL, SR_WHY_SPENT);
}

static void sr_restart(const struct sr_settings *set, struct sr_answer *answer)
{
	if (!set->loaded)
		sr_decide(answer, SR_WAY_KERNEL, SR_WHY_NOT_LOADED);
	else if (set->loaded != 1)
		sr_decide(answer, SR_WAY_UNKNOWN, SR_WHY_STATE_UNKNOWN);
	else if (!set->enabled)
		sr_decide(answer, SR_WAY_KERNEL, SR_WHY_DISABLED);
	else
		sr_restart_in_state(set->state, answer);
}

/* What is enough to make the call, if there is another CPU at all */
static void sr_because_of_cpus(const struct sr_settings *set,
			       struct sr_answer *answer)
{
	static const enum sr_why why[SVR_NR_AP_POLICIES] = {
		[SVR_AP_REFUSE] = SR_WHY_POLICY_REFUSE,
		[SVR_AP_HOST] = SR_WHY_POLICY_HOST,
		[SVR_AP_FORCE] = SR_WHY_POLICY_FORCE,
	};

	if (answer->way != SR_WAY_SVSM)
		return;
	if (set->capture == 1)
		sr_because(answer, SR_WHY_CAPTURE);
	if (set->online != 1 || set->capture == 1)
		sr_because(answer, set->ap_policy == SR_UNKNOWN ?
			   SR_WHY_POLICY_UNKNOWN : why[set->ap_policy]);
	if (set->delete_vcpu == 1)
		sr_because(answer, SR_WHY_DELETE);
	if (set->offline > 0)
		sr_because(answer, SR_WHY_OFFLINE);
}

static void sr_at_reboot(const struct sr_settings *set,
			 struct sr_answer *answer)
{
	sr_restart(set, answer);
	if (answer->way != SR_WAY_SVSM)
		return;
	sr_because_of_cpus(set, answer);
	if (set->reboot_cpu > 0)
		sr_because(answer, SR_WHY_REBOOT_CPU);
	if (set->reboot_force == 1)
		sr_because(answer, SR_WHY_REBOOT_FORCE);
	if (set->deadman == SR_UNKNOWN)
		sr_because(answer, SR_WHY_DEADMAN_UNKNOWN);
	else
		sr_because(answer, set->deadman ? SR_WHY_DEADMAN :
						  SR_WHY_DEADMAN_OFF);
}

static bool sr_panic_moves(const struct sr_settings *set)
{
	return set->panic_cpu >= 0 && set->online != 1;
}

/* On which CPU the crash kernel starts if the driver cannot choose it */
static void sr_because_of_crash_cpu(const struct sr_settings *set,
				    struct sr_answer *answer)
{
	if (sr_panic_moves(set)) {
		sr_because(answer, set->panic_cpu ? SR_WHY_FORCE_AP :
						    SR_WHY_FORCE_BSP);
		sr_because(answer, SR_WHY_FORCE_STUCK);
	} else if (set->kernel >= SR_PANIC_CPU_KERNEL && set->online != 1) {
		sr_because(answer, SR_WHY_CRASH_HERE);
	}
}

/* Why is it not known whether kprobes are armed? */
static enum sr_why sr_kprobes_why(const struct sr_settings *set)
{
	switch (set->kprobes_error) {
	case EACCES:
		return SR_WHY_KPROBES_ROOT_ONLY;
	case ENOENT:
		return SR_WHY_KPROBES_NO_DEBUGFS;
	case EPERM:
		return SR_WHY_KPROBES_LOCKED;
	default:
		return SR_WHY_KPROBES_UNKNOWN;
	}
}

/* A stock kernel's crash kernel dies under an SVSM */
static void sr_crash_kernel(const struct sr_settings *set,
			    struct sr_answer *answer)
{
	answer->way = SR_WAY_CRASH_DIES;
	if (set->loaded != 1) {
		/* Without an SVSM the driver has no part in it */
		answer->way = !set->loaded && set->vmpl > 0 ?
			SR_WAY_CRASH_DIES : SR_WAY_UNKNOWN;
		sr_because(answer, SR_WHY_KDUMP_NOT_LOADED);
		return;
	}
	if (set->kdump == 0) {
		sr_because(answer, SR_WHY_KDUMP_OFF);
		return;
	}
	if (set->kprobes == 0) {
		sr_because(answer, SR_WHY_KPROBES_OFF);
		return;
	}
	if (set->ftrace == 0) {
		sr_because(answer, SR_WHY_FTRACE_OFF);
		return;
	}
	if (set->kdump == SR_UNKNOWN) {
		answer->way = SR_WAY_UNKNOWN;
		sr_because(answer, SR_WHY_KDUMP_UNKNOWN);
		return;
	}
	answer->way = SR_WAY_CRASH_KERNEL;
	if (set->kprobes == SR_UNKNOWN)
		sr_because(answer, sr_kprobes_why(set));
	if (set->post_notifiers == 1)
		sr_because(answer, SR_WHY_NOTIFIERS);
	else if (set->post_notifiers == 0)
		sr_because(answer, SR_WHY_NO_NOTIFIERS);
	sr_because_of_crash_cpu(set, answer);
	sr_because(answer, set->in_secrets == 0 ? SR_WHY_DUMP_NO_RECORD :
						  SR_WHY_DUMP_THEN_REBOOT);
}

/* panic(): a crash kernel comes first, then the timeout decides */
static void sr_at_panic(const struct sr_settings *set, struct sr_answer *answer)
{
	if (set->crash_loaded == SR_UNKNOWN) {
		answer->way = SR_WAY_UNKNOWN;
		sr_because(answer, SR_WHY_CRASH_UNKNOWN);
		return;
	}
	if (set->crash_loaded) {
		sr_crash_kernel(set, answer);
		return;
	}
	if (set->panic == SR_UNKNOWN) {
		answer->way = SR_WAY_UNKNOWN;
		sr_because(answer, SR_WHY_PANIC_UNKNOWN);
		return;
	}
	if (!set->panic) {
		answer->way = SR_WAY_STAYS;
		sr_because(answer, SR_WHY_PANIC_0);
		return;
	}
	sr_because(answer, set->panic > 0 ? SR_WHY_PANIC_DELAY :
					    SR_WHY_PANIC_NOW);
	sr_restart(set, answer);
	sr_because_of_cpus(set, answer);
	if (answer->way == SR_WAY_SVSM && set->online != 1)
		sr_because(answer, SR_WHY_HAND_OVER);
	if (answer->way == SR_WAY_SVSM && sr_panic_moves(set)) {
		sr_because(answer, SR_WHY_FORCE_STUCK);
		sr_because(answer, SR_WHY_FORCE_NMI);
	}
}

static void sr_at_sysrq_b(const struct sr_settings *set,
			  struct sr_answer *answer)
{
	sr_restart(set, answer);
	if (set->sysrq == SR_UNKNOWN)
		sr_because(answer, SR_WHY_SYSRQ_UNKNOWN);
	else if (set->sysrq == SR_SYSRQ_ALL || set->sysrq & SR_SYSRQ_BOOT)
		sr_because(answer, SR_WHY_SYSRQ_CONSOLE);
	else
		sr_because(answer, SR_WHY_SYSRQ_NO_CONSOLE);
	sr_because_of_cpus(set, answer);
	if (answer->way == SR_WAY_SVSM && set->online != 1)
		sr_because(answer, SR_WHY_HAND_OVER);
}

/* The way of a panic, and not why */
static void sr_as_panic(const struct sr_settings *set, struct sr_answer *answer)
{
	struct sr_answer panic = {};

	sr_at_panic(set, &panic);
	answer->way = panic.way;
}

static void sr_at_oops(const struct sr_settings *set, struct sr_answer *answer)
{
	if (set->panic_on_oops == SR_UNKNOWN) {
		answer->way = SR_WAY_UNKNOWN;
		sr_because(answer, SR_WHY_OOPS_UNKNOWN);
	} else if (!set->panic_on_oops) {
		answer->way = SR_WAY_GOES_ON;
		sr_because(answer, SR_WHY_OOPS_GOES_ON);
	} else {
		sr_because(answer, SR_WHY_OOPS_PANIC);
		sr_as_panic(set, answer);
		/* oops_end() calls crash_kexec(), not panic() */
		if (answer->way == SR_WAY_CRASH_KERNEL && sr_panic_moves(set))
			sr_because(answer, SR_WHY_FORCE_NO_OOPS);
	}
}

/* Does a watchdog see the lockup, and does it panic? */
static void sr_at_lockup(const struct sr_settings *set, int watchdog,
			 int panics, const enum sr_why why[3],
			 struct sr_answer *answer)
{
	bool sees = watchdog > 0 && set->watchdog_thresh > 0;

	/* From 7.x on softlockup_panic is a number of thresholds */
	if (sees && panics > 0) {
		sr_because(answer, why[0]);
		sr_as_panic(set, answer);
		if (answer->way != SR_WAY_STAYS && sr_panic_moves(set))
			sr_because(answer, SR_WHY_FORCE_STUCK);
	} else if (set->panic_on_stall > 0) {
		sr_because(answer, SR_WHY_STALL_PANIC);
		sr_as_panic(set, answer);
	} else if (watchdog == SR_UNKNOWN || panics == SR_UNKNOWN ||
		   set->watchdog_thresh == SR_UNKNOWN ||
		   set->panic_on_stall == SR_UNKNOWN) {
		answer->way = SR_WAY_UNKNOWN;
		sr_because(answer, SR_WHY_WATCHDOG_UNKNOWN);
	} else {
		answer->way = SR_WAY_GOES_ON;
		sr_because(answer, sees ? why[1] : why[2]);
	}
}

static void sr_at_soft_lockup(const struct sr_settings *set,
			      struct sr_answer *answer)
{
	static const enum sr_why why[] = {
		SR_WHY_SOFT_PANIC, SR_WHY_SOFT_LOGGED, SR_WHY_SOFT_UNSEEN,
	};

	sr_at_lockup(set, set->soft_watchdog, set->softlockup_panic, why,
		     answer);
}

static void sr_at_hard_lockup(const struct sr_settings *set,
			      struct sr_answer *answer)
{
	static const enum sr_why why[] = {
		SR_WHY_HARD_PANIC, SR_WHY_HARD_LOGGED, SR_WHY_HARD_UNSEEN,
	};

	sr_at_lockup(set, set->nmi_watchdog, set->hardlockup_panic, why,
		     answer);
}

/* The deadman, when it expires, does nothing unless a reset is possible */
static void sr_at_hung_reboot(const struct sr_settings *set,
			      struct sr_answer *answer)
{
	sr_restart(set, answer);
	if (answer->way == SR_WAY_KERNEL) {
		answer->way = SR_WAY_HANGS;
		sr_because(answer, SR_WHY_WAITS_FOR_CPU);
	} else if (answer->way == SR_WAY_SVSM && !set->deadman) {
		answer->way = SR_WAY_HANGS;
		sr_because(answer, SR_WHY_DEADMAN_OFF);
	} else if (answer->way == SR_WAY_SVSM && set->deadman == SR_UNKNOWN) {
		answer->way = SR_WAY_UNKNOWN;
		sr_because(answer, SR_WHY_DEADMAN_UNKNOWN);
	} else if (answer->way == SR_WAY_SVSM) {
		sr_because(answer, SR_WHY_DEADMAN);
		sr_because(answer, SR_WHY_DEADMAN_SAME_CPU);
	}
}

/* Whose word is enough for a CPU that did not park? */
static void sr_at_stuck_cpu(const struct sr_settings *set,
			    struct sr_answer *answer)
{
	sr_restart(set, answer);
	if (answer->way != SR_WAY_SVSM)
		return;
	if (set->ap_policy == SR_UNKNOWN)
		sr_decide(answer, SR_WAY_UNKNOWN, SR_WHY_POLICY_UNKNOWN);
	else if (svr_policy_enough(SVR_FATE_RUNNING, set->ap_policy))
		sr_because(answer, SR_WHY_STUCK_FORCE);
	else if (svr_policy_enough(SVR_FATE_DESTROYED, set->ap_policy))
		sr_decide(answer, SR_WAY_HOST_DECIDES, SR_WHY_STUCK_HOST);
	else if (set->delete_vcpu == SR_UNKNOWN)
		sr_decide(answer, SR_WAY_UNKNOWN, SR_WHY_DELETE_UNKNOWN);
	else if (svr_policy_destroy(set->ap_policy, set->delete_vcpu) &&
		 svr_policy_enough(SVR_FATE_DELETED, set->ap_policy))
		sr_decide(answer, SR_WAY_HOST_DECIDES, SR_WHY_STUCK_DELETE);
	else
		sr_decide(answer, SR_WAY_KERNEL, SR_WHY_STUCK_REFUSED);
}

/**
 * sr_answer - what would happen?
 * @set:      the settings
 * @question: at what
 *
 * Return: what, and why; unknown where it depends on a setting that is unknown.
 */
struct sr_answer sr_answer(const struct sr_settings *set,
			   enum sr_question question)
{
	struct sr_answer answer = { .way = SR_WAY_UNKNOWN };

	switch (question) {
	case SR_AT_REBOOT:
		sr_at_reboot(set, &answer);
		break;
	case SR_AT_PANIC:
		sr_at_panic(set, &answer);
		break;
	case SR_AT_SYSRQ_B:
		sr_at_sysrq_b(set, &answer);
		break;
	case SR_AT_OOPS:
		sr_at_oops(set, &answer);
		break;
	case SR_AT_SOFT_LOCKUP:
		sr_at_soft_lockup(set, &answer);
		break;
	case SR_AT_HARD_LOCKUP:
		sr_at_hard_lockup(set, &answer);
		break;
	case SR_AT_HUNG_REBOOT:
		sr_at_hung_reboot(set, &answer);
		break;
	case SR_AT_STUCK_CPU:
		sr_at_stuck_cpu(set, &answer);
		break;
	default:
		break;
	}
	return answer;
}

static enum sr_forger sr_forger_of_record(const struct sr_settings *set)
{
	switch (set->trust) {
	case SVR_TRUST_GUEST:
		return SR_FORGER_GUEST;
	case SVR_TRUST_HOST:
	case SVR_TRUST_NONE:	/* a missing record proves nothing */
		return SR_FORGER_HOST;
	default:
		return SR_FORGER_UNKNOWN;
	}
}

/* Where the host's word is enough, the host can forge the evidence */
static enum sr_forger sr_forger_of_cpus(const struct sr_settings *set)
{
	if (set->ap_policy == SR_UNKNOWN)
		return SR_FORGER_UNKNOWN;
	return svr_policy_enough(SVR_FATE_DESTROYED, set->ap_policy) ?
		SR_FORGER_HOST : SR_FORGER_GUEST;
}

/**
 * sr_forger - who could make it say something that is not true?
 * @set:   the settings
 * @thing: what
 *
 * Return: the least trusted of those who could.
 */
enum sr_forger sr_forger(const struct sr_settings *set, enum sr_thing thing)
{
	switch (thing) {
	case SR_THING_RECORD:
		return sr_forger_of_record(set);
	case SR_THING_SERVICE:
		return set->loaded == 1 ? SR_FORGER_SVSM : SR_FORGER_UNKNOWN;
	case SR_THING_CPUS:
		return sr_forger_of_cpus(set);
	case SR_THING_CLOCK:
		return SR_FORGER_HOST;
	case SR_THING_SETTINGS:
		return SR_FORGER_GUEST;
	default:
		return SR_FORGER_UNKNOWN;
	}
}
