// SPDX-License-Identifier: GPL-2.0-only
/*
 * The line of the kernel's log that says why it crashed.
 *
 * On the way to a crash kernel no notifier runs (unless
 * crash_kexec_post_notifiers is set), but the log has been written. Anybody who
 * may write to /dev/kmsg can forge such a line: what is found is for people.
 * Pure: kunit/crash_block_kunit.c.
 */
#include <linux/ctype.h>
#include <linux/kernel.h>
#include <linux/limits.h>
#include <linux/minmax.h>
#include <linux/sprintf.h>
#include <linux/string.h>

#include "crash-log.h"
#include "message-codec.h"
#include "text.h"

/* A sure sign of an oops, the last of the marks; and what its end says: oops_exit() */
#define SVR_CRASH_OOPS		"Oops: "
#define SVR_CRASH_END		"---[ end trace "

/*
 * The best mark first. panic() logs its line last, but after an oops that is only "Fatal
 * exception". Then the line that began the oops says more, and so does the function in
 * which it was.
 */
static const struct {
	const char *mark;
	bool keep;			/* the mark is part of the message */
} svr_crash_marks[] = {
	{ "Kernel panic - not syncing: ", false },
	{ "BUG: ", true },
	{ "kernel BUG at ", true },
	{ SVR_CRASH_OOPS, true },
};

#define SVR_CRASH_NO_NEWS	"Fatal exception"
/* Where an oops was, in the kernel: show_ip() */
#define SVR_CRASH_PLACE		"RIP: 0010:"

/* The name of an oops ends before one of these: numbers that say less than the place */
static const char * const svr_crash_details[] = {
	", address: ", " for address: ", ", probably for ", ", maybe for ",
	": 0", " [#",
};

/* panic() says this if another CPU carries the panic out (panic_force_cpu=) */
#define SVR_CRASH_ORIGIN	"panic: Redirected from CPU "
/* Digits of the number of a CPU: as many as never overflow */
#define SVR_CRASH_DIGITS	9

/* The last line with @mark; the part from the mark on, NULL if there is none */
static const char *svr_crash_log_last(const char *log, size_t len,
				      const char *mark)
{
	const char *found = NULL, *end = log + len;

	while ((log = strnstr(log, mark, end - log))) {
		found = log;
		log += strlen(mark);
	}
	return found;
}

/* Removes the dots at the end of a line that was not cut: they would look as if it had been */
static void svr_crash_text_trim(char *message, size_t len)
{
	size_t cut = strlen(SVR_CUT);

	if (len < cut || strcmp(message + len - cut, SVR_CUT))
		return;
	while (len && (message[len - 1] == '.' || message[len - 1] == ' '))
		message[--len] = 0;
}

/**
 * svr_crash_text_copy - copy a line that somebody else has written
 * @message: where to, always ends with a NUL, and with SVR_CUT if there was more
 * @size:    bytes there are for it, more than SVR_CUT has
 * @from:    the line, up to a NUL or a newline
 * @len:     bytes that it has at most
 *
 * Replaces every byte that a terminal could take for a command.
 *
 * Context: any, NMI included.
 */
void svr_crash_text_copy(char *message, size_t size, const char *from,
			 size_t len)
{
	size_t i;

	for (i = 0; i < size - 1 && i < len && from[i] && from[i] != '\n'; i++)
		message[i] = svr_printable(from[i]);
	message[i] = 0;
	if (i < len && from[i] && from[i] != '\n')
		memcpy(message + i - strlen(SVR_CUT), SVR_CUT, sizeof(SVR_CUT));
	else
		svr_crash_text_trim(message, i);
}

/**
 * svr_crash_no_news - does a panic's message only say that there was one?
 * @message: the message
 *
 * Context: any.
 *
 * Return: true when it does: an oops came before it, and the log has that.
 */
bool svr_crash_no_news(const char *message)
{
	return !strncmp(message, SVR_CRASH_NO_NEWS, strlen(SVR_CRASH_NO_NEWS));
}

static size_t svr_crash_line(const char *line, size_t len)
{
	const char *newline = memchr(line, '\n', len);

	return newline ? newline - line : len;
}

/* How much of a line names the oops */
static size_t svr_crash_kind(const char *line, size_t len)
{
	const char *detail;
	unsigned int i;

	len = svr_crash_line(line, len);
	for (i = 0; i < ARRAY_SIZE(svr_crash_details); i++) {
		detail = strnstr(line, svr_crash_details[i], len);
		if (detail)
			len = detail - line;
	}
	return len;
}

/* Length of the mark with which the line begins; the message leaves it out */
static size_t svr_crash_prefix(const char *line, size_t len)
{
	unsigned int i;

	for (i = 1; i < ARRAY_SIZE(svr_crash_marks); i++) {
		const char *mark = svr_crash_marks[i].mark;

		if (strlen(mark) <= len && !memcmp(line, mark, strlen(mark)))
			return strlen(mark);
	}
	return 0;
}

/*
 * "kernel NULL pointer dereference at sysrq_handle_crash+0x16", out of two lines; just the
 * first one if the log does not have the other
 */
static void svr_crash_oops(const char *line, size_t len, char *message,
			   size_t size)
{
	const char *place = strnstr(line, SVR_CRASH_PLACE, len);
	size_t kind = svr_crash_kind(line, len), at, prefix;
	char text[2 * 64];
	int used;

	/* "kernel BUG at FILE:LINE!" has its place in it */
	if (!place || strnstr(line, " BUG at ", kind)) {
		svr_crash_text_copy(message, size, line, len);
		return;
	}
	place += strlen(SVR_CRASH_PLACE);
	at = svr_crash_line(place, line + len - place);
	/* The size of the function, the module */
	for (used = 0; used < at && place[used] != '/' && place[used] != ' ';)
		used++;
	prefix = svr_crash_prefix(line, kind);
	kind = min_t(size_t, kind - prefix, sizeof(text) / 2);
	used = min_t(size_t, used, sizeof(text) / 2 - strlen(" at ") - 1);
	used = scnprintf(text, sizeof(text), "%.*s at %.*s", (int)kind,
			 line + prefix, used, place);
	svr_crash_text_copy(message, size, text, used);
}

/* Skips an older oops, which the kernel has survived */
static const char *svr_crash_begin(const char *log, size_t len)
{
	const char *oops = svr_crash_log_last(log, len, SVR_CRASH_OOPS);
	const char *end = NULL;

	if (oops)
		end = svr_crash_log_last(log, oops - log, SVR_CRASH_END);
	return end ?: log;
}

/**
 * svr_crash_log_find - find out from the log why the kernel crashed
 * @log:     the youngest part of the log, lines that end with a newline
 * @len:     its length, bytes
 * @message: where to put what it says, always ends with a NUL
 * @size:    bytes there are for it, more than SVR_CUT has
 *
 * Context: any, NMI included.
 *
 * Return: true when something was found; otherwise @message is empty.
 */
bool svr_crash_log_find(const char *log, size_t len, char *message, size_t size)
{
	const char *panic = NULL, *found, *begin;
	unsigned int i;

	message[0] = 0;
	len = strnlen(log, len);
	begin = svr_crash_begin(log, len);
	len -= begin - log;
	log = begin;
	for (i = 0; i < ARRAY_SIZE(svr_crash_marks); i++) {
		const char *mark = svr_crash_marks[i].mark;

		found = svr_crash_log_last(log, len, mark);
		if (!found)
			continue;
		if (!svr_crash_marks[i].keep)
			found += strlen(mark);
		if (!i && strnstr(found, SVR_CRASH_NO_NEWS,
				  min_t(size_t, strlen(SVR_CRASH_NO_NEWS),
					log + len - found))) {
			panic = found;
			continue;
		}
		if (i)
			svr_crash_oops(found, log + len - found, message, size);
		else
			svr_crash_text_copy(message, size, found,
					    log + len - found);
		return true;
	}
	if (panic)
		svr_crash_text_copy(message, size, panic, log + len - panic);
	return panic;
}

/**
 * svr_crash_log_origin - find out from the log where a panic came from
 * @log: the youngest part of the log, lines that end with a newline
 * @len: its length, bytes
 *
 * Context: any, NMI included.
 *
 * Return: the number of the CPU on which the panic began, before another one had
 * to carry it out. The number may be too large; UINT_MAX when the log does not
 * tell.
 */
unsigned int svr_crash_log_origin(const char *log, size_t len)
{
	const char *found, *end;
	unsigned int i, cpu = 0;

	len = strnlen(log, len);
	end = log + len;
	found = svr_crash_log_last(log, len, SVR_CRASH_ORIGIN);
	if (!found)
		return UINT_MAX;
	found += strlen(SVR_CRASH_ORIGIN);
	for (i = 0; found + i < end && isdigit(found[i]); i++) {
		if (i == SVR_CRASH_DIGITS)
			return UINT_MAX;
		cpu = cpu * 10 + found[i] - '0';
	}
	return i ? cpu : UINT_MAX;
}
