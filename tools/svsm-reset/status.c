// SPDX-License-Identifier: GPL-2.0
/* svsm-reset status */
#include "answer-json.h"
#include "facts.h"
#include "report.h"
#include "tool.h"

static int sr_status(const struct sr_options *options, int argc, char **argv)
{
	const struct sr_report report = {
		.name = sr_command_status.name,
		.json = sr_json_status,
	};
	struct sr_facts facts;

	(void)argc;
	(void)argv;
	sr_facts_read(options->root, &facts);
	return sr_report(&report, options, &facts);
}

const struct sr_command sr_command_status = {
	.cmd = SR_CMD_STATUS,
	.name = "status",
	.operands = "",
	.summary = "tell how things stand, and of the last reset",
	.about =
	"Is this an SEV-SNP guest under an SVSM, is the driver there, how is it set\n"
	"up, and why was the machine reset last. Needs no rights.\n"
	"\n"
	"Fails, after what it can tell, with one line that says what is missing.\n",
	.usage = SR_EXIT_USAGE,
	.run = sr_status,
};
