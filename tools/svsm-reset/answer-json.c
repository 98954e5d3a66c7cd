// SPDX-License-Identifier: GPL-2.0
/* Facts and answers for programs. What is not known is null. */
#include <stdio.h>
#include <stdlib.h>

#include "answer-json.h"
#include "fleet.h"
#include "last.h"
#include "answer-text.h"
#include "output.h"

/* Nothing sensible is left to do; NULL would come out as null */
static struct json_object *sr_json_have(struct json_object *object)
{
	if (!object) {
		sr_error(NULL, "out of memory");
		exit(1);
	}
	return object;
}

/**
 * sr_json_text - a text
 * @text: the text, printable ASCII; "" is not known
 *
 * Return: the value; NULL, which is null, when it is not known.
 */
struct json_object *sr_json_text(const char *text)
{
	return *text ? sr_json_have(json_object_new_string(text)) : NULL;
}

/**
 * sr_json_int - a number
 * @value: the number, or SR_UNKNOWN
 *
 * Return: the value, NULL when it is not known.
 */
struct json_object *sr_json_int(int value)
{
	return value == SR_UNKNOWN ? NULL :
				     sr_json_have(json_object_new_int(value));
}

/**
 * sr_json_number - a time or a count
 * @value: the number, or SR_NO_NUMBER
 *
 * Return: the value, NULL when it is not known.
 */
struct json_object *sr_json_number(long long value)
{
	return value == SR_NO_NUMBER ? NULL :
				sr_json_have(json_object_new_int64(value));
}

/**
 * sr_json_flag - yes or no
 * @value: 0, something else, or SR_UNKNOWN
 *
 * Return: the value, NULL when it is not known.
 */
struct json_object *sr_json_flag(int value)
{
	return value == SR_UNKNOWN ? NULL :
			sr_json_have(json_object_new_boolean(!!value));
}

/**
 * sr_json_add - put a value into an object
 * @object: the object
 * @key:    its key
 * @value:  the value, which is the object's from here on
 */
void sr_json_add(struct json_object *object, const char *key,
		 struct json_object *value)
{
	if (json_object_object_add(object, key, value))
		sr_json_have(NULL);
}

/**
 * sr_json_object - an empty object
 *
 * Return: the object.
 */
struct json_object *sr_json_object(void)
{
	return sr_json_have(json_object_new_object());
}

/**
 * sr_json_array - an empty array
 *
 * Return: the array.
 */
struct json_object *sr_json_array(void)
{
	return sr_json_have(json_object_new_array());
}

/**
 * sr_json_append - put a value at the end of an array
 * @array: the array
 * @value: the value, which is the array's from here on
 */
void sr_json_append(struct json_object *array, struct json_object *value)
{
	if (json_object_array_add(array, value))
		sr_json_have(NULL);
}

static struct json_object *sr_json_protocol(const struct sr_facts *facts)
{
	struct json_object *object = sr_json_object();

	sr_json_add(object, "id", sr_json_int(facts->protocol));
	sr_json_add(object, "version", sr_json_int(facts->version));
	sr_json_add(object, "supported_versions",
		    sr_json_text(facts->supported));
	return object;
}

static struct json_object *sr_json_next(const struct sr_facts *facts)
{
	const struct sr_next *next = &facts->next;
	struct json_object *object = sr_json_object();
	bool known = !next->error;

	sr_json_add(object, "note", known ?
		    sr_json_have(json_object_new_string(next->note)) : NULL);
	sr_json_add(object, "kept", known ?
		    sr_json_have(json_object_new_string(next->kept)) : NULL);
	return object;
}

static struct json_object *sr_json_fleet(const struct sr_facts *facts)
{
	struct sr_fleet fleet = sr_fleet_words(&facts->last);
	struct json_object *object = sr_json_object();

	sr_json_add(object, "redfish", sr_json_text(fleet.redfish));
	sr_json_add(object, "eve", sr_json_text(fleet.eve));
	sr_json_add(object, "linux", sr_json_text(facts->power_on));
	return object;
}

static struct json_object *sr_json_last(const struct sr_facts *facts)
{
	struct json_object *object = sr_json_object();
	const struct sr_last *last = &facts->last;
	long long before = SR_NO_NUMBER;
	char text[SR_TEXT];

	if (last->when != SR_NO_NUMBER && facts->boot_time != SR_NO_NUMBER &&
	    last->when <= facts->boot_time)
		before = facts->boot_time - last->when;
	sr_json_add(object, "reason", sr_json_text(last->reason));
	sr_json_add(object, "cause", sr_json_text(last->cause));
	sr_json_add(object, "trigger", sr_json_text(last->trigger));
	sr_json_add(object, "outcome", sr_json_text(last->outcome));
	/* An empty message, or list of CPUs, says something: there was none */
	sr_json_add(object, "message", last->hidden ? NULL :
		    sr_json_have(json_object_new_string(last->message)));
	sr_json_add(object, "message_cut", last->hidden ? NULL :
		    sr_json_flag(last->cut));
	/* The same text, of an orderly restart; null: not known, or another reset */
	sr_json_add(object, "note", last->hidden || !sr_last_orderly(last) ?
		    NULL : sr_json_have(json_object_new_string(last->message)));
	sr_json_add(object, "cpu", sr_json_int(last->cpu));
	sr_json_add(object, "not_quiesced",
		    sr_json_have(json_object_new_string(last->cpus)));
	sr_json_add(object, "devices_not_stopped",
		    last->device_count == SR_NO_NUMBER ? NULL :
		    sr_json_have(json_object_new_string(last->devices)));
	sr_json_add(object, "devices_not_stopped_count",
		    sr_json_number(last->device_count));
	sr_json_add(object, "time", sr_json_text(last->time));
	sr_json_add(object, "crash_time", sr_json_text(last->crash_time));
	sr_json_add(object, "dump_seconds",
		    sr_json_number(sr_last_dump_seconds(last)));
	sr_json_add(object, "seconds_before_boot", sr_json_number(before));
	sr_json_add(object, "uptime", sr_json_number(last->uptime));
	sr_json_add(object, "kernel", sr_json_text(last->kernel));
	sr_json_add(object, "result", sr_json_text(last->result));
	sr_json_add(object, "dump", sr_json_text(last->dump));
	sr_last_text(facts, text, sizeof(text));
	sr_json_add(object, "text", sr_json_text(text));
	sr_json_add(object, "elsewhere", sr_json_fleet(facts));
	return object;
}

/**
 * sr_json_counts - the resets so far
 * @facts: what is known
 *
 * Return: an object.
 */
struct json_object *sr_json_counts(const struct sr_facts *facts)
{
	struct json_object *object = sr_json_object();
	int i;

	sr_json_add(object, "total", sr_json_number(facts->count));
	for (i = 0; i < SR_NR_COUNTS; i++)
		sr_json_add(object, sr_count_names[i],
			    sr_json_number(facts->counts[i]));
	return object;
}

/**
 * sr_json_status - what is known
 * @facts: what is known
 *
 * Return: an object.
 */
struct json_object *sr_json_status(const struct sr_facts *facts)
{
	const struct sr_settings *set = &facts->set;
	struct json_object *object = sr_json_object();
	struct json_object *record = sr_json_object();
	const char *trouble = sr_facts_trouble(facts);

	sr_json_add(object, "snp", sr_json_flag(set->snp));
	sr_json_add(object, "vmpl", sr_json_int(set->vmpl));
	sr_json_add(object, "module_loaded", sr_json_flag(set->loaded));
	sr_json_add(object, "module_hindrance", sr_json_text(set->loaded ? "" :
			sr_module_word(sr_module_hindrance(&facts->module))));
	sr_json_add(object, "module_log",
		    sr_json_text(facts->module.refused));
	sr_json_add(object, "crash_kernel", sr_json_flag(set->capture));
	sr_json_add(object, "error", sr_json_text(trouble ?: ""));
	if (trouble) {
		json_object_put(record);
		return object;
	}
	sr_json_add(object, "protocol", sr_json_protocol(facts));
	sr_json_add(object, "state", sr_json_text(facts->state));
	sr_json_add(object, "enabled", sr_json_flag(set->enabled));
	sr_json_add(object, "ap_policy", sr_json_text(facts->policy));
	sr_json_add(object, "device_policy", sr_json_text(facts->device_policy));
	sr_json_add(object, "deadman", sr_json_int(set->deadman));
	sr_json_add(object, "next_reset", sr_json_next(facts));
	sr_json_add(object, "rehearsal", sr_json_rehearsal(facts));
	sr_json_add(object, "last_reset", sr_json_last(facts));
	sr_json_add(object, "resets", sr_json_counts(facts));
	sr_json_add(record, "store", sr_json_text(facts->store));
	sr_json_add(record, "trust", sr_json_text(facts->trust));
	sr_json_add(object, "record", record);
	sr_json_add(object, "power_on_reason", sr_json_text(facts->power_on));
	return object;
}

static struct json_object *sr_json_settings(const struct sr_facts *facts)
{
	const struct sr_settings *set = &facts->set;
	struct json_object *object = sr_json_object();

	sr_json_add(object, "panic", sr_json_int(set->panic));
	sr_json_add(object, "panic_on_oops", sr_json_int(set->panic_on_oops));
	sr_json_add(object, "panic_on_rcu_stall",
		    sr_json_int(set->panic_on_stall));
	sr_json_add(object, "sysrq", sr_json_int(set->sysrq));
	sr_json_add(object, "soft_watchdog", sr_json_int(set->soft_watchdog));
	sr_json_add(object, "softlockup_panic",
		    sr_json_int(set->softlockup_panic));
	sr_json_add(object, "nmi_watchdog", sr_json_int(set->nmi_watchdog));
	sr_json_add(object, "hardlockup_panic",
		    sr_json_int(set->hardlockup_panic));
	sr_json_add(object, "watchdog_thresh",
		    sr_json_int(set->watchdog_thresh));
	sr_json_add(object, "kexec_crash_loaded",
		    sr_json_flag(set->crash_loaded));
	sr_json_add(object, "crash_kexec_post_notifiers",
		    sr_json_flag(set->post_notifiers));
	sr_json_add(object, "panic_force_cpu", sr_json_int(set->panic_cpu));
	sr_json_add(object, "kprobes", sr_json_flag(set->kprobes));
	sr_json_add(object, "ftrace_enabled", sr_json_flag(set->ftrace));
	sr_json_add(object, "reboot_cpu", sr_json_int(set->reboot_cpu));
	sr_json_add(object, "reboot_force", sr_json_flag(set->reboot_force));
	sr_json_add(object, "kdump", sr_json_flag(set->kdump));
	sr_json_add(object, "delete_vcpu", sr_json_flag(set->delete_vcpu));
	sr_json_add(object, "allow_unattested", sr_json_flag(set->unattested));
	sr_json_add(object, "cpus_online", sr_json_text(facts->online));
	sr_json_add(object, "cpus_offline",
		    set->offline == SR_UNKNOWN ? NULL :
		    sr_json_have(json_object_new_string(facts->offline)));
	return object;
}

static struct json_object *sr_json_answer(const struct sr_facts *facts,
					  enum sr_question question)
{
	struct sr_answer answer = sr_answer(&facts->set, question);
	struct json_object *object = sr_json_object();
	struct json_object *because = sr_json_array();
	char text[SR_WHY_TEXT];
	unsigned int i;

	sr_json_add(object, "what",
		    sr_json_text(sr_question_words[question].text));
	sr_json_add(object, "outcome",
		    sr_json_text(sr_way_words[answer.way].word));
	sr_json_add(object, "text", sr_json_text(sr_way_words[answer.way].text));
	for (i = 0; i < answer.nr; i++) {
		sr_why_text(facts, answer.why[i], text, sizeof(text));
		sr_json_append(because, sr_json_text(text));
	}
	sr_json_add(object, "because", because);
	return object;
}

static struct json_object *sr_json_thing(const struct sr_facts *facts,
					 enum sr_thing thing)
{
	struct json_object *object = sr_json_object();
	char text[SR_WHY_TEXT];

	sr_json_add(object, "what", sr_json_text(sr_thing_words[thing].text));
	sr_json_add(object, "forgeable_by",
		    sr_json_text(sr_forger_words[sr_forger(&facts->set,
							   thing)].word));
	sr_thing_text(facts, thing, text, sizeof(text));
	sr_json_add(object, "text", sr_json_text(text));
	return object;
}

static struct json_object *sr_json_left_list(const struct sr_left_list *list)
{
	struct json_object *object, *names;
	int i;

	if (list->count == SR_UNKNOWN)
		return NULL;
	object = sr_json_object();
	names = sr_json_array();
	for (i = 0; i < list->count && i < SR_LEFT_NAMES; i++)
		sr_json_append(names, sr_json_text(list->names[i]));
	sr_json_add(object, "count", sr_json_int(list->count));
	sr_json_add(object, "names", names);
	return object;
}

static struct json_object *sr_json_left(const struct sr_facts *facts)
{
	struct json_object *object = sr_json_object();
	char text[SR_TEXT];

	sr_left_text(facts, text, sizeof(text));
	sr_json_add(object, "text", sr_json_text(text));
	sr_json_add(object, "pci", sr_json_left_list(&facts->left.pci));
	sr_json_add(object, "watchdogs",
		    sr_json_left_list(&facts->left.watchdogs));
	return object;
}

/**
 * sr_json_explain - what is known, what follows from it, and what it is worth
 * @facts: what is known
 *
 * Return: an object, that of sr_json_status() and more.
 */
struct json_object *sr_json_explain(const struct sr_facts *facts)
{
	struct json_object *object = sr_json_status(facts);
	struct json_object *at = sr_json_object();
	struct json_object *trust = sr_json_object();
	int i;

	for (i = 0; i < SR_NR_QUESTIONS; i++)
		sr_json_add(at, sr_question_words[i].word,
			    sr_json_answer(facts, (enum sr_question)i));
	for (i = 0; i < SR_NR_THINGS; i++)
		sr_json_add(trust, sr_thing_words[i].word,
			    sr_json_thing(facts, (enum sr_thing)i));
	sr_json_add(object, "at", at);
	sr_json_add(object, "left", facts->set.loaded == 1 ?
		    sr_json_left(facts) : NULL);
	sr_json_add(object, "trust", trust);
	sr_json_add(object, "settings", sr_json_settings(facts));
	return object;
}

/**
 * sr_json_print - print an object and be done with it
 * @object:  the object
 * @command: for the error, which is printed
 * @flags:   JSON_C_TO_STRING_*
 *
 * Return: 0, or -1 when it could not be written.
 */
int sr_json_print(struct json_object *object, const char *command, int flags)
{
	flags |= JSON_C_TO_STRING_NOSLASHESCAPE;
	puts(json_object_to_json_string_ext(object, flags));
	json_object_put(object);
	return sr_flush(command);
}
