// SPDX-License-Identifier: GPL-2.0
/* The last reset in words that a person understands. Pure. */
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "last.h"

struct sr_sentence {
	char *text;
	size_t size;
	size_t len;
};

static void __printf(2, 3) sr_say(struct sr_sentence *s, const char *format,
				  ...)
{
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(s->text + s->len, s->size - s->len, format, args);
	va_end(args);
	if (len > 0)
		s->len += (size_t)len;
	if (s->len >= s->size)
		s->len = s->size - 1;
}

static enum svr_reason sr_reason(const char *word)
{
	int reason = sr_word(svr_reason_words, SVR_NR_REASONS, word);

	return reason == SR_UNKNOWN ? SVR_REASON_UNKNOWN :
				      (enum svr_reason)reason;
}

/**
 * sr_last_why - why was the reset asked for?
 * @last: the last reset
 *
 * Return: a word as in last_reset_cause; drivers without that only have the
 * reason, which is "refused" for all that were refused.
 */
const char *sr_last_why(const struct sr_last *last)
{
	return *last->cause ? last->cause : last->reason;
}

/**
 * sr_last_asked_for - was the driver asked for a reset?
 * @last: the last reset
 *
 * Return: true when there was; then it may have a message.
 */
bool sr_last_asked_for(const struct sr_last *last)
{
	return *last->reason && strcmp(sr_last_why(last), "none") &&
	       sr_reason(sr_last_why(last)) != SVR_REASON_UNKNOWN;
}

/**
 * sr_last_orderly - was it an orderly restart?
 * @last: the last reset
 *
 * Return: true when it was. Its message is then the operator's note, the text that
 * reboot(2) brought along, or one that the kernel itself had; which of the three it was
 * is lost.
 */
bool sr_last_orderly(const struct sr_last *last)
{
	return !strcmp(sr_last_why(last), svr_reason_name(SVR_REASON_REBOOT));
}

/**
 * sr_last_dumping - is this the crash kernel, at work on its dump?
 * @facts: what is known
 *
 * Return: whether it is; older drivers have no word for that.
 */
bool sr_last_dumping(const struct sr_facts *facts)
{
	const char *dump = facts->last.dump;

	return !strcmp(dump, svr_dump_name(SVR_DUMP_IN_PROGRESS)) ||
	       (facts->set.capture == 1 &&
		!strcmp(dump, svr_dump_name(SVR_DUMP_UNKNOWN)));
}

/**
 * sr_last_dump_seconds - from the crash to the reset after the dump
 * @last: the last reset
 *
 * Return: so many seconds, or SR_NO_NUMBER.
 */
long long sr_last_dump_seconds(const struct sr_last *last)
{
	if (last->crashed == SR_NO_NUMBER || last->when == SR_NO_NUMBER ||
	    last->crashed > last->when)
		return SR_NO_NUMBER;
	return last->when - last->crashed;
}

static const char *sr_what(const struct sr_facts *facts, const char *word)
{
	int trigger = sr_word(svr_trigger_words, SVR_NR_TRIGGERS,
			      facts->last.trigger);

	if (sr_last_dumping(facts))
		return "a crash";
	if (!strcmp(word, svr_reason_name(SVR_REASON_EMERGENCY)) &&
	    trigger > SVR_TRIGGER_UNKNOWN)
		return svr_trigger_words[trigger].text;
	return sr_word_text(svr_reason_words, SVR_NR_REASONS, word);
}

/* What was it, without when and where */
static void sr_say_what(struct sr_sentence *s, const struct sr_facts *facts,
			const char *word)
{
	const char *text = sr_what(facts, word);

	if (!strcmp(word, "none"))
		sr_say(s, "none is known: %s", text);
	else if (!strcmp(word, "unknown"))
		sr_say(s, "unknown: %s", text);
	else
		sr_say(s, "%s", text ?: word);
}

static void sr_say_when(struct sr_sentence *s, const struct sr_facts *facts)
{
	const struct sr_last *last = &facts->last;
	long long before = facts->boot_time - last->when;
	char span[64];

	if (last->when != SR_NO_NUMBER && facts->boot_time != SR_NO_NUMBER &&
	    before >= 0) {
		sr_duration(before, span, sizeof(span));
		sr_say(s, ", %s before this boot", span);
	} else if (last->when != SR_NO_NUMBER) {
		/* The clock was changed: only what it said then is known */
		sr_say(s, ", at %s", last->time);
	}
	if (last->uptime != SR_NO_NUMBER) {
		sr_duration(last->uptime, span, sizeof(span));
		sr_say(s, ", %s after that boot began", span);
	}
}

/**
 * sr_last_text - the last reset in a sentence
 * @facts: what is known
 * @text:  becomes the sentence, without the full stop
 * @size:  size of @text
 */
void sr_last_text(const struct sr_facts *facts, char *text, size_t size)
{
	struct sr_sentence s = { .text = text, .size = size };
	const struct sr_last *last = &facts->last;
	const char *why = sr_last_why(last);

	*text = '\0';
	if (!*last->reason) {
		sr_say(&s, "the driver does not say");
		return;
	}
	sr_say_what(&s, facts, why);
	if (sr_last_asked_for(last)) {
		if (last->cpu >= 0)
			/* An enumeration has a comma of its own */
			sr_say(&s, "%s on CPU %d", strchr(text, ',') ? "," : "",
			       last->cpu);
		sr_say_when(&s, facts);
	}
	if (strcmp(why, last->reason) && !strcmp(last->reason, "refused"))
		sr_say(&s, "; but %s",
		       svr_reason_words[SVR_REASON_REFUSED].text);
	if (sr_last_dumping(facts))
		sr_say(&s, "; this is its crash kernel");
	if (!strcmp(last->dump, svr_dump_name(SVR_DUMP_INTERRUPTED)))
		sr_say(&s, "; but the dump was interrupted");
	if (!strcmp(last->outcome, "relaunched"))
		sr_say(&s, "; but %s",
		       svr_outcome_words[SVR_OUTCOME_RELAUNCHED].text);
}

/**
 * sr_last_mood - is the last reset good or bad news?
 * @last: the last reset
 *
 * Return: the colour.
 */
enum sr_mood sr_last_mood(const struct sr_last *last)
{
	if (!strcmp(last->outcome, "relaunched"))
		return SR_BAD;
	if (!*last->reason)
		return SR_DOUBTFUL;
	switch (sr_reason(last->reason)) {
	case SVR_REASON_NONE:
	case SVR_REASON_REBOOT:
		return SR_GOOD;
	case SVR_REASON_PANIC:
	case SVR_REASON_KDUMP:
	case SVR_REASON_REFUSED:
		return SR_BAD;
	default:
		return SR_DOUBTFUL;
	}
}
