// SPDX-License-Identifier: GPL-2.0
/*
 * svsm-reset - the reset of an SEV-SNP guest through its SVSM, from outside of
 * the kernel: what happened last, what would happen next, and its settings.
 */
#include <stdio.h>
#include <string.h>

#include "sysfs.h"
#include "tool.h"

/* What stands before /sys without --sysfs-root */
static const char sr_running[] = "";

static const struct sr_command * const sr_commands[] = {
	&sr_command_status,
	&sr_command_explain,
	&sr_command_check,
	&sr_command_set,
	&sr_command_note,
	&sr_command_events,
	&sr_command_rehearse,
};

#define SR_NR_COMMANDS	(sizeof(sr_commands) / sizeof(*sr_commands))

static int sr_version(void)
{
	printf("svsm-reset %s\n", SR_VERSION);
	return sr_flush(NULL) ? SR_EXIT_FAILED : SR_EXIT_OK;
}

static int sr_help(void)
{
	size_t i;

	printf("Usage: svsm-reset [OPTION]... COMMAND [ARGUMENT]...\n"
	       "Shows, explains and sets up the reset of this SEV-SNP guest through its SVSM.\n"
	       "\nCommands:\n");
	for (i = 0; i < SR_NR_COMMANDS; i++)
		printf("  %-10s %s\n", sr_commands[i]->name,
		       sr_commands[i]->summary);
	printf("\nFor more about a command: svsm-reset COMMAND --help\n\n");
	sr_options_help(SR_CMD_NONE);
	printf("\nExit status: 0 success, 1 failure, 2 wrong usage; check has its own.\n");
	return sr_flush(NULL) ? SR_EXIT_FAILED : SR_EXIT_OK;
}

static int sr_command_help(const struct sr_command *command)
{
	printf("Usage: svsm-reset %s [OPTION]...%s%s\n", command->name,
	       *command->operands ? " " : "", command->operands);
	printf("%c%s.\n\n%s\n", command->summary[0] & ~0x20,
	       command->summary + 1, command->about);
	sr_options_help(command->cmd);
	return sr_flush(command->name) ? SR_EXIT_FAILED : SR_EXIT_OK;
}

static const struct sr_command *sr_find(const char *name)
{
	size_t i;

	for (i = 0; i < SR_NR_COMMANDS; i++)
		if (!strcmp(sr_commands[i]->name, name))
			return sr_commands[i];
	return NULL;
}

static int sr_run(const struct sr_command *command, int argc, char **argv,
		  struct sr_options *options)
{
	/* What getopt_long() says begins with it */
	char name[64];
	int first;

	snprintf(name, sizeof(name), "svsm-reset %s", command->name);
	argv[0] = name;
	first = sr_options_parse(command, argc, argv, options);
	if (first < 0)
		return command->usage;
	if (options->help)
		return sr_command_help(command);
	/* Otherwise every file would be missing, as on a machine that is no SEV-SNP guest */
	if (options->root != sr_running && !sr_is_directory(options->root)) {
		sr_error(command->name,
			 "--sysfs-root: there is no directory \"%s\"",
			 options->root);
		return command->usage;
	}
	sr_output_init(options->color);
	return command->run(options, argc - first, argv + first);
}

int main(int argc, char **argv)
{
	struct sr_options options = { .root = sr_running };
	char name[] = "svsm-reset";
	const struct sr_command *command;
	int first;

	if (argc < 1)
		return SR_EXIT_USAGE;
	argv[0] = name;
	first = sr_options_parse(NULL, argc, argv, &options);
	if (first < 0)
		return SR_EXIT_USAGE;
	if (options.version)
		return sr_version();
	if (options.help)
		return sr_help();
	if (first == argc) {
		sr_error(NULL, "no command; try \"svsm-reset --help\"");
		return SR_EXIT_USAGE;
	}
	command = sr_find(argv[first]);
	if (!command) {
		sr_error(NULL, "no command \"%s\"; try \"svsm-reset --help\"",
			 argv[first]);
		return SR_EXIT_USAGE;
	}
	return sr_run(command, argc - first, argv + first, &options);
}
