// SPDX-License-Identifier: GPL-2.0
/* Reads what is known of the system. A file that is missing is no error: a value is unknown. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cpulist.h"
#include "facts.h"
#include "output.h"

#define SR_PARAMETERS	SR_MODULE "/parameters"
#define SR_KERNEL	"/proc/sys/kernel"
/* SVR_CUT of the driver's message-codec.h */
#define SR_CUT		"..."
#define SR_KPROBES	"/sys/kernel/debug/kprobes/enabled"
/* Of a boot, in seconds since 1970: the end of the year 9999 */
#define SR_TIME_MAX	253402300799LL
#define SR_POST_NOTIFIERS \
	"/sys/module/kernel/parameters/crash_kexec_post_notifiers"

/* Names of the files in reset_counts/ */
const char * const sr_count_names[SR_NR_COUNTS] = {
	[SR_COUNT_REBOOT] = "reboot",
	[SR_COUNT_EMERGENCY] = "emergency-restart",
	[SR_COUNT_PANIC] = "panic",
	[SR_COUNT_KDUMP] = "kdump",
	[SR_COUNT_REFUSED] = "refused",
};

/**
 * sr_word - which of the words is it?
 * @words: table of words
 * @count: its length
 * @text:  the word
 *
 * Return: its index, or SR_UNKNOWN.
 */
int sr_word(const struct svr_word *words, int count, const char *text)
{
	int i;

	for (i = 0; i < count; i++)
		if (!strcmp(words[i].word, text))
			return i;
	return SR_UNKNOWN;
}

/**
 * sr_word_text - what does the word mean?
 * @words: table of words
 * @count: its length
 * @text:  the word
 *
 * Return: the meaning, NULL for a word that is not in the table.
 */
const char *sr_word_text(const struct svr_word *words, int count,
			 const char *text)
{
	int i = sr_word(words, count, text);

	return i == SR_UNKNOWN ? NULL : words[i].text;
}

/* One of the device's files; "unknown" is what a file says that knows nothing */
static int sr_value(const char *root, const char *name, char *text, size_t size)
{
	char path[128];

	snprintf(path, sizeof(path), SR_DEVICE "/%s", name);
	return sr_read(root, path, text, size);
}

static long long sr_value_number(const char *root, const char *name)
{
	char path[128];
	long long value;

	snprintf(path, sizeof(path), SR_DEVICE "/%s", name);
	value = sr_read_number(root, path, SR_NO_NUMBER);
	return value < 0 ? SR_NO_NUMBER : value;
}

static void sr_known(char *text)
{
	if (!strcmp(text, "unknown"))
		*text = '\0';
}

static long long sr_time(const char *text)
{
	struct tm tm = {};
	const char *rest = strptime(text, "%Y-%m-%dT%H:%M:%SZ", &tm);

	return rest && !*rest ? (long long)timegm(&tm) : SR_NO_NUMBER;
}

static void sr_read_last(const char *root, struct sr_last *last)
{
	int err;

	sr_value(root, "last_reset_reason", last->reason, sizeof(last->reason));
	sr_value(root, "last_reset_cause", last->cause, sizeof(last->cause));
	sr_value(root, "last_reset_trigger", last->trigger,
		 sizeof(last->trigger));
	sr_value(root, "last_reset_outcome", last->outcome,
		 sizeof(last->outcome));
	err = sr_value(root, "last_reset_message", last->message,
		       sizeof(last->message));
	last->hidden = err == -EACCES || err == -EPERM;
	last->cut = sr_ends_in(last->message, SR_CUT);
	sr_value(root, "last_reset_cpus", last->cpus, sizeof(last->cpus));
	sr_value(root, "last_reset_devices", last->devices,
		 sizeof(last->devices));
	last->device_count = sr_value_number(root, "last_reset_device_count");
	sr_value(root, "last_reset_time", last->time, sizeof(last->time));
	sr_value(root, "last_reset_crash_time", last->crash_time,
		 sizeof(last->crash_time));
	sr_value(root, "last_reset_kernel", last->kernel, sizeof(last->kernel));
	sr_value(root, "last_reset_result", last->result, sizeof(last->result));
	sr_value(root, "last_reset_dump", last->dump, sizeof(last->dump));
	sr_known(last->time);
	sr_known(last->crash_time);
	sr_known(last->kernel);
	sr_known(last->result);
	last->cpu = sr_read_int(root, SR_DEVICE "/last_reset_cpu");
	last->when = sr_time(last->time);
	last->crashed = sr_time(last->crash_time);
	last->uptime = sr_value_number(root, "last_reset_uptime");
}

static void sr_read_next(const char *root, struct sr_next *next)
{
	next->error = sr_value(root, "next_reset_note", next->note,
			       sizeof(next->note));
	next->hidden = next->error == -EACCES || next->error == -EPERM;
	next->cut = sr_ends_in(next->note, SR_CUT);
	sr_value(root, "next_reset_note_kept", next->kept, sizeof(next->kept));
}

static void sr_read_rehearsal(const char *root, struct sr_rehearsal *rehearsal)
{
	char line[SR_TEXT];

	sr_value(root, "rehearse", line, sizeof(line));
	sr_rehearsal_parse(line, rehearsal);
}

/* Drivers without record_trust have these three stores, as documented */
static void sr_trust_of_store(struct sr_facts *facts)
{
	enum svr_trust trust;

	if (!strcmp(facts->store, "secrets"))
		trust = SVR_TRUST_GUEST;
	else if (!strcmp(facts->store, "cmos"))
		trust = SVR_TRUST_HOST;
	else if (!strcmp(facts->store, "none"))
		trust = SVR_TRUST_NONE;
	else
		return;
	snprintf(facts->trust, sizeof(facts->trust), "%s",
		 svr_trust_name(trust));
}

/* record=: is the secrets page among the places? */
static int sr_record_in_secrets(const char *root)
{
	char text[SR_TEXT], *rest = text, *name;

	if (sr_read(root, SR_PARAMETERS "/record", text, sizeof(text)))
		return SR_UNKNOWN;
	if (!strcmp(text, "auto"))
		return 1;
	while ((name = strsep(&rest, ",")))
		if (!strcmp(name, "secrets"))
			return 1;
	return 0;
}

static void sr_read_driver(const char *root, struct sr_facts *facts)
{
	struct sr_settings *set = &facts->set;
	char name[64];
	int i;

	facts->protocol = sr_read_int(root, SR_DEVICE "/protocol_id");
	facts->version = sr_read_int(root, SR_DEVICE "/protocol_version");
	sr_value(root, "supported_versions", facts->supported,
		 sizeof(facts->supported));
	sr_value(root, "state", facts->state, sizeof(facts->state));
	sr_value(root, "ap_policy", facts->policy, sizeof(facts->policy));
	sr_value(root, "device_policy", facts->device_policy,
		 sizeof(facts->device_policy));
	set->state = sr_word(svr_state_words, SVR_NR_STATES, facts->state);
	set->ap_policy = sr_word(svr_ap_policy_words, SVR_NR_AP_POLICIES,
				 facts->policy);
	set->enabled = sr_read_flag(root, SR_DEVICE "/enabled");
	set->deadman = sr_read_int(root, SR_DEVICE "/deadman");
	set->kdump = sr_read_flag(root, SR_PARAMETERS "/kdump");
	set->in_secrets = sr_record_in_secrets(root);
	set->delete_vcpu = sr_read_flag(root, SR_PARAMETERS "/delete_vcpu");
	set->unattested = sr_read_flag(root, SR_PARAMETERS "/allow_unattested");

	facts->count = sr_value_number(root, "reset_count");
	for (i = 0; i < SR_NR_COUNTS; i++) {
		snprintf(name, sizeof(name), "reset_counts/%s",
			 sr_count_names[i]);
		facts->counts[i] = sr_value_number(root, name);
	}
	sr_value(root, "record_store", facts->store, sizeof(facts->store));
	sr_value(root, "record_trust", facts->trust, sizeof(facts->trust));
	if (!*facts->trust)
		sr_trust_of_store(facts);
	set->trust = sr_word(svr_trust_words, SVR_NR_TRUSTS, facts->trust);
	sr_value(root, "power_on_reason", facts->power_on,
		 sizeof(facts->power_on));
	sr_read_last(root, &facts->last);
	sr_read_next(root, &facts->next);
	sr_read_rehearsal(root, &facts->rehearsal);
}

/* As the kernel reads it: the last one that is a number counts */
static int sr_panic_cpu(const char *cmdline)
{
	static const char name[] = "panic_force_cpu=";
	const char *word = cmdline;
	int cpu = SR_NO_CPU;

	while (*word) {
		size_t end = strcspn(word, " ");

		if (!strncmp(word, name, strlen(name))) {
			const char *text = word + strlen(name);
			char *rest;
			long value = strtol(text, &rest, 0);

			if (rest != text && rest == word + end &&
			    value >= 0 && value < SR_MAX_CPUS)
				cpu = (int)value;
		}
		word += end;
		word += strspn(word, " ");
	}
	return cpu;
}

/* "7.3.4+deb13-cloud-amd64" */
static int sr_kernel_major(const char *root)
{
	char text[64];
	int major;

	if (sr_read(root, SR_KERNEL "/osrelease", text, sizeof(text)) ||
	    sscanf(text, "%3d.", &major) != 1 || major < 0)
		return SR_UNKNOWN;
	return major;
}

static void sr_read_kernel(const char *root, struct sr_settings *set)
{
	char cmdline[SR_TEXT];

	set->kernel = sr_kernel_major(root);
	set->panic = sr_read_int(root, SR_KERNEL "/panic");
	set->panic_on_oops = sr_read_int(root, SR_KERNEL "/panic_on_oops");
	set->panic_on_stall = sr_read_feature(root,
					      SR_KERNEL "/panic_on_rcu_stall");
	set->sysrq = sr_read_int(root, SR_KERNEL "/sysrq");
	set->soft_watchdog = sr_read_feature(root, SR_KERNEL "/soft_watchdog");
	set->softlockup_panic = sr_read_feature(root,
						SR_KERNEL "/softlockup_panic");
	set->nmi_watchdog = sr_read_feature(root, SR_KERNEL "/nmi_watchdog");
	set->hardlockup_panic = sr_read_feature(root,
						SR_KERNEL "/hardlockup_panic");
	set->watchdog_thresh = sr_read_feature(root,
					       SR_KERNEL "/watchdog_thresh");
	set->crash_loaded = sr_read_feature(root,
					    "/sys/kernel/kexec_crash_loaded");
	set->post_notifiers = sr_read_flag(root, SR_POST_NOTIFIERS);
	/* Root only, where debugfs is mounted at all: mostly unknown */
	set->kprobes = sr_read_int(root, SR_KPROBES);
	set->kprobes_error = -sr_read_error(root, SR_KPROBES);
	set->ftrace = sr_read_int(root, SR_KERNEL "/ftrace_enabled");
	set->reboot_cpu = sr_read_int(root, "/sys/kernel/reboot/cpu");
	set->reboot_force = sr_read_int(root, "/sys/kernel/reboot/force");

	set->capture = SR_UNKNOWN;
	set->panic_cpu = SR_UNKNOWN;
	if (!sr_read(root, "/proc/cmdline", cmdline, sizeof(cmdline))) {
		set->capture = sr_has_word(cmdline, "elfcorehdr");
		set->panic_cpu = sr_panic_cpu(cmdline);
		if (set->post_notifiers == SR_UNKNOWN &&
		    sr_has_word(cmdline, "crash_kexec_post_notifiers"))
			set->post_notifiers = 1;
	}
	/* An older one takes it for a setting of init */
	if (set->kernel != SR_UNKNOWN && set->kernel < SR_PANIC_CPU_KERNEL)
		set->panic_cpu = SR_NO_CPU;
}

static void sr_read_cpus(const char *root, struct sr_facts *facts)
{
	static struct sr_cpus online, present;
	char text[SR_TEXT];

	facts->set.online = SR_UNKNOWN;
	facts->set.offline = SR_UNKNOWN;
	if (sr_read(root, "/sys/devices/system/cpu/online", text,
		    sizeof(text)) ||
	    !sr_cpus_parse(&online, text) || !sr_cpus_count(&online))
		return;
	facts->set.online = sr_cpus_count(&online);
	/* The kernel ignores one that is offline */
	if (facts->set.panic_cpu >= 0 && !online.has[facts->set.panic_cpu])
		facts->set.panic_cpu = SR_NO_CPU;
	sr_cpus_print(&online, facts->online, sizeof(facts->online));
	if (sr_read(root, "/sys/devices/system/cpu/present", text,
		    sizeof(text)) ||
	    !sr_cpus_parse(&present, text))
		return;
	sr_cpus_minus(&present, &online);
	facts->set.offline = sr_cpus_count(&present);
	sr_cpus_print(&present, facts->offline, sizeof(facts->offline));
}

static void sr_read_times(const char *root, struct sr_facts *facts)
{
	char text[64];
	double uptime;

	/* The same at each call, unlike the difference of clock and uptime */
	facts->boot_time = sr_read_key(root, "/proc/stat", "btime",
				       SR_NO_NUMBER);
	if (facts->boot_time < 0 || facts->boot_time > SR_TIME_MAX)
		facts->boot_time = SR_NO_NUMBER;
	facts->uptime = SR_NO_NUMBER;
	/* "35.42 120.50" */
	if (sr_read(root, "/proc/uptime", text, sizeof(text)) ||
	    sscanf(text, "%lf", &uptime) != 1 || uptime < 0 || uptime > 1e12)
		return;
	facts->uptime = (long long)uptime;
}

/**
 * sr_facts_read - read what is known of the system
 * @root:  what to put before /sys and /proc
 * @facts: becomes what is known
 */
void sr_facts_read(const char *root, struct sr_facts *facts)
{
	struct sr_settings *set = &facts->set;

	memset(facts, 0, sizeof(*facts));
	set->vmpl = sr_read_int(root, "/sys/devices/system/cpu/sev/vmpl");
	set->snp = sr_exists(root, "/sys/devices/system/cpu/sev");
	set->loaded = sr_exists(root, SR_DEVICE);
	if (!set->loaded) {
		sr_module_read(root, &facts->module);
		sr_module_text(&facts->module, facts->not_loaded,
			       sizeof(facts->not_loaded));
	}
	/* The driver binds nowhere else */
	if (set->loaded == 1)
		set->snp = 1;
	sr_read_driver(root, facts);
	sr_left_read(root, *facts->device_policy, &facts->left);
	sr_read_kernel(root, set);
	sr_read_cpus(root, facts);
	sr_read_times(root, facts);
}

/**
 * sr_facts_trouble - why is there nothing to tell about the driver?
 * @facts: what is known
 *
 * Return: one line, NULL when there is a driver.
 */
const char *sr_facts_trouble(const struct sr_facts *facts)
{
	const struct sr_settings *set = &facts->set;

	if (set->loaded == 1)
		return NULL;
	if (set->loaded == SR_UNKNOWN)
		return "cannot look into " SR_DEVICE;
	if (set->snp != 1)
		return "this is no SEV-SNP guest, or its kernel is older than 6.11";
	if (set->vmpl == 0)
		return "this SEV-SNP guest runs at VMPL 0: it has no SVSM";
	return facts->not_loaded;
}

/**
 * sr_facts_ready - read what is known, for a command that needs the driver
 * @root:    of the system to look at
 * @command: the command, which says what is wrong
 * @facts:   becomes what is known
 *
 * Return: whether there is a driver.
 */
bool sr_facts_ready(const char *root, const char *command, struct sr_facts *facts)
{
	const char *trouble;

	sr_facts_read(root, facts);
	trouble = sr_facts_trouble(facts);
	if (trouble)
		sr_error(command, "%s", trouble);
	return !trouble;
}
