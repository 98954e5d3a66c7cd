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
	.summary = "show how things stand, and the last reset",
	.about =
	"Shows whether this is an SEV-SNP guest under an SVSM, whether the driver is\n"
	"loaded, how it is set up, and why the machine was reset last. Needs no rights.\n"
	"\n"
	"If something is missing it shows the rest, says in one line what is missing,\n"
	"and fails.\n",
	.usage = SR_EXIT_USAGE,
	.run = sr_status,
};
