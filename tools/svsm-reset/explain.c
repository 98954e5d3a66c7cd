// SPDX-License-Identifier: GPL-2.0
/* svsm-reset explain */
#include <stdio.h>

#include "answer-json.h"
#include "facts.h"
#include "answer-text.h"
#include "report.h"
#include "tool.h"

static enum sr_mood sr_way_mood(enum sr_way way)
{
	switch (way) {
	case SR_WAY_SVSM:
	case SR_WAY_CRASH_KERNEL:
		return SR_GOOD;
	case SR_WAY_UNKNOWN:
	case SR_WAY_HOST_DECIDES:
	case SR_WAY_GOES_ON:
		return SR_DOUBTFUL;
	default:
		return SR_BAD;
	}
}

static void sr_explain_answers(const struct sr_facts *facts)
{
	char text[SR_WHY_TEXT];
	unsigned int nr;
	int i;

	sr_heading("What would happen now");
	for (i = 0; i < SR_NR_QUESTIONS; i++) {
		struct sr_answer answer =
			sr_answer(&facts->set, (enum sr_question)i);

		sr_line(SR_PLAIN, sr_question_words[i].word, "%s",
			sr_question_words[i].text);
		sr_item(sr_way_mood(answer.way), "=>",
			sr_way_words[answer.way].text);
		for (nr = 0; nr < answer.nr; nr++) {
			sr_why_text(facts, answer.why[nr], text,
				    sizeof(text));
			sr_item(SR_PLAIN, "-", text);
		}
	}
}

static void sr_explain_trust(const struct sr_facts *facts)
{
	static const enum sr_mood moods[SR_NR_FORGERS] = {
		[SR_FORGER_UNKNOWN] = SR_DOUBTFUL,
		[SR_FORGER_HOST] = SR_DOUBTFUL,
	};
	char text[SR_WHY_TEXT];
	int i;

	sr_heading("Who could forge it");
	for (i = 0; i < SR_NR_THINGS; i++) {
		enum sr_forger forger =
			sr_forger(&facts->set, (enum sr_thing)i);

		sr_line(SR_PLAIN, sr_thing_words[i].word, "%s",
			sr_thing_words[i].text);
		sr_item(moods[forger], "=>", sr_forger_words[forger].text);
		sr_thing_text(facts, (enum sr_thing)i, text, sizeof(text));
		sr_item(SR_PLAIN, "-", text);
	}
}

/* Only a reset through the SVSM leaves any of it to the driver */
static void sr_explain_left(const struct sr_facts *facts)
{
	char text[SR_TEXT];
	bool some;

	if (facts->set.loaded != 1 || !facts->set.enabled)
		return;
	some = sr_left_text(facts, text, sizeof(text));
	sr_heading("What a reset through the SVSM would leave alive");
	sr_line(some ? SR_DOUBTFUL : SR_GOOD, "left", "%s", text);
}

static void sr_explain_more(const struct sr_facts *facts)
{
	sr_explain_answers(facts);
	sr_explain_left(facts);
	sr_explain_trust(facts);
}

static int sr_explain(const struct sr_options *options, int argc, char **argv)
{
	const struct sr_report report = {
		.name = sr_command_explain.name,
		.json = sr_json_explain,
		.more = sr_explain_more,
	};
	const char *trouble;
	struct sr_facts facts;

	(void)argc;
	(void)argv;
	sr_facts_read(options->root, &facts);
	trouble = sr_facts_trouble(&facts);
	/* The rules hold only in an SEV-SNP guest under an SVSM */
	if (trouble && !(facts.set.snp == 1 && facts.set.vmpl)) {
		sr_error(report.name, "%s", trouble);
		return SR_EXIT_FAILED;
	}
	return sr_report(&report, options, &facts);
}

const struct sr_command sr_command_explain = {
	.cmd = SR_CMD_EXPLAIN,
	.name = "explain",
	.operands = "",
	.summary = "show what would happen now, and what can be trusted",
	.about =
	"Prints what status does, then what would happen at a reboot, a panic, sysrq-b,\n"
	"an oops and when a CPU hangs. The rules of kernel and driver decide that, from\n"
	"the settings that both have at this moment. Then what a reset would leave alive\n"
	"that the driver does not stop: PCI devices out of reach, and watchdogs. Last\n"
	"it says who could forge what is shown. Needs no rights.\n",
	.usage = SR_EXIT_USAGE,
	.run = sr_explain,
};
