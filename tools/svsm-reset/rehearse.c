// SPDX-License-Identifier: GPL-2.0
/* svsm-reset rehearse: have the driver try the parts of a reset, and show what came of it */
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

#include "answer-json.h"
#include "cpulist.h"
#include "facts.h"
#include "tool.h"

/* The driver tries a hand-over only from a CPU that is not the boot CPU (mostly the first) */
static void sr_leave_first_cpu(const struct sr_facts *facts)
{
	static struct sr_cpus online;
	cpu_set_t cpus;
	int cpu;

	if (!sr_cpus_parse(&online, facts->online))
		return;
	for (cpu = CPU_SETSIZE - 1; cpu > 0; cpu--)
		if (online.has[cpu])
			break;
	CPU_ZERO(&cpus);
	CPU_SET(cpu, &cpus);
	/* If the affinity may not be changed, the driver tries from the current CPU */
	sched_setaffinity(0, sizeof(cpus), &cpus);
}

static void sr_rehearse_refused(const struct sr_facts *facts, int err)
{
	const char *command = sr_command_rehearse.name;

	switch (err) {
	case -EACCES:
	case -EPERM:
		sr_error(command, "this needs root");
		break;
	case -ENOENT:
		sr_error(command,
			 "this driver does not have that, it is older than this tool");
		break;
	case -EALREADY:
		sr_error(command, "refused: another rehearsal is under way");
		break;
	case -EBUSY:
		sr_error(command,
			 "refused: a reset, a panic or a shutdown has begun, or a reset has failed in this boot (state: %s)",
			 facts->state);
		break;
	case -EOPNOTSUPP:
		sr_error(command, facts->set.enabled ?
			 "refused: this is a crash kernel, which has a dump to write" :
			 "refused: resets by the SVSM are disabled; try \"svsm-reset set enabled=1\"");
		break;
	case -ECANCELED:
		sr_error(command,
			 "it gave way to a reset, a panic or a shutdown, or resets were disabled");
		break;
	default:
		sr_error(command, "%s", strerror(-err));
		break;
	}
}

static void sr_rehearse_step(const struct sr_rehearsal *r, enum svr_step step)
{
	static const enum sr_mood moods[SVR_NR_CHECKS] = {
		[SVR_CHECK_OK] = SR_GOOD,
		[SVR_CHECK_FAILED] = SR_BAD,
		[SVR_CHECK_SKIPPED] = SR_PLAIN,
		[SVR_CHECK_GAVE_WAY] = SR_DOUBTFUL,
	};
	const char *label = svr_step_words[step].word;
	int check = r->steps[step];

	if (check == SR_UNKNOWN)
		sr_line(SR_DOUBTFUL, label, "unknown");
	else
		sr_line(moods[check], label, "%s: %s", svr_check_words[check].word,
			check == SVR_CHECK_OK ? svr_step_words[step].text :
						svr_check_words[check].text);
}

static void sr_rehearse_print(const struct sr_facts *facts)
{
	const struct sr_rehearsal *r = &facts->rehearsal;
	char text[SR_TEXT];
	int i;

	sr_heading("Rehearsal");
	for (i = 0; i < SVR_NR_STEPS; i++)
		sr_rehearse_step(r, (enum svr_step)i);
	sr_line(SR_PLAIN, "stores", "%s", *r->stores ? r->stores : "none");
	if (r->took_us != SR_NO_NUMBER)
		sr_line(SR_PLAIN, "took", "%lld us", r->took_us);
	sr_line(SR_PLAIN, "CPUs", "%s", *r->cpus ? r->cpus : "none");
	sr_rehearsal_text(facts, text, sizeof(text));
	sr_line(r->result == SVR_CHECK_OK ? SR_GOOD : SR_BAD, "result", "%s",
		text);
	if (*sr_rehearsal_mend(r))
		sr_item(SR_PLAIN, "=>", sr_rehearsal_mend(r));
	sr_line(SR_PLAIN, "not tried",
		"that CPUs halt, that devices stop, and the call itself: a reboot, while it does not matter, shows them");
}

static int sr_rehearse_tell(const struct sr_options *options,
			    const struct sr_facts *facts)
{
	const char *command = sr_command_rehearse.name;
	int err;

	/* Ask the driver: a write that succeeds proves nothing */
	if (facts->rehearsal.done != 1) {
		sr_error(command, "the driver does not tell what came of it");
		return SR_EXIT_FAILED;
	}
	if (options->json) {
		err = sr_json_print(sr_json_rehearsal(facts), command,
				    JSON_C_TO_STRING_PRETTY |
				    JSON_C_TO_STRING_SPACED);
	} else {
		sr_rehearse_print(facts);
		err = sr_flush(command);
	}
	return err || facts->rehearsal.result != SVR_CHECK_OK ? SR_EXIT_FAILED :
								 SR_EXIT_OK;
}

static int sr_rehearse(const struct sr_options *options, int argc, char **argv)
{
	struct sr_facts facts;
	int err;

	(void)argc;
	(void)argv;
	if (!sr_facts_ready(options->root, sr_command_rehearse.name, &facts))
		return SR_EXIT_FAILED;
	sr_leave_first_cpu(&facts);
	err = sr_write(options->root, SR_DEVICE "/rehearse", "1");
	sr_facts_read(options->root, &facts);
	if (err) {
		sr_rehearse_refused(&facts, err);
		return SR_EXIT_FAILED;
	}
	return sr_rehearse_tell(options, &facts);
}

const struct sr_command sr_command_rehearse = {
	.cmd = SR_CMD_REHEARSE,
	.name = "rehearse",
	.operands = "",
	.summary = "try the parts of a reset, and reset nothing",
	.about =
	"Has the driver try what a reset needs, and stops nothing: it asks the SVSM for\n"
	"the protocol and the service again, writes to the record's stores what they\n"
	"already have, has the boot processor ask the SVSM for another CPU, and sends an\n"
	"NMI to each other CPU, which it has to answer within a second. A reset or a\n"
	"panic that begins meanwhile comes first.\n"
	"\n"
	"Fails if a part does not work, and says what may mend it. check and status show\n"
	"the last result, until the module is unloaded. Needs root. Refused, before\n"
	"anything is touched, where resets are disabled, one has begun, or a crash kernel\n"
	"runs.\n",
	.usage = SR_EXIT_USAGE,
	.run = sr_rehearse,
};
