// SPDX-License-Identifier: GPL-2.0
/* The options of all commands: one table for getopt_long() and for --help. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tool.h"

#define SR_CMD_REPORT	(SR_CMD_STATUS | SR_CMD_EXPLAIN | SR_CMD_EVENTS)
#define SR_CMD_ANY	(SR_CMD_REPORT | SR_CMD_CHECK | SR_CMD_SET | SR_CMD_NOTE | \
			 SR_CMD_REHEARSE)

/* Long options without a letter */
enum {
	SR_OPT_ONCE = 256,
	SR_OPT_DEEP,
	SR_OPT_ROOT,
	SR_OPT_COLOR,
};

/**
 * struct sr_option - one option
 * @name:     after "--"
 * @letter:   after "-", or SR_OPT_*
 * @arg:      name of its argument, or NULL
 * @commands: who takes it
 * @help:     what it does, lines
 */
struct sr_option {
	const char *name;
	int letter;
	const char *arg;
	unsigned int commands;
	const char *help;
};

static const struct sr_option sr_options[] = {
	{ "json", 'j', NULL, SR_CMD_REPORT | SR_CMD_CHECK | SR_CMD_REHEARSE,
	  "print JSON" },
	{ "once", SR_OPT_ONCE, NULL, SR_CMD_EVENTS,
	  "print how things stand, and do not wait for events" },
	{ "deep", SR_OPT_DEEP, NULL, SR_CMD_CHECK,
	  "look as well into initial ram disks, at the crash\n"
	  "kernel, watchdogs and more; a line for each" },
	{ "color", SR_OPT_COLOR, "WHEN",
	  SR_CMD_STATUS | SR_CMD_EXPLAIN | SR_CMD_REHEARSE,
	  "auto (default): on a terminal, unless NO_COLOR is set\n"
	  "or TERM is dumb; always; never" },
	{ "critical", 'c', "LIST", SR_CMD_CHECK,
	  "what is CRITICAL, separated by commas (default:\n"
	  "panic,kdump,refused,relaunched,\n"
	  "rehearsal)" },
	{ "warning", 'w', "LIST", SR_CMD_CHECK,
	  "what is a WARNING (default: emergency-restart,\n"
	  "unknown,disabled,spent,policy-force,\n"
	  "rehearsal-record)" },
	{ "recent", 'r', "SECONDS", SR_CMD_CHECK,
	  "let the last reset count only in a younger boot" },
	{ "sysfs-root", SR_OPT_ROOT, "DIR", SR_CMD_ANY | SR_CMD_NONE,
	  "read DIR/sys, DIR/proc, DIR/dev and DIR/lib, for\n"
	  "example a copy that somebody has sent" },
	{ "help", 'h', NULL, SR_CMD_ANY | SR_CMD_NONE,
	  "print this help" },
	{ "version", 'V', NULL, SR_CMD_NONE,
	  "print the version" },
};

#define SR_NR_OPTIONS	(sizeof(sr_options) / sizeof(*sr_options))

static int sr_color_parse(const char *text, enum sr_color *color)
{
	static const char * const words[] = {
		[SR_COLOR_AUTO] = "auto",
		[SR_COLOR_ALWAYS] = "always",
		[SR_COLOR_NEVER] = "never",
	};
	unsigned int i;

	for (i = 0; i < sizeof(words) / sizeof(*words); i++) {
		if (!strcmp(words[i], text)) {
			*color = (enum sr_color)i;
			return 0;
		}
	}
	fprintf(stderr,
		"svsm-reset: --color=%s: it is auto, always or never\n", text);
	return -1;
}

static int sr_option_take(int letter, struct sr_options *options)
{
	switch (letter) {
	case 'j':
		options->json = true;
		break;
	case SR_OPT_ONCE:
		options->once = true;
		break;
	case SR_OPT_DEEP:
		options->deep = true;
		break;
	case 'c':
		options->critical = optarg;
		break;
	case 'w':
		options->warning = optarg;
		break;
	case 'r':
		options->recent = optarg;
		break;
	case 'h':
		options->help = true;
		break;
	case 'V':
		options->version = true;
		break;
	case SR_OPT_ROOT:
		options->root = optarg;
		break;
	case SR_OPT_COLOR:
		return sr_color_parse(optarg, &options->color);
	default:
		return -1;
	}
	return 0;
}

/*
 * "-5" is a value, a wrong one, and no option: such words go to the end, where
 * getopt_long() is not let look. The command gets them behind its other operands.
 */
static int sr_numbers_last(int argc, char **argv)
{
	int i, j, end = argc;

	for (i = 1; i < end; i++) {
		char *number = argv[i];

		if (!strcmp(number, "--"))
			break;
		if (number[0] != '-' || number[1] < '0' || number[1] > '9')
			continue;
		for (j = i; j < argc - 1; j++)
			argv[j] = argv[j + 1];
		argv[argc - 1] = number;
		end--;
		i--;
	}
	return end;
}

/**
 * sr_options_parse - take the options of a command
 * @command: the command, NULL for what stands before it
 * @argc:    number of arguments
 * @argv:    the arguments, the first is not looked at
 * @options: what the user wants so far
 *
 * Return: index of the first argument that is no option, or -1 when there is
 * something wrong, which has been printed.
 */
int sr_options_parse(const struct sr_command *command, int argc, char **argv,
		     struct sr_options *options)
{
	unsigned int cmd = command ? command->cmd : SR_CMD_NONE;
	struct option longs[SR_NR_OPTIONS + 1] = {};
	/* "+": what follows the first word is the command's */
	char shorts[2 * SR_NR_OPTIONS + 2] = "+";
	size_t i, nr = 0, len = command ? 0 : 1;
	int letter, end;

	for (i = 0; i < SR_NR_OPTIONS; i++) {
		const struct sr_option *option = &sr_options[i];

		if (!(option->commands & cmd))
			continue;
		longs[nr++] = (struct option) {
			.name = option->name,
			.has_arg = option->arg ? required_argument :
						 no_argument,
			.val = option->letter,
		};
		if (option->letter < SR_OPT_ONCE) {
			shorts[len++] = (char)option->letter;
			if (option->arg)
				shorts[len++] = ':';
		}
	}
	shorts[len] = '\0';

	end = cmd == SR_CMD_SET ? sr_numbers_last(argc, argv) : argc;
	optind = 0;
	while ((letter = getopt_long(end, argv, shorts, longs, NULL)) != -1)
		if (sr_option_take(letter, options))
			goto usage;
	if (!command || options->help || argc - optind <= command->max)
		return optind;
	fprintf(stderr, "svsm-reset %s: too many arguments: %s\n",
		command->name, argv[optind + command->max]);
usage:
	fprintf(stderr, "Try \"svsm-reset %s%s--help\".\n",
		command ? command->name : "", command ? " " : "");
	return -1;
}

static void sr_option_help(const struct sr_option *option)
{
	const char *line = option->help;
	char names[64];

	snprintf(names, sizeof(names), "%s%c%s--%s%s%s",
		 option->letter < SR_OPT_ONCE ? "-" : " ",
		 option->letter < SR_OPT_ONCE ? option->letter : ' ',
		 option->letter < SR_OPT_ONCE ? ", " : "  ",
		 option->name, option->arg ? "=" : "", option->arg ?: "");
	printf("  %-25s", names);
	while (*line) {
		size_t len = strcspn(line, "\n");

		printf("%.*s\n", (int)len, line);
		line += len + (line[len] == '\n');
		if (*line)
			printf("%27s", "");
	}
}

/**
 * sr_options_help - print the options of a command
 * @cmd: the command
 */
void sr_options_help(enum sr_cmd cmd)
{
	size_t i;

	printf("Options:\n");
	for (i = 0; i < SR_NR_OPTIONS; i++)
		if (sr_options[i].commands & cmd)
			sr_option_help(&sr_options[i]);
}
