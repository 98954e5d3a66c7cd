/* SPDX-License-Identifier: GPL-2.0 */
/* The commands, and what they have in common */
#ifndef _SR_TOOL_H
#define _SR_TOOL_H

#include <stdbool.h>

#include "output.h"

/* Exit status of all commands except check */
enum sr_exit {
	SR_EXIT_OK	= 0,
	SR_EXIT_FAILED	= 1,
	SR_EXIT_USAGE	= 2,
};

/**
 * struct sr_options - what the user wants
 * @root:     what to put before /sys and /proc
 * @color:    colour or not
 * @json:     for programs, not for people
 * @once:     events: do not wait for any
 * @critical: check: what is critical, NULL for the default
 * @warning:  check: what is worth a warning, NULL for the default
 * @deep:     check: take a second look at the system
 * @recent:   check: seconds, NULL for any time
 * @help:     only explain the command
 * @version:  only tell the version
 */
struct sr_options {
	const char *root;
	enum sr_color color;
	bool json;
	bool once;
	bool deep;
	const char *critical;
	const char *warning;
	const char *recent;
	bool help;
	bool version;
};

/* Which commands take an option; SR_CMD_NONE: before the command */
enum sr_cmd {
	SR_CMD_NONE	= 1 << 0,
	SR_CMD_STATUS	= 1 << 1,
	SR_CMD_EXPLAIN	= 1 << 2,
	SR_CMD_CHECK	= 1 << 3,
	SR_CMD_SET	= 1 << 4,
	SR_CMD_EVENTS	= 1 << 5,
	SR_CMD_NOTE	= 1 << 6,
	SR_CMD_REHEARSE	= 1 << 7,
};

/**
 * struct sr_command - a command
 * @cmd:      which one
 * @name:     its name
 * @operands: what it takes beside options, for the usage line
 * @max:      at most so many of them
 * @summary:  what it does, in a line
 * @about:    the same at length, paragraphs of lines
 * @usage:    exit status of a usage error
 * @run:      does it; its exit status
 */
struct sr_command {
	enum sr_cmd cmd;
	const char *name;
	const char *operands;
	int max;
	const char *summary;
	const char *about;
	int usage;
	int (*run)(const struct sr_options *options, int argc, char **argv);
};

extern const struct sr_command sr_command_status;
extern const struct sr_command sr_command_explain;
extern const struct sr_command sr_command_check;
extern const struct sr_command sr_command_set;
extern const struct sr_command sr_command_note;
extern const struct sr_command sr_command_events;
extern const struct sr_command sr_command_rehearse;

int sr_options_parse(const struct sr_command *command, int argc, char **argv,
		     struct sr_options *options);
void sr_options_help(enum sr_cmd cmd);

#endif /* _SR_TOOL_H */
