// SPDX-License-Identifier: GPL-2.0
/* The last rehearsal: what the driver's line says, in words, and what mends it. Pure. */
#include <stdio.h>
#include <string.h>

#include "answer-json.h"
#include "facts.h"
#include "output.h"

#define SR_LOAD_ANEW	"modprobe -r svsm_reset && modprobe svsm_reset"

static long long sr_rehearsal_number(const char *value)
{
	long long number;

	return sr_number(value, 0, LLONG_MAX, &number) ? number : SR_NO_NUMBER;
}

/* Keys that a newer driver adds are passed over */
static void sr_rehearsal_take(const char *key, const char *value,
			      struct sr_rehearsal *r)
{
	int step = sr_word(svr_step_words, SVR_NR_STEPS, key);

	if (step != SR_UNKNOWN)
		r->steps[step] = sr_word(svr_check_words, SVR_NR_CHECKS, value);
	else if (!strcmp(key, "result"))
		r->result = sr_word(svr_check_words, SVR_NR_CHECKS, value);
	else if (!strcmp(key, "time") && strcmp(value, "unknown"))
		snprintf(r->time, sizeof(r->time), "%s", value);
	else if (!strcmp(key, "uptime"))
		r->uptime = sr_rehearsal_number(value);
	else if (!strcmp(key, "took_us"))
		r->took_us = sr_rehearsal_number(value);
	else if (!strcmp(key, "stores"))
		snprintf(r->stores, sizeof(r->stores), "%s", value);
	else if (!strcmp(key, "cpus"))
		snprintf(r->cpus, sizeof(r->cpus), "%s", value);
	else if (!strcmp(key, "silent"))
		snprintf(r->silent, sizeof(r->silent), "%s", value);
}

/**
 * sr_rehearsal_parse - take the driver's line apart
 * @line:      "none", or words with values; "" when it could not be read
 * @rehearsal: becomes what it says
 */
void sr_rehearsal_parse(const char *line, struct sr_rehearsal *rehearsal)
{
	char text[SR_TEXT], *rest = text, *word;
	int i;

	*rehearsal = (struct sr_rehearsal) {
		.done = strcmp(line, "none") ? SR_UNKNOWN : 0,
		.result = SR_UNKNOWN,
		.uptime = SR_NO_NUMBER,
		.took_us = SR_NO_NUMBER,
	};
	for (i = 0; i < SVR_NR_STEPS; i++)
		rehearsal->steps[i] = SR_UNKNOWN;
	snprintf(text, sizeof(text), "%s", line);
	while ((word = strsep(&rest, " "))) {
		char *value = strchr(word, '=');

		if (!value)
			continue;
		*value++ = '\0';
		sr_rehearsal_take(word, value, rehearsal);
	}
	if (rehearsal->result != SR_UNKNOWN)
		rehearsal->done = 1;
}

/**
 * sr_rehearsal_age - how long ago was it?
 * @facts: what is known
 *
 * Return: seconds, or SR_NO_NUMBER.
 */
long long sr_rehearsal_age(const struct sr_facts *facts)
{
	long long uptime = facts->rehearsal.uptime;

	if (uptime == SR_NO_NUMBER || facts->uptime == SR_NO_NUMBER ||
	    uptime > facts->uptime)
		return SR_NO_NUMBER;
	return facts->uptime - uptime;
}

static bool sr_rehearsal_failed(const struct sr_rehearsal *r, enum svr_step step)
{
	return r->steps[step] == SVR_CHECK_FAILED;
}

/**
 * sr_rehearsal_health - how bad is what it has found?
 * @rehearsal: the last one
 *
 * Without a record a reset goes on; without anything else it may not come about.
 *
 * Return: SR_HEALTH_OK also when there was none, or when it gave way to a reset.
 */
enum sr_health sr_rehearsal_health(const struct sr_rehearsal *rehearsal)
{
	int i;

	if (rehearsal->done == SR_UNKNOWN)
		return SR_HEALTH_UNKNOWN;
	if (!rehearsal->done || rehearsal->result != SVR_CHECK_FAILED)
		return SR_HEALTH_OK;
	for (i = 0; i < SVR_NR_STEPS; i++)
		if (i != SVR_STEP_RECORD &&
		    sr_rehearsal_failed(rehearsal, (enum svr_step)i))
			return SR_HEALTH_CRITICAL;
	return sr_rehearsal_failed(rehearsal, SVR_STEP_RECORD) ?
		SR_HEALTH_WARNING : SR_HEALTH_CRITICAL;
}

static size_t sr_rehearsal_add(char *text, size_t size, size_t len,
			       const char *mark, const char *what)
{
	int more = len < size ? snprintf(text + len, size - len, "%s%s", mark,
					 what) : 0;

	return len + (size_t)(more > 0 ? more : 0);
}

/* What did not work, one after the other */
static void sr_rehearsal_faults(const struct sr_rehearsal *r, char *text,
				size_t size, size_t len)
{
	static const char * const faults[SVR_NR_STEPS] = {
		[SVR_STEP_VERSION] = "the SVSM does not have the protocol as it had at load",
		[SVR_STEP_SERVICE] = "the SVSM does not vouch for the reboot service",
		[SVR_STEP_RECORD] = "the record of a reset would not be kept",
		[SVR_STEP_HANDOVER] = "the boot processor did not ask the SVSM",
		[SVR_STEP_NMI] = "an NMI was not answered by CPU",
	};
	const char *mark = ": ";
	int i;

	for (i = 0; i < SVR_NR_STEPS; i++) {
		if (!sr_rehearsal_failed(r, (enum svr_step)i))
			continue;
		len = sr_rehearsal_add(text, size, len, mark, faults[i]);
		if (i == SVR_STEP_NMI)
			len = sr_rehearsal_add(text, size, len, " ", r->silent);
		if (i == SVR_STEP_RECORD && *r->stores) {
			len = sr_rehearsal_add(text, size, len, " (", r->stores);
			len = sr_rehearsal_add(text, size, len, ")", "");
		}
		mark = ", ";
	}
}

/**
 * sr_rehearsal_text - what came of it, and when that was
 * @facts: what is known
 * @text:  becomes the words
 * @size:  size of @text
 */
void sr_rehearsal_text(const struct sr_facts *facts, char *text, size_t size)
{
	static const char * const says[SVR_NR_CHECKS] = {
		[SVR_CHECK_OK] = "passed",
		[SVR_CHECK_FAILED] = "failed",
		[SVR_CHECK_SKIPPED] = "passed",
		[SVR_CHECK_GAVE_WAY] = "gave way to a reset, a panic or a shutdown",
	};
	const struct sr_rehearsal *r = &facts->rehearsal;
	long long age = sr_rehearsal_age(facts);
	char span[64];
	size_t len;

	if (r->done != 1) {
		snprintf(text, size, "%s", r->done ? "unknown" :
			 "none since the module was loaded");
		return;
	}
	len = sr_rehearsal_add(text, size, 0, "", says[r->result]);
	if (age != SR_NO_NUMBER) {
		sr_duration(age, span, sizeof(span));
		len = sr_rehearsal_add(text, size, len, " ", span);
		len = sr_rehearsal_add(text, size, len, " ago", "");
	}
	sr_rehearsal_faults(r, text, size, len);
}

/**
 * sr_rehearsal_mend - what can be done about it?
 * @rehearsal: the last one
 *
 * Return: a command, or "".
 */
const char *sr_rehearsal_mend(const struct sr_rehearsal *rehearsal)
{
	static const char * const mends[SVR_NR_STEPS] = {
		[SVR_STEP_VERSION] = SR_LOAD_ANEW,
		[SVR_STEP_SERVICE] = SR_LOAD_ANEW,
		[SVR_STEP_RECORD] = SR_LOAD_ANEW,
		/* The command shows where each CPU is; a CPU that takes no NMI stays silent */
		[SVR_STEP_HANDOVER] = "echo l > /proc/sysrq-trigger",
		[SVR_STEP_NMI] = "svsm-reset set ap_policy=host",
	};
	int i;

	/* The last ones are the worst */
	for (i = SVR_NR_STEPS - 1; i >= 0; i--)
		if (sr_rehearsal_failed(rehearsal, (enum svr_step)i))
			return mends[i];
	return "";
}

static const char *sr_check_word(int check)
{
	return check == SR_UNKNOWN ? "" : svr_check_words[check].word;
}

/**
 * sr_json_rehearsal - the last rehearsal, for programs
 * @facts: what is known
 *
 * Return: an object; NULL, which is null, where there has been none, or that is not known.
 */
struct json_object *sr_json_rehearsal(const struct sr_facts *facts)
{
	const struct sr_rehearsal *r = &facts->rehearsal;
	struct json_object *object, *steps;
	char text[SR_TEXT];
	int i;

	if (r->done != 1)
		return NULL;
	object = sr_json_object();
	steps = sr_json_object();
	for (i = 0; i < SVR_NR_STEPS; i++)
		sr_json_add(steps, svr_step_words[i].word,
			    sr_json_text(sr_check_word(r->steps[i])));
	sr_rehearsal_text(facts, text, sizeof(text));
	sr_json_add(object, "result", sr_json_text(sr_check_word(r->result)));
	sr_json_add(object, "text", sr_json_text(text));
	sr_json_add(object, "mend", sr_json_text(sr_rehearsal_mend(r)));
	sr_json_add(object, "time", sr_json_text(r->time));
	sr_json_add(object, "seconds_ago",
		    sr_json_number(sr_rehearsal_age(facts)));
	sr_json_add(object, "took_us", sr_json_number(r->took_us));
	sr_json_add(object, "steps", steps);
	sr_json_add(object, "stores", sr_json_text(r->stores));
	sr_json_add(object, "cpus", sr_json_text(r->cpus));
	sr_json_add(object, "not_answered", sr_json_text(r->silent));
	return object;
}
