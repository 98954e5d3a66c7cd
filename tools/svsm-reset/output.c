// SPDX-License-Identifier: GPL-2.0
/* What goes to a terminal: colour, lines with a label, words that wrap. */
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "output.h"
#include "sysfs.h"

/* Labels, and where the text beside them begins */
#define SR_LABEL	2
#define SR_INDENT	20
/* Narrower, the words would stand one below the other; wider is hard to read */
#define SR_WIDTH_MIN	50
#define SR_WIDTH_MAX	100
#define SR_WIDTH	80

static bool sr_colored;
static int sr_width = SR_WIDTH;

static const char * const sr_colors[SR_NR_MOODS] = {
	[SR_GOOD] = "\033[32m",
	[SR_DOUBTFUL] = "\033[33m",
	[SR_BAD] = "\033[31m",
};

#define SR_BOLD		"\033[1m"
#define SR_RESET	"\033[0m"

/**
 * sr_output_init - colour or not, and how wide?
 * @color: what the user wants
 *
 * Of itself colour only goes to a terminal that may have it (no-color.org).
 */
void sr_output_init(enum sr_color color)
{
	const char *term = getenv("TERM"), *no = getenv("NO_COLOR");
	bool tty = isatty(STDOUT_FILENO);
	struct winsize size;

	sr_colored = color == SR_COLOR_ALWAYS ||
		(color == SR_COLOR_AUTO && tty && !(no && *no) && term &&
		 *term && strcmp(term, "dumb"));
	if (tty && !ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) && size.ws_col) {
		sr_width = size.ws_col;
		if (sr_width < SR_WIDTH_MIN)
			sr_width = SR_WIDTH_MIN;
		if (sr_width > SR_WIDTH_MAX)
			sr_width = SR_WIDTH_MAX;
	}
}

/* Words from column @column on, those that do not fit below, from @indent on */
static void sr_wrap(const char *text, int column, int indent)
{
	bool first = true;

	while (*text) {
		int len = (int)strcspn(text, " ");

		if (!first && column + 1 + len > sr_width) {
			printf("\n%*s", indent, "");
			column = indent;
		} else if (!first) {
			putchar(' ');
			column++;
		}
		printf("%.*s", len, text);
		column += len;
		text += len;
		text += strspn(text, " ");
		first = false;
	}
	putchar('\n');
}

/**
 * sr_heading - begin a part
 * @text: its name
 */
void sr_heading(const char *text)
{
	printf("%s%s%s\n", sr_colored ? SR_BOLD : "", text,
	       sr_colored ? SR_RESET : "");
}

/**
 * sr_line - a line with a label
 * @mood:   the text's colour
 * @label:  the label
 * @format: of the text, as printf()
 */
void sr_line(enum sr_mood mood, const char *label, const char *format, ...)
{
	const char *color = sr_colored ? sr_colors[mood] : NULL;
	char text[2 * SR_TEXT];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	printf("%*s%-*s%s", SR_LABEL, "", SR_INDENT - SR_LABEL, label,
	       color ?: "");
	if (color) {
		/* Up to a colon: what follows explains it */
		char *end = text + strcspn(text, ":");
		int len = (int)(end - text);

		printf("%.*s" SR_RESET, len, text);
		sr_wrap(end, SR_INDENT + len, SR_INDENT);
	} else {
		sr_wrap(text, SR_INDENT, SR_INDENT);
	}
}

/**
 * sr_item - something below the line before
 * @mood: its colour
 * @mark: what it begins with
 * @text: the text
 */
void sr_item(enum sr_mood mood, const char *mark, const char *text)
{
	const char *color = sr_colored ? sr_colors[mood] : NULL;
	int indent = SR_INDENT + (int)strlen(mark) + 1;

	printf("%*s%s%s ", SR_INDENT, "", color ?: "", mark);
	sr_wrap(text, indent, indent);
	if (color)
		fputs(SR_RESET, stdout);
}

/**
 * sr_error - one line on stderr
 * @command: the command, NULL when there is none
 * @format:  as printf(), without a newline
 */
void sr_error(const char *command, const char *format, ...)
{
	va_list args;

	fflush(stdout);
	fprintf(stderr, "svsm-reset%s%s: ", command ? " " : "", command ?: "");
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
}

/**
 * sr_flush - has everything been written?
 * @command: for the error, which is printed
 *
 * Return: 0, or -1 when it has not.
 */
int sr_flush(const char *command)
{
	if (!fflush(stdout) && !ferror(stdout))
		return 0;
	sr_error(command, "cannot write: %s", strerror(errno));
	return -1;
}

/**
 * sr_duration - a time span as people say it
 * @seconds: the span, not negative
 * @text:    becomes the words, "3 minutes"
 * @size:    size of @text
 */
void sr_duration(long long seconds, char *text, size_t size)
{
	static const struct {
		long long seconds;
		const char *name;
	} units[] = {
		{ 86400, "day" }, { 3600, "hour" }, { 60, "minute" },
		{ 1, "second" },
	};
	long long number = seconds;
	size_t i;

	/* Below two of a unit the smaller one says more: 90 minutes */
	for (i = 0; i < sizeof(units) / sizeof(*units) - 1; i++)
		if (seconds >= 2 * units[i].seconds)
			break;
	number = seconds / units[i].seconds;
	snprintf(text, size, "%lld %s%s", number, units[i].name,
		 number == 1 ? "" : "s");
}
