// SPDX-License-Identifier: GPL-2.0
/*
 * What the tool says would happen: a table, and the driver's own policy.c beside
 * it. Prints "ok" or "not ok" and a name in each line; test_rules.py runs it.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "kernel.h"
#include "policy.c"
#include "rules.c"

/* Loaded, enabled, three CPUs, the kernel's and the driver's defaults */
static const struct sr_settings usual = {
	.snp = 1, .vmpl = 2, .loaded = 1, .state = SVR_STATE_READY,
	.enabled = 1, .ap_policy = SVR_AP_REFUSE, .deadman = 600, .kdump = 1,
	.in_secrets = 1,
	.trust = SVR_TRUST_GUEST, .panic = 10, .sysrq = 1, .soft_watchdog = 1,
	.watchdog_thresh = 10, .kprobes = 1, .ftrace = 1, .kernel = 6,
	.panic_cpu = SR_NO_CPU, .online = 3,
};

enum key {
	END, LOADED, VMPL, STATE, ENABLED, POLICY, DEADMAN, KDUMP, SECRETS, DELETE,
	CAPTURE, PANIC, OOPS, STALL, SYSRQ, SOFT, SOFT_PANIC, NMI, HARD_PANIC,
	THRESH, CRASH, POST, KPROBES, FTRACE, REBOOT_CPU, FORCE, ONLINE, OFFLINE,
	KERNEL, PANIC_CPU, KPROBES_ERROR,
	NR_KEYS,
};

static int *place(struct sr_settings *set, enum key key)
{
	int * const places[NR_KEYS] = {
		[LOADED] = &set->loaded, [VMPL] = &set->vmpl,
		[STATE] = &set->state, [ENABLED] = &set->enabled,
		[POLICY] = &set->ap_policy, [DEADMAN] = &set->deadman,
		[SECRETS] = &set->in_secrets,
		[KDUMP] = &set->kdump, [DELETE] = &set->delete_vcpu,
		[CAPTURE] = &set->capture, [PANIC] = &set->panic,
		[OOPS] = &set->panic_on_oops, [STALL] = &set->panic_on_stall,
		[SYSRQ] = &set->sysrq, [SOFT] = &set->soft_watchdog,
		[SOFT_PANIC] = &set->softlockup_panic,
		[NMI] = &set->nmi_watchdog,
		[HARD_PANIC] = &set->hardlockup_panic,
		[THRESH] = &set->watchdog_thresh, [CRASH] = &set->crash_loaded,
		[POST] = &set->post_notifiers, [KPROBES] = &set->kprobes,
		[FTRACE] = &set->ftrace,
		[REBOOT_CPU] = &set->reboot_cpu, [FORCE] = &set->reboot_force,
		[ONLINE] = &set->online, [OFFLINE] = &set->offline,
		[KERNEL] = &set->kernel, [PANIC_CPU] = &set->panic_cpu,
		[KPROBES_ERROR] = &set->kprobes_error,
	};

	return places[key];
}

#define MAX_CHANGES	4
#define MAX_WANTED	6
#define N(name)		(SR_WHY_##name + 1)	/* 0: no more of them */
#define REFUSE		N(POLICY_REFUSE)
#define U		SR_UNKNOWN

/* In short: what is not as usual; what is asked; what comes of it, and why */
static const struct row {
	const char *name;
	struct {
		enum key key;
		int value;
	} changes[MAX_CHANGES];
	enum sr_question question;
	enum sr_way way;
	int why[MAX_WANTED];
} rows[] = {
	/* reboot */
	{ "reboot", {}, SR_AT_REBOOT, SR_WAY_SVSM, { REFUSE, N(DEADMAN) } },
	{ "reboot, armed", {{ STATE, SVR_STATE_ARMED }}, SR_AT_REBOOT,
	  SR_WAY_SVSM, { REFUSE, N(DEADMAN) } },
	{ "reboot, firing", {{ STATE, SVR_STATE_FIRING }}, SR_AT_REBOOT,
	  SR_WAY_UNKNOWN, { N(FIRING) } },
	{ "reboot, spent", {{ STATE, SVR_STATE_SPENT }}, SR_AT_REBOOT,
	  SR_WAY_KERNEL, { N(SPENT) } },
	{ "reboot, disabled", {{ STATE, SVR_STATE_DISABLED }, { ENABLED, 0 }},
	  SR_AT_REBOOT, SR_WAY_KERNEL, { N(DISABLED) } },
	{ "reboot, enabled is 0", {{ STATE, U }, { ENABLED, 0 }},
	  SR_AT_REBOOT, SR_WAY_KERNEL, { N(DISABLED) } },
	{ "reboot, older driver", {{ ENABLED, U }}, SR_AT_REBOOT, SR_WAY_SVSM,
	  { REFUSE, N(DEADMAN) } },
	{ "reboot, state not known", {{ STATE, U }}, SR_AT_REBOOT,
	  SR_WAY_UNKNOWN, { N(STATE_UNKNOWN) } },
	{ "reboot, not loaded", {{ LOADED, 0 }}, SR_AT_REBOOT, SR_WAY_KERNEL,
	  { N(NOT_LOADED) } },
	{ "reboot, loaded or not", {{ LOADED, U }}, SR_AT_REBOOT,
	  SR_WAY_UNKNOWN, { N(STATE_UNKNOWN) } },
	{ "reboot, host", {{ POLICY, SVR_AP_HOST }}, SR_AT_REBOOT, SR_WAY_SVSM,
	  { N(POLICY_HOST), N(DEADMAN) } },
	{ "reboot, force", {{ POLICY, SVR_AP_FORCE }}, SR_AT_REBOOT,
	  SR_WAY_SVSM, { N(POLICY_FORCE), N(DEADMAN) } },
	{ "reboot, policy not known", {{ POLICY, U }}, SR_AT_REBOOT,
	  SR_WAY_SVSM, { N(POLICY_UNKNOWN), N(DEADMAN) } },
	{ "reboot, one CPU", {{ ONLINE, 1 }}, SR_AT_REBOOT, SR_WAY_SVSM,
	  { N(DEADMAN) } },
	{ "reboot, CPUs not known", {{ ONLINE, U }, { OFFLINE, U }},
	  SR_AT_REBOOT, SR_WAY_SVSM, { REFUSE, N(DEADMAN) } },
	{ "reboot, CPU offline", {{ OFFLINE, 1 }, { DELETE, 1 }}, SR_AT_REBOOT,
	  SR_WAY_SVSM, { REFUSE, N(DELETE), N(OFFLINE), N(DEADMAN) } },
	{ "reboot, crash kernel", {{ ONLINE, 1 }, { CAPTURE, 1 }},
	  SR_AT_REBOOT, SR_WAY_SVSM, { N(CAPTURE), REFUSE, N(DEADMAN) } },
	{ "reboot=cpu2,force", {{ REBOOT_CPU, 2 }, { FORCE, 1 }}, SR_AT_REBOOT,
	  SR_WAY_SVSM,
	  { REFUSE, N(REBOOT_CPU), N(REBOOT_FORCE), N(DEADMAN) } },
	{ "reboot, no deadman", {{ DEADMAN, 0 }}, SR_AT_REBOOT, SR_WAY_SVSM,
	  { REFUSE, N(DEADMAN_OFF) } },
	{ "reboot, deadman not known", {{ DEADMAN, U }}, SR_AT_REBOOT,
	  SR_WAY_SVSM, { REFUSE, N(DEADMAN_UNKNOWN) } },

	/* panic */
	{ "panic=10", {}, SR_AT_PANIC, SR_WAY_SVSM,
	  { N(PANIC_DELAY), REFUSE, N(HAND_OVER) } },
	{ "panic=-1", {{ PANIC, -1 }, { ONLINE, 1 }}, SR_AT_PANIC, SR_WAY_SVSM,
	  { N(PANIC_NOW) } },
	{ "panic=0", {{ PANIC, 0 }}, SR_AT_PANIC, SR_WAY_STAYS, { N(PANIC_0) } },
	{ "panic=0, not loaded", {{ PANIC, 0 }, { LOADED, 0 }}, SR_AT_PANIC,
	  SR_WAY_STAYS, { N(PANIC_0) } },
	{ "panic=?", {{ PANIC, U }}, SR_AT_PANIC, SR_WAY_UNKNOWN,
	  { N(PANIC_UNKNOWN) } },
	{ "panic, disabled", {{ STATE, SVR_STATE_DISABLED }}, SR_AT_PANIC,
	  SR_WAY_KERNEL, { N(PANIC_DELAY), N(DISABLED) } },
	{ "panic, not loaded", {{ LOADED, 0 }}, SR_AT_PANIC, SR_WAY_KERNEL,
	  { N(PANIC_DELAY), N(NOT_LOADED) } },
	{ "panic, crash kernel", {{ CRASH, 1 }, { PANIC, 0 }}, SR_AT_PANIC,
	  SR_WAY_CRASH_KERNEL, { N(NO_NOTIFIERS), N(DUMP_THEN_REBOOT) } },
	{ "panic, crash kernel, notifiers first", {{ CRASH, 1 }, { POST, 1 }},
	  SR_AT_PANIC, SR_WAY_CRASH_KERNEL,
	  { N(NOTIFIERS), N(DUMP_THEN_REBOOT) } },
	{ "panic, crash kernel, notifiers not known",
	  {{ CRASH, 1 }, { POST, U }}, SR_AT_PANIC,
	  SR_WAY_CRASH_KERNEL, { N(DUMP_THEN_REBOOT) } },
	{ "panic, crash kernel, disabled",
	  {{ CRASH, 1 }, { STATE, SVR_STATE_DISABLED }}, SR_AT_PANIC,
	  SR_WAY_CRASH_KERNEL, { N(NO_NOTIFIERS), N(DUMP_THEN_REBOOT) } },
	{ "panic, crash kernel, record=cmos", {{ CRASH, 1 }, { SECRETS, 0 }},
	  SR_AT_PANIC, SR_WAY_CRASH_KERNEL,
	  { N(NO_NOTIFIERS), N(DUMP_NO_RECORD) } },
	{ "panic, crash kernel, record not known",
	  {{ CRASH, 1 }, { SECRETS, U }}, SR_AT_PANIC, SR_WAY_CRASH_KERNEL,
	  { N(NO_NOTIFIERS), N(DUMP_THEN_REBOOT) } },
	{ "panic, crash kernel, kdump=0", {{ CRASH, 1 }, { KDUMP, 0 }},
	  SR_AT_PANIC, SR_WAY_CRASH_DIES, { N(KDUMP_OFF) } },
	{ "panic, crash kernel, no kprobes", {{ CRASH, 1 }, { KPROBES, 0 }},
	  SR_AT_PANIC, SR_WAY_CRASH_DIES, { N(KPROBES_OFF) } },
	{ "panic, crash kernel, no ftrace", {{ CRASH, 1 }, { FTRACE, 0 }},
	  SR_AT_PANIC, SR_WAY_CRASH_DIES, { N(FTRACE_OFF) } },
	{ "panic, crash kernel, ftrace not known", {{ CRASH, 1 }, { FTRACE, U }},
	  SR_AT_PANIC, SR_WAY_CRASH_KERNEL,
	  { N(NO_NOTIFIERS), N(DUMP_THEN_REBOOT) } },
	{ "panic, crash kernel, kprobes: for root only",
	  {{ CRASH, 1 }, { KPROBES, U }, { KPROBES_ERROR, EACCES }},
	  SR_AT_PANIC, SR_WAY_CRASH_KERNEL,
	  { N(KPROBES_ROOT_ONLY), N(NO_NOTIFIERS), N(DUMP_THEN_REBOOT) } },
	{ "panic, crash kernel, kprobes: no debugfs",
	  {{ CRASH, 1 }, { KPROBES, U }, { KPROBES_ERROR, ENOENT }},
	  SR_AT_PANIC, SR_WAY_CRASH_KERNEL,
	  { N(KPROBES_NO_DEBUGFS), N(NO_NOTIFIERS), N(DUMP_THEN_REBOOT) } },
	{ "panic, crash kernel, kprobes: lockdown",
	  {{ CRASH, 1 }, { KPROBES, U }, { KPROBES_ERROR, EPERM }},
	  SR_AT_PANIC, SR_WAY_CRASH_KERNEL,
	  { N(KPROBES_LOCKED), N(NO_NOTIFIERS), N(DUMP_THEN_REBOOT) } },
	{ "panic, crash kernel, kprobes not known",
	  {{ CRASH, 1 }, { KPROBES, U }}, SR_AT_PANIC, SR_WAY_CRASH_KERNEL,
	  { N(KPROBES_UNKNOWN), N(NO_NOTIFIERS), N(DUMP_THEN_REBOOT) } },
	{ "panic, crash kernel, kdump not known", {{ CRASH, 1 }, { KDUMP, U }},
	  SR_AT_PANIC, SR_WAY_UNKNOWN, { N(KDUMP_UNKNOWN) } },
	{ "panic, crash kernel, not loaded", {{ CRASH, 1 }, { LOADED, 0 }},
	  SR_AT_PANIC, SR_WAY_CRASH_DIES, { N(KDUMP_NOT_LOADED) } },
	{ "panic, crash kernel, no SVSM",
	  {{ CRASH, 1 }, { LOADED, 0 }, { VMPL, 0 }}, SR_AT_PANIC,
	  SR_WAY_UNKNOWN, { N(KDUMP_NOT_LOADED) } },
	{ "panic, crash kernel, 7.0", {{ CRASH, 1 }, { KERNEL, 7 }}, SR_AT_PANIC,
	  SR_WAY_CRASH_KERNEL,
	  { N(NO_NOTIFIERS), N(CRASH_HERE), N(DUMP_THEN_REBOOT) } },
	{ "panic, crash kernel, 7.0, one CPU",
	  {{ CRASH, 1 }, { KERNEL, 7 }, { ONLINE, 1 }, { PANIC_CPU, 0 }},
	  SR_AT_PANIC, SR_WAY_CRASH_KERNEL,
	  { N(NO_NOTIFIERS), N(DUMP_THEN_REBOOT) } },
	{ "panic, crash kernel, panic_force_cpu=0",
	  {{ CRASH, 1 }, { KERNEL, 7 }, { PANIC_CPU, 0 }}, SR_AT_PANIC,
	  SR_WAY_CRASH_KERNEL,
	  { N(NO_NOTIFIERS), N(FORCE_BSP), N(FORCE_STUCK),
	    N(DUMP_THEN_REBOOT) } },
	{ "panic, crash kernel, panic_force_cpu=2",
	  {{ CRASH, 1 }, { KERNEL, U }, { PANIC_CPU, 2 }}, SR_AT_PANIC,
	  SR_WAY_CRASH_KERNEL,
	  { N(NO_NOTIFIERS), N(FORCE_AP), N(FORCE_STUCK),
	    N(DUMP_THEN_REBOOT) } },
	{ "panic, panic_force_cpu not known", {{ PANIC_CPU, U }}, SR_AT_PANIC,
	  SR_WAY_SVSM, { N(PANIC_DELAY), REFUSE, N(HAND_OVER) } },
	{ "panic, panic_force_cpu=0", {{ PANIC_CPU, 0 }}, SR_AT_PANIC,
	  SR_WAY_SVSM,
	  { N(PANIC_DELAY), REFUSE, N(HAND_OVER), N(FORCE_STUCK),
	    N(FORCE_NMI) } },
	{ "panic=0, panic_force_cpu=0", {{ PANIC, 0 }, { PANIC_CPU, 0 }},
	  SR_AT_PANIC, SR_WAY_STAYS, { N(PANIC_0) } },
	{ "panic, crash kernel not known", {{ CRASH, U }}, SR_AT_PANIC,
	  SR_WAY_UNKNOWN, { N(CRASH_UNKNOWN) } },

	/* sysrq-b */
	{ "sysrq-b", {}, SR_AT_SYSRQ_B, SR_WAY_SVSM,
	  { N(SYSRQ_CONSOLE), REFUSE, N(HAND_OVER) } },
	{ "sysrq-b, mask with reboot", {{ SYSRQ, 438 }, { ONLINE, 1 }},
	  SR_AT_SYSRQ_B, SR_WAY_SVSM, { N(SYSRQ_CONSOLE) } },
	{ "sysrq-b, mask without", {{ SYSRQ, 0x70 }, { ONLINE, 1 }},
	  SR_AT_SYSRQ_B, SR_WAY_SVSM, { N(SYSRQ_NO_CONSOLE) } },
	{ "sysrq-b, off", {{ SYSRQ, 0 }, { ONLINE, 1 }}, SR_AT_SYSRQ_B,
	  SR_WAY_SVSM, { N(SYSRQ_NO_CONSOLE) } },
	{ "sysrq-b, not known, spent",
	  {{ SYSRQ, U }, { STATE, SVR_STATE_SPENT }}, SR_AT_SYSRQ_B,
	  SR_WAY_KERNEL, { N(SPENT), N(SYSRQ_UNKNOWN) } },

	/* oops */
	{ "oops", {}, SR_AT_OOPS, SR_WAY_GOES_ON, { N(OOPS_GOES_ON) } },
	{ "oops=panic", {{ OOPS, 1 }}, SR_AT_OOPS, SR_WAY_SVSM,
	  { N(OOPS_PANIC) } },
	{ "oops=panic, panic=0", {{ OOPS, 1 }, { PANIC, 0 }}, SR_AT_OOPS,
	  SR_WAY_STAYS, { N(OOPS_PANIC) } },
	{ "oops=panic, crash kernel", {{ OOPS, 1 }, { CRASH, 1 }}, SR_AT_OOPS,
	  SR_WAY_CRASH_KERNEL, { N(OOPS_PANIC) } },
	{ "oops=panic, crash kernel, panic_force_cpu=0",
	  {{ OOPS, 1 }, { CRASH, 1 }, { PANIC_CPU, 0 }}, SR_AT_OOPS,
	  SR_WAY_CRASH_KERNEL, { N(OOPS_PANIC), N(FORCE_NO_OOPS) } },
	{ "oops=?", {{ OOPS, U }}, SR_AT_OOPS, SR_WAY_UNKNOWN,
	  { N(OOPS_UNKNOWN) } },

	/* lockups */
	{ "soft lockup", {}, SR_AT_SOFT_LOCKUP, SR_WAY_GOES_ON,
	  { N(SOFT_LOGGED) } },
	{ "soft lockup, panic", {{ SOFT_PANIC, 1 }}, SR_AT_SOFT_LOCKUP,
	  SR_WAY_SVSM, { N(SOFT_PANIC) } },
	{ "soft lockup, panic, panic_force_cpu=0",
	  {{ SOFT_PANIC, 1 }, { PANIC_CPU, 0 }}, SR_AT_SOFT_LOCKUP,
	  SR_WAY_SVSM, { N(SOFT_PANIC), N(FORCE_STUCK) } },
	{ "soft lockup, panic=0, panic_force_cpu=0",
	  {{ SOFT_PANIC, 1 }, { PANIC_CPU, 0 }, { PANIC, 0 }},
	  SR_AT_SOFT_LOCKUP, SR_WAY_STAYS, { N(SOFT_PANIC) } },
	{ "soft lockup, panic, no watchdog", {{ SOFT_PANIC, 1 }, { SOFT, 0 }},
	  SR_AT_SOFT_LOCKUP, SR_WAY_GOES_ON, { N(SOFT_UNSEEN) } },
	{ "soft lockup, panic, threshold 0", {{ SOFT_PANIC, 1 }, { THRESH, 0 }},
	  SR_AT_SOFT_LOCKUP, SR_WAY_GOES_ON, { N(SOFT_UNSEEN) } },
	{ "soft lockup, stall", {{ STALL, 1 }, { PANIC, 0 }}, SR_AT_SOFT_LOCKUP,
	  SR_WAY_STAYS, { N(STALL_PANIC) } },
	{ "soft lockup, not known", {{ SOFT, U }}, SR_AT_SOFT_LOCKUP,
	  SR_WAY_UNKNOWN, { N(WATCHDOG_UNKNOWN) } },
	{ "soft lockup, stall not known", {{ STALL, U }}, SR_AT_SOFT_LOCKUP,
	  SR_WAY_UNKNOWN, { N(WATCHDOG_UNKNOWN) } },
	{ "hard lockup", {}, SR_AT_HARD_LOCKUP, SR_WAY_GOES_ON,
	  { N(HARD_UNSEEN) } },
	{ "hard lockup, watchdog", {{ NMI, 1 }}, SR_AT_HARD_LOCKUP,
	  SR_WAY_GOES_ON, { N(HARD_LOGGED) } },
	{ "hard lockup, panic", {{ NMI, 1 }, { HARD_PANIC, 1 }},
	  SR_AT_HARD_LOCKUP, SR_WAY_SVSM, { N(HARD_PANIC) } },

	/* a CPU that hangs, and a reboot */
	{ "hung reboot", {}, SR_AT_HUNG_REBOOT, SR_WAY_SVSM,
	  { N(DEADMAN), N(DEADMAN_SAME_CPU) } },
	{ "hung reboot, no deadman", {{ DEADMAN, 0 }}, SR_AT_HUNG_REBOOT,
	  SR_WAY_HANGS, { N(DEADMAN_OFF) } },
	{ "hung reboot, deadman not known", {{ DEADMAN, U }},
	  SR_AT_HUNG_REBOOT, SR_WAY_UNKNOWN, { N(DEADMAN_UNKNOWN) } },
	{ "hung reboot, disabled", {{ STATE, SVR_STATE_DISABLED }},
	  SR_AT_HUNG_REBOOT, SR_WAY_HANGS, { N(DISABLED), N(WAITS_FOR_CPU) } },
	{ "hung reboot, not loaded", {{ LOADED, 0 }}, SR_AT_HUNG_REBOOT,
	  SR_WAY_HANGS, { N(NOT_LOADED), N(WAITS_FOR_CPU) } },

	/* a CPU that no NMI reaches */
	{ "stuck CPU, refuse", {}, SR_AT_STUCK_CPU, SR_WAY_KERNEL,
	  { N(STUCK_REFUSED) } },
	{ "stuck CPU, refuse, delete", {{ DELETE, 1 }}, SR_AT_STUCK_CPU,
	  SR_WAY_HOST_DECIDES, { N(STUCK_DELETE) } },
	{ "stuck CPU, refuse, delete not known", {{ DELETE, U }},
	  SR_AT_STUCK_CPU, SR_WAY_UNKNOWN, { N(DELETE_UNKNOWN) } },
	{ "stuck CPU, host", {{ POLICY, SVR_AP_HOST }}, SR_AT_STUCK_CPU,
	  SR_WAY_HOST_DECIDES, { N(STUCK_HOST) } },
	{ "stuck CPU, force", {{ POLICY, SVR_AP_FORCE }}, SR_AT_STUCK_CPU,
	  SR_WAY_SVSM, { N(STUCK_FORCE) } },
	{ "stuck CPU, policy not known", {{ POLICY, U }}, SR_AT_STUCK_CPU,
	  SR_WAY_UNKNOWN, { N(POLICY_UNKNOWN) } },
	{ "stuck CPU, disabled", {{ STATE, SVR_STATE_DISABLED }},
	  SR_AT_STUCK_CPU, SR_WAY_KERNEL, { N(DISABLED) } },
};

#define NR_ROWS		(sizeof(rows) / sizeof(*rows))

static int failures;

static void __printf(2, 3) result(bool ok, const char *format, ...)
{
	va_list args;

	printf(ok ? "ok " : "not ok ");
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
	failures += !ok;
}

static bool same_why(const struct sr_answer *answer, const struct row *row)
{
	unsigned int i;

	for (i = 0; i < answer->nr; i++)
		if (i >= MAX_WANTED ||
		    row->why[i] != (int)answer->why[i] + 1)
			return false;
	return i == MAX_WANTED || !row->why[i];
}

static void test_rows(void)
{
	static bool seen_why[SR_NR_WHY], seen_way[SR_NR_WAYS];
	unsigned int i, j;

	for (i = 0; i < NR_ROWS; i++) {
		const struct row *row = &rows[i];
		struct sr_settings set = usual;
		struct sr_answer answer;

		for (j = 0; j < MAX_CHANGES && row->changes[j].key; j++)
			*place(&set, row->changes[j].key) =
				row->changes[j].value;
		answer = sr_answer(&set, row->question);
		result(answer.way == row->way && same_why(&answer, row),
		       "%s: way %d, %u whys", row->name, answer.way,
		       answer.nr);
		seen_way[answer.way] = true;
		for (j = 0; j < answer.nr; j++)
			seen_why[answer.why[j]] = true;
	}
	for (i = 0; i < SR_NR_WHY; i++)
		result(seen_why[i], "why %u is in the table", i);
	for (i = 0; i < SR_NR_WAYS; i++)
		result(seen_way[i], "way %u is in the table", i);
}

/* Does the driver fire, in this state, on the way that a reboot, or a panic, takes? */
static bool driver_fires(enum sr_question question, enum svr_state state)
{
	if (question != SR_AT_REBOOT)
		return svr_policy_act(SVR_EVENT_EMERG, state) == SVR_ACT_FIRE;
	if (svr_policy_act(SVR_EVENT_PREPARE, state) == SVR_ACT_ARM)
		state = SVR_STATE_ARMED;
	return svr_policy_act(SVR_EVENT_SHUTDOWN, state) == SVR_ACT_FIRE;
}

static void test_states(void)
{
	static const enum sr_question questions[] = {
		SR_AT_REBOOT, SR_AT_PANIC, SR_AT_SYSRQ_B,
	};
	unsigned int i;
	int state;

	for (i = 0; i < 3; i++) {
		for (state = 0; state < SVR_NR_STATES; state++) {
			struct sr_settings set = usual;
			struct sr_answer answer;

			/* The tool does not say what it cannot know */
			if (state == SVR_STATE_FIRING)
				continue;
			set.state = state;
			answer = sr_answer(&set, questions[i]);
			result((answer.way == SR_WAY_SVSM) ==
			       driver_fires(questions[i], state),
			       "question %u in state %s", i,
			       svr_state_words[state].word);
		}
	}
}

/* What the driver makes of a CPU that does not park, whatever the host says */
static enum sr_way driver_way(enum svr_ap_policy policy, bool deletable)
{
	enum svr_fate worst = SVR_FATE_RUNNING, best = SVR_FATE_RUNNING;

	if (svr_policy_destroy(policy, deletable))
		best = deletable ? SVR_FATE_DELETED : SVR_FATE_DESTROYED;
	if (svr_policy_enough(worst, policy))
		return SR_WAY_SVSM;
	return svr_policy_enough(best, policy) ? SR_WAY_HOST_DECIDES :
						 SR_WAY_KERNEL;
}

static void test_policies(void)
{
	int policy, delete;

	for (policy = 0; policy < SVR_NR_AP_POLICIES; policy++) {
		for (delete = 0; delete < 2; delete++) {
			struct sr_settings set = usual;

			set.ap_policy = policy;
			set.delete_vcpu = delete;
			result(sr_answer(&set, SR_AT_STUCK_CPU).way ==
			       driver_way((enum svr_ap_policy)policy, delete),
			       "stuck CPU, %s, delete %d",
			       svr_ap_policy_words[policy].word, delete);
		}
	}
	result(svr_policy_enough(SVR_FATE_OFFLINE, SVR_AP_REFUSE),
	       "offline CPUs count as stopped");
}

static void test_forgers(void)
{
	static const struct {
		int trust;
		int policy;
		enum sr_forger record;
		enum sr_forger cpus;
	} table[] = {
		{ SVR_TRUST_GUEST, SVR_AP_REFUSE, SR_FORGER_GUEST,
		  SR_FORGER_GUEST },
		{ SVR_TRUST_HOST, SVR_AP_HOST, SR_FORGER_HOST, SR_FORGER_HOST },
		{ SVR_TRUST_NONE, SVR_AP_FORCE, SR_FORGER_HOST, SR_FORGER_HOST },
		{ U, U, SR_FORGER_UNKNOWN, SR_FORGER_UNKNOWN },
	};
	unsigned int i;

	for (i = 0; i < sizeof(table) / sizeof(*table); i++) {
		struct sr_settings set = usual;

		set.trust = table[i].trust;
		set.ap_policy = table[i].policy;
		result(sr_forger(&set, SR_THING_RECORD) == table[i].record,
		       "who could forge the record, %u", i);
		result(sr_forger(&set, SR_THING_CPUS) == table[i].cpus,
		       "who could forge the CPUs' evidence, %u", i);
		result(sr_forger(&set, SR_THING_CLOCK) == SR_FORGER_HOST &&
		       sr_forger(&set, SR_THING_SETTINGS) == SR_FORGER_GUEST,
		       "who could forge clock and settings, %u", i);
		set.loaded = i != 3;
		result(sr_forger(&set, SR_THING_SERVICE) ==
		       (i == 3 ? SR_FORGER_UNKNOWN : SR_FORGER_SVSM),
		       "who could forge the service, %u", i);
	}
}

int main(void)
{
	test_rows();
	test_states();
	test_policies();
	test_forgers();
	return failures ? EXIT_FAILURE : EXIT_SUCCESS;
}
