// SPDX-License-Identifier: GPL-2.0
/* What status and explain have in common: the guest, and the last reset. */
#include <stdio.h>
#include <string.h>

#include "answer-json.h"
#include "last.h"
#include "output.h"
#include "report.h"

static void sr_report_platform(const struct sr_settings *set)
{
	const char *capture = set->capture == 1 ?
		"; this is a crash kernel" : "";

	if (set->snp != 1)
		sr_line(SR_DOUBTFUL, "platform", "no SEV-SNP guest%s", capture);
	else if (set->vmpl == SR_UNKNOWN)
		sr_line(SR_PLAIN, "platform", "SEV-SNP guest%s", capture);
	else if (!set->vmpl)
		sr_line(SR_DOUBTFUL, "platform",
			"SEV-SNP guest at VMPL 0: there is no SVSM%s", capture);
	else
		sr_line(SR_PLAIN, "platform",
			"SEV-SNP guest at VMPL %d, under an SVSM%s", set->vmpl,
			capture);
}

static void sr_report_protocol(const struct sr_facts *facts)
{
	char text[256];
	int len;

	if (facts->protocol == SR_UNKNOWN) {
		sr_line(SR_DOUBTFUL, "protocol", "unknown");
		return;
	}
	len = snprintf(text, sizeof(text), "%d", facts->protocol);
	if (facts->version != SR_UNKNOWN)
		len += snprintf(text + len, sizeof(text) - (size_t)len,
				", version %d", facts->version);
	if (*facts->supported)
		snprintf(text + len, sizeof(text) - (size_t)len,
			 " (the SVSM has %s)", facts->supported);
	sr_line(SR_PLAIN, "protocol", "%s", text);
}

/* A word, and what it means if this tool knows it */
static void sr_report_word(enum sr_mood mood, const char *label,
			   const char *word, const char *text)
{
	if (!*word)
		sr_line(SR_DOUBTFUL, label, "unknown");
	else
		sr_line(mood, label, "%s%s%s", word, text ? ": " : "",
			text ?: "");
}

static enum sr_mood sr_state_mood(int state)
{
	switch (state) {
	case SVR_STATE_READY:
		return SR_GOOD;
	case SVR_STATE_SPENT:
		return SR_BAD;
	default:
		return SR_DOUBTFUL;
	}
}

static void sr_report_deadman(int deadman)
{
	if (deadman == SR_UNKNOWN)
		sr_line(SR_DOUBTFUL, "deadman", "unknown");
	else if (deadman)
		sr_line(SR_PLAIN, "deadman",
			"%d s: an orderly restart that hangs is forced then",
			deadman);
	else
		sr_line(SR_DOUBTFUL, "deadman",
			"0: an orderly restart that hangs is never forced");
}

/* A driver before 0.2 has none, and did nothing about devices */
static void sr_report_device_policy(const struct sr_facts *facts)
{
	int policy = sr_word(svr_device_policy_words, SVR_NR_DEVICE_POLICIES,
			     facts->device_policy);

	if (*facts->device_policy)
		sr_report_word(policy == SR_UNKNOWN ? SR_DOUBTFUL : SR_GOOD,
			       "device_policy", facts->device_policy,
			       policy == SR_UNKNOWN ? NULL :
			       svr_device_policy_words[policy].text);
}

/* A user who may not see the message need not know that there may be one */
static void sr_report_next(const struct sr_next *next)
{
	if (!*next->note)
		return;
	if (!*next->kept)
		sr_line(SR_DOUBTFUL, "next note",
			"\"%s\", which the next boot will not show",
			next->note);
	else if (strcmp(next->kept, next->note))
		sr_line(SR_PLAIN, "next note",
			"\"%s\", of which the next boot will show \"%s\"",
			next->note, next->kept);
	else
		sr_line(SR_PLAIN, "next note", "\"%s\"", next->note);
}

static void sr_report_rehearsal(const struct sr_facts *facts)
{
	static const enum sr_mood moods[SR_NR_HEALTHS] = {
		[SR_HEALTH_OK] = SR_GOOD,
		[SR_HEALTH_WARNING] = SR_DOUBTFUL,
		[SR_HEALTH_CRITICAL] = SR_BAD,
	};
	char text[SR_TEXT];

	if (facts->rehearsal.done != 1)
		return;
	sr_rehearsal_text(facts, text, sizeof(text));
	sr_line(moods[sr_rehearsal_health(&facts->rehearsal)], "rehearsal",
		"%s", text);
}

static void sr_report_guest(const struct sr_facts *facts)
{
	const struct sr_settings *set = &facts->set;

	sr_heading("This guest");
	sr_report_platform(set);
	if (set->loaded != 1) {
		sr_line(SR_DOUBTFUL, "driver", "%s",
			set->loaded ? "unknown" : "not loaded");
		return;
	}
	sr_report_protocol(facts);
	sr_report_word(sr_state_mood(set->state), "state", facts->state,
		       sr_word_text(svr_state_words, SVR_NR_STATES,
				    facts->state));
	sr_report_word(set->ap_policy == SVR_AP_REFUSE ? SR_GOOD : SR_DOUBTFUL,
		       "ap_policy", facts->policy,
		       set->ap_policy == SR_UNKNOWN ? NULL :
		       svr_ap_policy_words[set->ap_policy].text);
	sr_report_device_policy(facts);
	sr_report_deadman(set->deadman);
	sr_report_next(&facts->next);
	sr_report_rehearsal(facts);
}

static void sr_report_counts(const struct sr_facts *facts)
{
	char text[256];
	int i, len, shown = 0;

	if (facts->count == SR_NO_NUMBER) {
		sr_line(SR_DOUBTFUL, "resets", "unknown");
		return;
	}
	len = snprintf(text, sizeof(text), "%lld by the SVSM", facts->count);
	for (i = 0; i < SR_NR_COUNTS; i++)
		if (facts->counts[i] > 0)
			len += snprintf(text + len, sizeof(text) - (size_t)len,
					"%s%s %lld", shown++ ? ", " : "; ",
					sr_count_names[i], facts->counts[i]);
	sr_line(SR_PLAIN, "resets", "%s", text);
}

static void sr_report_record(const struct sr_facts *facts)
{
	const char *text = sr_word_text(svr_trust_words, SVR_NR_TRUSTS,
					facts->trust);

	if (!*facts->store && !*facts->trust)
		sr_line(SR_DOUBTFUL, "record", "unknown");
	else
		sr_line(facts->set.trust == SVR_TRUST_GUEST ? SR_GOOD :
							     SR_DOUBTFUL,
			"record", "%s%s%s",
			*facts->store ? facts->store : "unknown store",
			text ? ": " : "", text ?: "");
}

static enum sr_mood sr_dump_mood(const char *word)
{
	switch (sr_word(svr_dump_words, SVR_NR_DUMPS, word)) {
	case SVR_DUMP_ENDED:
		return SR_GOOD;
	case SVR_DUMP_INTERRUPTED:
		return SR_BAD;
	default:
		return SR_DOUBTFUL;
	}
}

static void sr_report_message(const struct sr_facts *facts)
{
	const struct sr_last *last = &facts->last;
	const char *more = "";

	/* The efi store has room for all that the driver keeps */
	if (last->cut)
		more = strcmp(facts->store, "efi") ?
			", cut: record=secrets,cmos,efi would keep 63 characters" :
			", cut: no record has room for more";
	if (*last->message)
		sr_line(SR_PLAIN, "message", "\"%s\"%s", last->message, more);
	else if (last->hidden && sr_last_asked_for(last))
		sr_line(SR_DOUBTFUL, "message", "for root only");
}

static void sr_report_crash(const struct sr_last *last)
{
	long long seconds = sr_last_dump_seconds(last);
	char span[64];

	if (seconds == SR_NO_NUMBER) {
		sr_line(SR_PLAIN, "crashed", "%s", last->crash_time);
	} else {
		sr_duration(seconds, span, sizeof(span));
		sr_line(SR_PLAIN, "crashed", "%s, %s before the reset",
			last->crash_time, span);
	}
}

/* What became of the reset, and of the dump before it */
static void sr_report_outcome(const struct sr_facts *facts)
{
	const struct sr_last *last = &facts->last;

	if (sr_last_dumping(facts)) {
		sr_line(SR_DOUBTFUL, "dump", "in progress: %s",
			svr_dump_words[SVR_DUMP_IN_PROGRESS].text);
		return;
	}
	if (*last->crash_time)
		sr_report_crash(last);
	if (*last->outcome && strcmp(last->outcome, "none"))
		sr_report_word(SR_PLAIN, "outcome", last->outcome,
			       sr_word_text(svr_outcome_words, SVR_NR_OUTCOMES,
					    last->outcome));
	if (*last->dump && strcmp(last->dump, "none"))
		sr_report_word(sr_dump_mood(last->dump), "dump", last->dump,
			       sr_word_text(svr_dump_words, SVR_NR_DUMPS,
					    last->dump));
}

static int sr_words(const char *text)
{
	int words = *text != 0;

	for (; *text; text++)
		words += *text == ' ';
	return words;
}

/* The record may have no room for all of their names, or for any */
static void sr_report_devices(const struct sr_last *last)
{
	if (last->device_count <= 0)
		return;
	if (!*last->devices)
		sr_line(SR_BAD, "not stopped",
			"PCI devices (%lld or more) did not stop",
			last->device_count);
	else if (last->device_count == 1)
		sr_line(SR_BAD, "not stopped", "PCI device %s did not stop",
			last->devices);
	else
		sr_line(SR_BAD, "not stopped",
			"%lld PCI devices did not stop: %s%s",
			last->device_count, last->devices,
			last->device_count > sr_words(last->devices) ?
			" and others" : "");
}

static void sr_report_last(const struct sr_facts *facts)
{
	const struct sr_last *last = &facts->last;
	char text[SR_TEXT];

	sr_heading("Last reset");
	sr_last_text(facts, text, sizeof(text));
	sr_line(sr_last_mood(last), "what", "%s", text);
	sr_report_message(facts);
	sr_report_outcome(facts);
	if (*last->cpus)
		sr_line(SR_BAD, "not stopped",
			"CPU %s: could not be shown to have stopped",
			last->cpus);
	sr_report_devices(last);
	if (*last->result && strcmp(last->result, "none"))
		sr_line(SR_BAD, "result", "%s, of the call that came back",
			last->result);
	if (*last->kernel)
		sr_line(SR_PLAIN, "kernel", "%s", last->kernel);
	sr_report_counts(facts);
	sr_report_record(facts);
}

/**
 * sr_report - report how things stand
 * @report:  what
 * @options: how
 * @facts:   what is known
 *
 * Prints what is missing, if anything is, as an error.
 *
 * Return: the command's exit status.
 */
int sr_report(const struct sr_report *report, const struct sr_options *options,
	      const struct sr_facts *facts)
{
	const char *trouble = sr_facts_trouble(facts);
	int err;

	if (options->json) {
		err = sr_json_print(report->json(facts), report->name,
				    JSON_C_TO_STRING_PRETTY |
				    JSON_C_TO_STRING_SPACED);
	} else {
		sr_report_guest(facts);
		if (!trouble)
			sr_report_last(facts);
		if (report->more)
			report->more(facts);
		err = sr_flush(report->name);
	}
	if (trouble)
		sr_error(report->name, "%s", trouble);
	return trouble || err ? SR_EXIT_FAILED : SR_EXIT_OK;
}
