// SPDX-License-Identifier: GPL-2.0
/* svsm-reset status */
#include "facts.h"
#include "answer-json.h"
#include "report.h"
#include "tool.h"

static int sr_status(const struct sr_options *options, int argc, char **argv)
{
	const char *name = sr_command_status.name, *trouble;
	struct sr_facts facts;
	int err;

	(void)argc;
	(void)argv;
	sr_facts_read(options->root, &facts);
	trouble = sr_facts_trouble(&facts);
	if (options->json) {
		err = sr_json_print(sr_json_status(&facts), name,
				    JSON_C_TO_STRING_PRETTY |
				    JSON_C_TO_STRING_SPACED);
	} else {
		sr_report_guest(&facts);
		if (!trouble)
			sr_report_last(&facts);
		err = sr_flush(name);
	}
	if (trouble)
		sr_error(name, "%s", trouble);
	return trouble || err ? SR_EXIT_FAILED : SR_EXIT_OK;
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
