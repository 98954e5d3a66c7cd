// SPDX-License-Identifier: GPL-2.0
/* The texts for what rules.c decides. Pure. */
#include <stdio.h>

#include "answer-text.h"

const struct svr_word sr_question_words[SR_NR_QUESTIONS] = {
	[SR_AT_REBOOT] = { "reboot", "reboot, systemctl reboot, reboot -f" },
	[SR_AT_PANIC] = { "panic", "a panic" },
	[SR_AT_SYSRQ_B] = { "sysrq-b", "sysrq-b, or echo b > /proc/sysrq-trigger" },
	[SR_AT_OOPS] = { "oops", "an oops in a process" },
	[SR_AT_SOFT_LOCKUP] = {
		"soft-lockup", "a CPU that hangs in the kernel, interrupts on"
	},
	[SR_AT_HARD_LOCKUP] = {
		"hard-lockup", "a CPU that hangs, interrupts off"
	},
	[SR_AT_HUNG_REBOOT] = {
		"reboot-hung-cpu", "reboot while a CPU hangs, interrupts off"
	},
	[SR_AT_STUCK_CPU] = {
		"stuck-cpu", "any of these resets, when no NMI reaches a CPU"
	},
};

const struct svr_word sr_way_words[SR_NR_WAYS] = {
	[SR_WAY_UNKNOWN] = {
		"unknown", "that depends on something that could not be read"
	},
	[SR_WAY_SVSM] = { "svsm-reset", "the SVSM resets this guest" },
	[SR_WAY_HOST_DECIDES] = {
		"host-decides",
		"the SVSM resets this guest if the host does its part, else the kernel restarts by itself, and the host ends the virtual machine or builds another"
	},
	[SR_WAY_KERNEL] = {
		"kernel-restart",
		"the kernel restarts by itself, and the host ends the virtual machine or builds another"
	},
	[SR_WAY_CRASH_KERNEL] = { "crash-kernel", "the crash kernel comes up" },
	[SR_WAY_CRASH_DIES] = {
		"crash-kernel-dies",
		"the crash kernel is started and dies without a word, and the virtual machine with it"
	},
	[SR_WAY_STAYS] = {
		"stays", "everything stops and stays as it is, nothing is reset"
	},
	[SR_WAY_HANGS] = { "hangs", "the restart hangs for ever" },
	[SR_WAY_GOES_ON] = { "goes-on", "nothing is reset, the kernel goes on" },
};

const struct svr_word sr_thing_words[SR_NR_THINGS] = {
	[SR_THING_RECORD] = { "record", "the last reset, and the counts" },
	[SR_THING_SERVICE] = { "service", "that the SVSM has this service" },
	[SR_THING_CPUS] = { "cpus", "that the other CPUs have stopped" },
	[SR_THING_CLOCK] = { "clock", "the times" },
	[SR_THING_SETTINGS] = { "settings", "the settings shown here" },
};

const struct svr_word sr_forger_words[SR_NR_FORGERS] = {
	[SR_FORGER_UNKNOWN] = { "unknown", "cannot be told" },
	[SR_FORGER_HOST] = { "host", "the host" },
	[SR_FORGER_GUEST] = {
		"guest", "this guest's kernel and its root; not the host"
	},
	[SR_FORGER_SVSM] = { "svsm", "the SVSM; not the host" },
};

/* %1: the seconds, or the like, that go with it */
static const char * const sr_why_texts[SR_NR_WHY] = {
	[SR_WHY_NOT_LOADED] = "the module is not loaded",
	[SR_WHY_DISABLED] =
		"the administrator wants no reset by the SVSM (enabled is 0)",
	[SR_WHY_SPENT] =
		"a reset was refused or failed in this boot: there is no second try (state is spent)",
	[SR_WHY_FIRING] = "a reset is being made at this moment",
	[SR_WHY_STATE_UNKNOWN] =
		"the driver's state could not be read, or is newer than this tool",
	[SR_WHY_POLICY_REFUSE] =
		"each other CPU must be shown to have stopped, else the kernel restarts by itself (ap_policy is refuse)",
	[SR_WHY_POLICY_HOST] =
		"of a CPU that cannot be shown to have stopped, the host's word is enough that it has destroyed it (ap_policy is host)",
	[SR_WHY_POLICY_FORCE] =
		"also if a CPU cannot be shown to have stopped: it may run while its memory is taken away (ap_policy is force)",
	[SR_WHY_POLICY_UNKNOWN] =
		"what happens if a CPU does not stop could not be read (ap_policy)",
	[SR_WHY_DELETE] =
		"the SVSM deletes the other vCPUs first, if the driver found their save areas (delete_vcpu is 1)",
	[SR_WHY_DELETE_UNKNOWN] =
		"whether the SVSM would delete that CPU could not be read (delete_vcpu)",
	[SR_WHY_STUCK_REFUSED] =
		"that CPU may be running, so the SVSM is not called (ap_policy is refuse, delete_vcpu is 0)",
	[SR_WHY_STUCK_HOST] =
		"the host is asked to destroy that CPU, and its word is enough (ap_policy is host)",
	[SR_WHY_STUCK_DELETE] =
		"the host is asked to destroy that CPU, then the SVSM to delete it; without the SVSM's word it is not called, and for the boot CPU there is none (delete_vcpu is 1)",
	[SR_WHY_STUCK_FORCE] =
		"that CPU may run while its memory is taken away (ap_policy is force)",
	[SR_WHY_OFFLINE] =
		"CPUs that are offline count as stopped: %s",
	[SR_WHY_HAND_OVER] =
		"on another CPU the call is handed over to the boot CPU",
	[SR_WHY_REBOOT_CPU] =
		"the kernel restarts on CPU %d, which hands the call over to the boot CPU (reboot=cpu%d)",
	[SR_WHY_REBOOT_FORCE] =
		"the kernel stops no CPU, the driver does (reboot=force)",
	[SR_WHY_DEADMAN] =
		"a restart that hangs is forced after %d s (deadman)",
	[SR_WHY_DEADMAN_OFF] =
		"a restart that hangs is not forced (deadman is 0)",
	[SR_WHY_DEADMAN_UNKNOWN] =
		"whether a restart that hangs is forced could not be read (deadman)",
	[SR_WHY_DEADMAN_SAME_CPU] =
		"unless the CPU that hangs is the one on which the restart began: then nothing happens",
	[SR_WHY_WAITS_FOR_CPU] =
		"the kernel waits for that CPU before it restarts, and nothing forces it",
	[SR_WHY_CAPTURE] =
		"this is a crash kernel: the CPUs of the kernel that crashed count as well, and the next boot reports \"kdump\", with the dump as interrupted unless the restart is an orderly one",
	[SR_WHY_PANIC_NOW] = "at once (panic=%d)",
	[SR_WHY_PANIC_DELAY] = "after %d s (panic=%d)",
	[SR_WHY_PANIC_0] =
		"panic=0 asks for it; panic=-1 restarts at once, panic=30 after 30 s",
	[SR_WHY_PANIC_UNKNOWN] =
		"/proc/sys/kernel/panic could not be read",
	[SR_WHY_CRASH_UNKNOWN] =
		"whether a crash kernel is loaded could not be read (/sys/kernel/kexec_crash_loaded)",
	[SR_WHY_NOTIFIERS] =
		"panic notifiers and pstore come first (crash_kexec_post_notifiers)",
	[SR_WHY_NO_NOTIFIERS] =
		"no panic notifier and no pstore before it (crash_kexec_post_notifiers is off)",
	[SR_WHY_CRASH_HERE] =
		"it starts on the CPU that panics; unless that is the boot CPU, CPU 0, the SVSM decides which CPUs the boot after the dump has (Linux 7.0 or later, no panic_force_cpu=)",
	[SR_WHY_FORCE_BSP] =
		"it starts on the boot CPU, CPU %d, wherever the panic begins, and the boot after the dump has all CPUs (panic_force_cpu=%d)",
	[SR_WHY_FORCE_AP] =
		"it starts on CPU %d, wherever the panic begins; that is not the boot CPU, CPU 0, so the SVSM decides which CPUs the boot after the dump has (panic_force_cpu=%d)",
	[SR_WHY_FORCE_STUCK] =
		"unless CPU %d hangs, interrupts off, when another one panics: then there is no dump and no reset, the rest goes on (panic_force_cpu=%d)",
	[SR_WHY_FORCE_NMI] =
		"a CPU that panics inside an NMI, and is not CPU %d, cannot be stopped then: see stuck-cpu (panic_force_cpu=%d)",
	[SR_WHY_FORCE_NO_OOPS] =
		"an oops starts it on the CPU that has it, not on CPU %d (panic_force_cpu=%d)",
	[SR_WHY_DUMP_THEN_REBOOT] =
		"when it is done it restarts through the SVSM if the module is in its initial ram disk",
	[SR_WHY_DUMP_NO_RECORD] =
		"when it is done its reset knows nothing of the CPUs, and ap_policy=refuse refuses it (record= has no secrets)",
	[SR_WHY_KDUMP_NOT_LOADED] =
		"there is a crash kernel, but the module is not loaded",
	[SR_WHY_KDUMP_OFF] =
		"there is a crash kernel, but the module is told to leave it alone (kdump is 0)",
	[SR_WHY_KDUMP_UNKNOWN] =
		"there is a crash kernel; whether the module makes it come up could not be read (kdump)",
	[SR_WHY_KPROBES_OFF] =
		"there is a crash kernel, but kprobes are disarmed, which the module needs for it",
	[SR_WHY_FTRACE_OFF] =
		"there is a crash kernel, but ftrace is off, and with it the kprobes that the module needs for it (kernel.ftrace_enabled=0)",
	[SR_WHY_KPROBES_ROOT_ONLY] =
		"if kprobes are armed, which only root can read (/sys/kernel/debug/kprobes/enabled)",
	[SR_WHY_KPROBES_NO_DEBUGFS] =
		"if kprobes are armed: debugfs is not mounted, so that cannot be read (mount -t debugfs none /sys/kernel/debug)",
	[SR_WHY_KPROBES_LOCKED] =
		"if kprobes are armed, which a kernel in lockdown does not tell (/sys/kernel/debug/kprobes/enabled)",
	[SR_WHY_KPROBES_UNKNOWN] =
		"if kprobes are armed, which could not be read (/sys/kernel/debug/kprobes/enabled)",
	[SR_WHY_SYSRQ_CONSOLE] =
		"also from the console (kernel.sysrq=%d)",
	[SR_WHY_SYSRQ_NO_CONSOLE] =
		"not from the console, only by /proc/sysrq-trigger (kernel.sysrq=%d)",
	[SR_WHY_SYSRQ_UNKNOWN] =
		"whether the console may could not be read (kernel.sysrq)",
	[SR_WHY_OOPS_GOES_ON] =
		"the process is killed (panic_on_oops=0); in an interrupt, the idle task or PID 1 it is a panic",
	[SR_WHY_OOPS_PANIC] = "it is a panic, see there (panic_on_oops=%d)",
	[SR_WHY_OOPS_UNKNOWN] =
		"/proc/sys/kernel/panic_on_oops could not be read",
	[SR_WHY_SOFT_PANIC] =
		"it is a panic after about %d s, see there (softlockup_panic)",
	[SR_WHY_SOFT_LOGGED] =
		"it is logged after about %d s (softlockup_panic is 0)",
	[SR_WHY_SOFT_UNSEEN] =
		"no watchdog looks for it (soft_watchdog, watchdog_thresh)",
	[SR_WHY_HARD_PANIC] =
		"it is a panic after about %d s, see there (hardlockup_panic)",
	[SR_WHY_HARD_LOGGED] =
		"it is logged after about %d s (hardlockup_panic is 0)",
	[SR_WHY_HARD_UNSEEN] =
		"no watchdog looks for it (nmi_watchdog, watchdog_thresh)",
	[SR_WHY_STALL_PANIC] =
		"it is a panic once RCU has noticed the stall, see there (panic_on_rcu_stall)",
	[SR_WHY_WATCHDOG_UNKNOWN] =
		"what the kernel's watchdogs do could not be read",
};

/* get_softlockup_thresh() of kernel/watchdog.c, so many times */
static int sr_soft_seconds(const struct sr_settings *set, int times)
{
	long long once = 2LL * set->watchdog_thresh;

	return times > 0 && once > INT_MAX / times ? INT_MAX :
		(int)once * times;
}

static int sr_why_number(const struct sr_settings *set, enum sr_why why)
{
	switch (why) {
	case SR_WHY_REBOOT_CPU:
		return set->reboot_cpu;
	case SR_WHY_DEADMAN:
		return set->deadman;
	case SR_WHY_SYSRQ_CONSOLE:
	case SR_WHY_SYSRQ_NO_CONSOLE:
		return set->sysrq;
	case SR_WHY_OOPS_PANIC:
		return set->panic_on_oops;
	case SR_WHY_SOFT_PANIC:
		return sr_soft_seconds(set, set->softlockup_panic);
	case SR_WHY_SOFT_LOGGED:
		return sr_soft_seconds(set, 1);
	case SR_WHY_FORCE_BSP:
	case SR_WHY_FORCE_AP:
	case SR_WHY_FORCE_STUCK:
	case SR_WHY_FORCE_NMI:
	case SR_WHY_FORCE_NO_OOPS:
		return set->panic_cpu;
	case SR_WHY_HARD_PANIC:
	case SR_WHY_HARD_LOGGED:
		return set->watchdog_thresh;
	default:
		return set->panic;
	}
}

/**
 * sr_why_text - why, and under what condition, in words
 * @facts: what is known
 * @why:   which of them
 * @text:  becomes the words
 * @size:  size of @text
 */
void sr_why_text(const struct sr_facts *facts, enum sr_why why, char *text,
		 size_t size)
{
	int number = sr_why_number(&facts->set, why);

	/* The formats are those above, and none comes from elsewhere */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	if (why == SR_WHY_OFFLINE)
		snprintf(text, size, sr_why_texts[why], facts->offline);
	else
		snprintf(text, size, sr_why_texts[why], number, number);
#pragma GCC diagnostic pop
}

static const char * const sr_record_texts[SVR_NR_TRUSTS] = {
	[SVR_TRUST_NONE] =
		"there is none, which proves nothing: the host may have taken it away",
	[SVR_TRUST_HOST] =
		"it was where the host can read and forge it: a hint, no proof of anything; the host can have brought it about that it is read from there",
	[SVR_TRUST_GUEST] =
		"it was in memory that is the guest's own; any kernel that ran in this guest since its launch could have written it",
};

static const char *sr_record_text(const struct sr_facts *facts)
{
	return facts->set.trust == SR_UNKNOWN ?
		"the driver does not say where it was" :
		sr_record_texts[facts->set.trust];
}

/* By allow_unattested */
static const char * const sr_service_texts[] = {
	"the SVSM has answered for the service's GUID; that it is a genuine SVSM only a verifier of its attestation report knows",
	"the driver was told not to insist on the SVSM's attestation (allow_unattested is 1): the number of the protocol alone proves nothing",
	"whether the SVSM had to answer for the service's GUID could not be read (allow_unattested)",
};

static const char *sr_service_text(const struct sr_facts *facts)
{
	if (facts->set.loaded != 1)
		return "the module is not loaded, nobody has asked";
	return sr_service_texts[facts->set.unattested == SR_UNKNOWN ?
				2 : facts->set.unattested];
}

/* By ap_policy, and one more */
#define SR_CPUS_DELETED		SVR_NR_AP_POLICIES

static const char * const sr_cpus_texts[] = {
	[SVR_AP_REFUSE] =
		"each writes a word of its own before it halts; the host can keep one from doing so, then the SVSM is not called",
	[SVR_AP_HOST] =
		"where one does not stop, the host's word is taken; it can let that CPU run on",
	[SVR_AP_FORCE] =
		"it is not insisted on: the host can keep a CPU from stopping, and let it run on",
	[SR_CPUS_DELETED] =
		"each writes a word of its own before it halts, or the SVSM says that it has deleted it",
};

static const char *sr_cpus_text(const struct sr_facts *facts)
{
	if (facts->set.ap_policy == SR_UNKNOWN)
		return "ap_policy could not be read";
	if (facts->set.ap_policy == SVR_AP_REFUSE &&
	    facts->set.delete_vcpu == 1)
		return sr_cpus_texts[SR_CPUS_DELETED];
	return sr_cpus_texts[facts->set.ap_policy];
}

/**
 * sr_thing_text - how far can it be trusted?
 * @facts: what is known
 * @thing: what
 * @text:  becomes the words
 * @size:  size of @text
 */
void sr_thing_text(const struct sr_facts *facts, enum sr_thing thing,
		   char *text, size_t size)
{
	const char *words = "they come from /proc and /sys of this kernel";

	switch (thing) {
	case SR_THING_RECORD:
		words = sr_record_text(facts);
		break;
	case SR_THING_SERVICE:
		words = sr_service_text(facts);
		break;
	case SR_THING_CPUS:
		words = sr_cpus_text(facts);
		break;
	case SR_THING_CLOCK:
		words = "the host sets the guest's clock, unless something better corrects it";
		break;
	default:	/* SR_THING_SETTINGS */
		break;
	}
	snprintf(text, size, "%s", words);
}
