// SPDX-License-Identifier: GPL-2.0
/* svsm-reset check: a plugin for Nagios, Icinga and their like */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "answer-json.h"
#include "deep.h"
#include "facts.h"
#include "health.h"
#include "last.h"
#include "tool.h"

const char * const sr_health_names[SR_NR_HEALTHS] = {
	[SR_HEALTH_OK] = "OK",
	[SR_HEALTH_WARNING] = "WARNING",
	[SR_HEALTH_CRITICAL] = "CRITICAL",
	[SR_HEALTH_UNKNOWN] = "UNKNOWN",
};

/**
 * struct sr_condition - something to be warned of
 * @name: as in --critical and --warning
 * @text: what the line says of it; NULL: it is about the last reset
 * @met:  is it so?
 */
struct sr_condition {
	const char *name;
	const char *text;
	bool (*met)(const struct sr_facts *facts, const char *name);
};

/* A panic whose reset was refused is both */
static bool sr_last_was(const struct sr_facts *facts, const char *name)
{
	return !strcmp(facts->last.reason, name) ||
	       !strcmp(facts->last.cause, name) ||
	       !strcmp(facts->last.outcome, name);
}

static bool sr_last_unknown(const struct sr_facts *facts, const char *name)
{
	return !*facts->last.reason || sr_last_was(facts, name);
}

static bool sr_is_disabled(const struct sr_facts *facts, const char *name)
{
	return !strcmp(facts->state, name) || !facts->set.enabled;
}

static bool sr_is_spent(const struct sr_facts *facts, const char *name)
{
	return !strcmp(facts->state, name);
}

static bool sr_has_policy(const struct sr_facts *facts, const char *name)
{
	return !strcmp(facts->policy, name + strlen("policy-"));
}

static bool sr_trusts_host(const struct sr_facts *facts, const char *name)
{
	(void)name;
	return facts->set.trust == SVR_TRUST_HOST;
}

static bool sr_has_no_deadman(const struct sr_facts *facts, const char *name)
{
	(void)name;
	return !facts->set.deadman;
}

static bool sr_is_unattested(const struct sr_facts *facts, const char *name)
{
	(void)name;
	return facts->set.unattested == 1;
}

static bool sr_rehearsal_bad(const struct sr_facts *facts, const char *name)
{
	(void)name;
	return sr_rehearsal_health(&facts->rehearsal) == SR_HEALTH_CRITICAL;
}

static bool sr_rehearsal_without_record(const struct sr_facts *facts,
					const char *name)
{
	(void)name;
	return sr_rehearsal_health(&facts->rehearsal) == SR_HEALTH_WARNING;
}

static const struct sr_condition sr_conditions[] = {
	{ "reboot", NULL, sr_last_was },
	{ "emergency-restart", NULL, sr_last_was },
	{ "panic", NULL, sr_last_was },
	{ "kdump", NULL, sr_last_was },
	{ "refused", NULL, sr_last_was },
	{ "relaunched", NULL, sr_last_was },
	{ "unknown", NULL, sr_last_unknown },
	{ "disabled", "resets by the SVSM are disabled", sr_is_disabled },
	{ "spent", "a reset was refused or failed in this boot", sr_is_spent },
	{ "policy-host", "ap_policy is host", sr_has_policy },
	{ "policy-force", "ap_policy is force", sr_has_policy },
	{ "deadman-off", "deadman is 0", sr_has_no_deadman },
	{ "trust-host", "the host can forge the record", sr_trusts_host },
	{ "unattested", "the SVSM does not have to vouch for the service",
	  sr_is_unattested },
	{ "rehearsal", "a reset is likely to fail", sr_rehearsal_bad },
	{ "rehearsal-record", "a reset is likely to leave no record",
	  sr_rehearsal_without_record },
};

#define SR_NR_CONDITIONS (sizeof(sr_conditions) / sizeof(*sr_conditions))

#define SR_CRITICAL	"panic,kdump,refused,relaunched,rehearsal"
#define SR_WARNING	"emergency-restart,unknown,disabled,spent,policy-force,rehearsal-record"

/* A condition that was looked for, and is met */
struct sr_finding {
	const struct sr_condition *condition;
	enum sr_health health;
};

/**
 * struct sr_verdict - the answer
 * @health:   the worst of the findings
 * @text:     in words
 * @error:    why there is none, NULL when there is one
 * @nr:       how many findings
 * @findings: what has been found
 * @looked:   a second look was taken
 * @deep:     what that has shown
 */
struct sr_verdict {
	enum sr_health health;
	char text[2 * SR_TEXT];
	const char *error;
	size_t nr;
	struct sr_finding findings[SR_NR_CONDITIONS];
	bool looked;
	struct sr_deep deep;
};

/* The line goes through shells, mails and web pages: "|" begins the numbers */
static void sr_end(enum sr_health health, const char *text, const char *numbers)
{
	printf("SVSM_RESET %s - ", sr_health_names[health]);
	for (; *text; text++)
		putchar(*text == '|' ? '/' : *text);
	printf("%s%s\n", *numbers ? " | " : "", numbers);
}

static bool sr_list_has(const char *list, const char *name)
{
	size_t len = strlen(name);

	while (*list) {
		size_t end = strcspn(list, ",");

		if (end == len && !strncmp(list, name, len))
			return true;
		list += end + (list[end] == ',');
	}
	return false;
}

/* "" and "nothing" are lists without a condition */
static bool sr_list_valid(const char *option, const char *list)
{
	char name[32];
	size_t i;

	if (!strcmp(list, "nothing"))
		return true;
	while (*list) {
		size_t end = strcspn(list, ",");

		snprintf(name, sizeof(name), "%.*s", (int)end, list);
		for (i = 0; i < SR_NR_CONDITIONS; i++)
			if (end < sizeof(name) &&
			    !strcmp(sr_conditions[i].name, name))
				break;
		if (i == SR_NR_CONDITIONS) {
			fprintf(stderr, "svsm-reset check: --%s: no condition \"%s\"; there are:",
				option, name);
			for (i = 0; i < SR_NR_CONDITIONS; i++)
				fprintf(stderr, " %s", sr_conditions[i].name);
			fputc('\n', stderr);
			return false;
		}
		list += end + (list[end] == ',');
	}
	return true;
}

static bool sr_recent_valid(const char *text, long long *seconds)
{
	if (!text || sr_number(text, 0, LLONG_MAX - 1, seconds))
		return true;
	fprintf(stderr, "svsm-reset check: --recent=%s: it is a number of seconds\n",
		text);
	return false;
}

static void sr_numbers(const struct sr_facts *facts, char *text, size_t size)
{
	size_t len = 0;
	char *c;
	int i;

	*text = '\0';
	if (facts->count == SR_NO_NUMBER)
		return;
	len += (size_t)snprintf(text, size, "resets=%lld;;;0;", facts->count);
	for (i = 0; i < SR_NR_COUNTS; i++)
		if (facts->counts[i] != SR_NO_NUMBER)
			len += (size_t)snprintf(text + len, size - len,
						" %s=%lld;;;0;",
						sr_count_names[i],
						facts->counts[i]);
	for (c = text; *c; c++)
		if (*c == '-')
			*c = '_';
}

static void sr_append(char *text, size_t size, const char *more)
{
	size_t len = strlen(text);

	snprintf(text + len, size - len, "%s%s", len ? "; " : "", more);
}

static void sr_append_last(const struct sr_facts *facts, char *text,
			   size_t size)
{
	char last[SR_TEXT], line[SR_TEXT + 512];

	sr_last_text(facts, last, sizeof(last));
	if (*facts->last.message)
		snprintf(line, sizeof(line), "last reset: %s (\"%s\")", last,
			 facts->last.message);
	else
		snprintf(line, sizeof(line), "last reset: %s", last);
	sr_append(text, size, line);
}

/* Nothing about one where there has been none */
static void sr_append_rehearsal(const struct sr_facts *facts, char *text,
				size_t size)
{
	char said[SR_TEXT], line[SR_TEXT + 32];

	if (facts->rehearsal.done != 1)
		return;
	sr_rehearsal_text(facts, said, sizeof(said));
	snprintf(line, sizeof(line), "last rehearsal: %s", said);
	sr_append(text, size, line);
}

static void sr_judge(const struct sr_options *options,
		     const struct sr_facts *facts, bool last_counts,
		     struct sr_verdict *verdict)
{
	const char *critical = options->critical ?: SR_CRITICAL;
	const char *warning = options->warning ?: SR_WARNING;
	size_t i;

	for (i = 0; i < SR_NR_CONDITIONS; i++) {
		const struct sr_condition *condition = &sr_conditions[i];
		bool bad = sr_list_has(critical, condition->name);

		if (!bad && !sr_list_has(warning, condition->name))
			continue;
		if (!condition->text && !last_counts)
			continue;
		if (!condition->met(facts, condition->name))
			continue;
		verdict->findings[verdict->nr++] = (struct sr_finding) {
			.condition = condition,
			.health = bad ? SR_HEALTH_CRITICAL : SR_HEALTH_WARNING,
		};
		if (bad)
			verdict->health = SR_HEALTH_CRITICAL;
		else if (verdict->health == SR_HEALTH_OK)
			verdict->health = SR_HEALTH_WARNING;
		if (condition->text)
			sr_append(verdict->text, sizeof(verdict->text),
				  condition->text);
	}
}

static struct json_object *sr_json_finding(const struct sr_finding *finding)
{
	const struct sr_condition *condition = finding->condition;
	struct json_object *object = sr_json_object();
	char text[128];

	snprintf(text, sizeof(text), "the last reset was, or was to be: %s",
		 condition->name);
	sr_json_add(object, "name", sr_json_text(condition->name));
	sr_json_add(object, "status",
		    sr_json_text(sr_health_names[finding->health]));
	sr_json_add(object, "text", sr_json_text(condition->text ?: text));
	return object;
}

static int sr_print_json(const struct sr_facts *facts,
			 const struct sr_verdict *verdict)
{
	struct json_object *object = sr_json_object();
	struct json_object *conditions = sr_json_array();
	size_t i;

	for (i = 0; i < verdict->nr; i++)
		sr_json_append(conditions,
			       sr_json_finding(&verdict->findings[i]));
	sr_json_add(object, "status",
		    sr_json_text(sr_health_names[verdict->health]));
	sr_json_add(object, "exit_status", sr_json_int((int)verdict->health));
	sr_json_add(object, "text", sr_json_text(verdict->text));
	sr_json_add(object, "error", sr_json_text(verdict->error ?: ""));
	sr_json_add(object, "conditions", conditions);
	if (verdict->looked)
		sr_json_add(object, "checks", sr_json_deep(&verdict->deep));
	sr_json_add(object, "numbers",
		    verdict->error ? NULL : sr_json_counts(facts));
	return sr_json_print(object, sr_command_check.name,
			     JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED);
}

static int sr_print_line(const struct sr_facts *facts,
			 const struct sr_verdict *verdict)
{
	char numbers[512] = "";

	if (!verdict->error)
		sr_numbers(facts, numbers, sizeof(numbers));
	sr_end(verdict->health, verdict->text, numbers);
	if (verdict->looked)
		sr_deep_print(&verdict->deep);
	return sr_flush(sr_command_check.name);
}

static void sr_judge_deep(const struct sr_options *options,
			  const struct sr_facts *facts,
			  struct sr_verdict *verdict)
{
	const struct sr_deep *deep = &verdict->deep;
	char text[128];
	unsigned int i;

	verdict->looked = true;
	sr_deep_look(options->root, facts, &verdict->deep);
	for (i = 0; i < deep->nr; i++) {
		enum sr_health health = deep->looks[i].health;

		if (health != SR_HEALTH_WARNING && health != SR_HEALTH_CRITICAL)
			continue;
		snprintf(text, sizeof(text), "see %s", deep->looks[i].name);
		sr_append(verdict->text, sizeof(verdict->text), text);
	}
	if (sr_deep_health(deep) > verdict->health)
		verdict->health = sr_deep_health(deep);
}

static void sr_no_verdict(struct sr_verdict *verdict, const char *error)
{
	verdict->health = SR_HEALTH_UNKNOWN;
	verdict->error = error;
	sr_append(verdict->text, sizeof(verdict->text), error);
}

static int sr_check(const struct sr_options *options, int argc, char **argv)
{
	static struct sr_verdict verdict;
	const char *trouble;
	struct sr_facts facts;
	long long recent = -1;
	int err;

	(void)argc;
	(void)argv;
	sr_facts_read(options->root, &facts);
	trouble = sr_facts_trouble(&facts);
	if (!sr_list_valid("critical", options->critical ?: "") ||
	    !sr_list_valid("warning", options->warning ?: "") ||
	    !sr_recent_valid(options->recent, &recent)) {
		sr_no_verdict(&verdict, "wrong usage");
	} else if (trouble) {
		sr_no_verdict(&verdict, trouble);
	} else {
		sr_append_last(&facts, verdict.text, sizeof(verdict.text));
		sr_append_rehearsal(&facts, verdict.text, sizeof(verdict.text));
		sr_judge(options, &facts,
			 recent < 0 || facts.uptime == SR_NO_NUMBER ||
			 facts.uptime <= recent, &verdict);
		if (options->deep)
			sr_judge_deep(options, &facts, &verdict);
	}
	err = options->json ? sr_print_json(&facts, &verdict) :
			      sr_print_line(&facts, &verdict);
	return err ? SR_HEALTH_UNKNOWN : (int)verdict.health;
}

const struct sr_command sr_command_check = {
	.cmd = SR_CMD_CHECK,
	.name = "check",
	.operands = "",
	.summary = "one line and an exit status for monitoring",
	.about =
	"A plugin for Nagios and its like: one line, with numbers behind \"|\". The exit\n"
	"status is 0 OK, 1 WARNING, 2 CRITICAL or 3 UNKNOWN (no driver, wrong usage).\n"
	"Needs no rights.\n"
	"\n"
	"Conditions of the last reset, what it was or was to be: reboot,\n"
	"emergency-restart, panic, kdump, refused, relaunched, unknown. Conditions of\n"
	"this moment: disabled, spent, policy-host, policy-force, deadman-off, trust-host\n"
	"(the host can forge the record), unattested; of the last rehearsal, which the\n"
	"line tells: rehearsal (it has failed), rehearsal-record (all that failed was\n"
	"the record). \"nothing\" is an empty list.\n"
	"\n"
	"The last reset stays the last one until the next. With --recent it counts only\n"
	"while this boot is young, so that it raises one alarm and not one for ever.\n"
	"\n"
	"With --deep there are more lines, one for each thing looked at, with a command\n"
	"that mends it where there is one: the initial ram disks of this kernel, the next\n"
	"one and the crash kernel, how that is loaded and its memory, kprobes, watchdogs,\n"
	"pvpanic, panic=, sysrq, the last rehearsal, and whether a reset has been made by\n"
	"what runs now. They count whatever the lists say. What cannot be told does not:\n"
	"run it as root.\n",
	.usage = SR_HEALTH_UNKNOWN,
	.run = sr_check,
};
