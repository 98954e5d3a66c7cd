// SPDX-License-Identifier: GPL-2.0
/*
 * Bounded reads of small files. Their contents are not trusted: part of them came out of
 * memory that the host may have written, and they go to a terminal.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sysfs.h"

/* The longest path: a root as long as the kernel takes it, and one of ours */
#define SR_PATH		(PATH_MAX + 256)

/* A file that does not end: /proc has no value longer than this */
#define SR_READS	64
/* The same for a file of many lines; /dev/kmsg has one in each read */
#define SR_LINE_READS	65536
/* As much of a line as is looked at */
#define SR_LINE		512

/**
 * sr_clean - make a text fit for a terminal, for JSON and for a log
 * @text: the text; whatever is not printable ASCII becomes a question mark
 */
void sr_clean(char *text)
{
	for (; *text; text++)
		if (*text < ' ' || *text > '~')
			*text = '?';
}

static int sr_open(const char *root, const char *path, int flags)
{
	char full[SR_PATH];
	int fd;

	if (snprintf(full, sizeof(full), "%s%s", root, path) >= (int)sizeof(full))
		return -ENAMETOOLONG;
	/* A copied tree may have anything in it, for example a FIFO */
	fd = open(full, flags | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	return fd < 0 ? -errno : fd;
}

/**
 * sr_read - read a small file with one value
 * @root: what to put before @path, "" for the running system
 * @path: the file
 * @text: becomes the first line, cleaned, without the newline; "" on error
 * @size: size of @text; what does not fit is cut off
 *
 * Return: 0 or a negative errno.
 */
int sr_read(const char *root, const char *path, char *text, size_t size)
{
	int fd = sr_open(root, path, O_RDONLY), err = 0, reads;
	size_t len = 0;

	*text = '\0';
	if (fd < 0)
		return fd;
	for (reads = 0; len < size - 1 && reads < SR_READS; reads++) {
		ssize_t got = read(fd, text + len, size - 1 - len);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			err = -errno;
		if (got <= 0)
			break;
		len += (size_t)got;
	}
	close(fd);
	if (err)
		len = 0;
	text[len] = '\0';
	text[strcspn(text, "\n")] = '\0';
	sr_clean(text);
	return err;
}

/**
 * sr_read_all - read a whole file of any kind of contents
 * @root: as in sr_read()
 * @path: the file
 * @max:  what is longer is not read
 * @len:  becomes its length
 *
 * Return: the contents, with a NUL after them, for free(); NULL on error.
 */
char *sr_read_all(const char *root, const char *path, size_t max, size_t *len)
{
	int fd = sr_open(root, path, O_RDONLY);
	char *data = NULL;
	struct stat st;
	ssize_t got;

	if (fd < 0)
		return NULL;
	if (!fstat(fd, &st) && S_ISREG(st.st_mode) && st.st_size >= 0 &&
	    (size_t)st.st_size <= max)
		data = malloc((size_t)st.st_size + 1);
	*len = 0;
	while (data && *len < (size_t)st.st_size) {
		got = read(fd, data + *len, (size_t)st.st_size - *len);
		if (got < 0 && errno == EINTR)
			continue;
		if (got > 0) {
			*len += (size_t)got;
			continue;
		}
		/* It has become shorter, or cannot be read */
		free(data);
		data = NULL;
	}
	close(fd);
	if (data)
		data[*len] = '\0';
	return data;
}

/**
 * sr_read_head - read the beginning of a file of any kind of contents
 * @root: as in sr_read()
 * @path: the file
 * @data: becomes it
 * @size: so many bytes
 *
 * Return: 0 when all of it is there, else a negative errno.
 */
int sr_read_head(const char *root, const char *path, unsigned char *data,
		 size_t size)
{
	int fd = sr_open(root, path, O_RDONLY), err = 0;
	size_t len = 0;

	if (fd < 0)
		return fd;
	while (!err && len < size) {
		ssize_t got = read(fd, data + len, size - len);

		if (got > 0)
			len += (size_t)got;
		else if (!got)
			err = -ENODATA;
		else if (errno != EINTR)
			err = -errno;
	}
	close(fd);
	return err;
}

/**
 * struct sr_lines - a file, line by line
 * @line: the beginning of the line so far, cleaned at its end
 * @len:  its length
 * @each: is told of each line
 * @arg:  for @each
 */
struct sr_lines {
	char line[SR_LINE];
	size_t len;
	void (*each)(const char *line, void *arg);
	void *arg;
};

static void sr_lines_end(struct sr_lines *lines)
{
	lines->line[lines->len] = '\0';
	lines->len = 0;
	sr_clean(lines->line);
	lines->each(lines->line, lines->arg);
}

static void sr_lines_take(struct sr_lines *lines, const char *data, ssize_t len)
{
	ssize_t i;

	for (i = 0; i < len; i++) {
		if (data[i] == '\n')
			sr_lines_end(lines);
		else if (lines->len < sizeof(lines->line) - 1)
			lines->line[lines->len++] = data[i];
	}
}

/**
 * sr_read_lines - read a file line by line
 * @root: as in sr_read()
 * @path: the file; where it is /dev/kmsg, what is in the log by now
 * @each: is told of the beginning of each line, cleaned
 * @arg:  for @each
 */
void sr_read_lines(const char *root, const char *path,
		   void (*each)(const char *line, void *arg), void *arg)
{
	struct sr_lines lines = { .each = each, .arg = arg };
	int fd = sr_open(root, path, O_RDONLY), reads;
	char data[8192];
	ssize_t got;

	if (fd < 0)
		return;
	for (reads = 0; reads < SR_LINE_READS; reads++) {
		got = read(fd, data, sizeof(data));
		/* EPIPE: the kernel has overwritten what was next */
		if (got < 0 && (errno == EINTR || errno == EPIPE))
			continue;
		if (got <= 0)
			break;
		sr_lines_take(&lines, data, got);
	}
	if (lines.len)
		sr_lines_end(&lines);
	close(fd);
}

/**
 * sr_has_word - is there NAME, or NAME=..., among the words?
 * @line: words with spaces between them, as on the kernel's command line
 * @name: the word
 *
 * Return: whether there is.
 */
bool sr_has_word(const char *line, const char *name)
{
	size_t len = strlen(name);

	while (*line) {
		size_t end = strcspn(line, " ");

		if (!strncmp(line, name, len) && end >= len &&
		    (end == len || line[len] == '='))
			return true;
		line += end;
		line += strspn(line, " ");
	}
	return false;
}

/**
 * sr_ends_in - does a text end in another?
 * @text: the text
 * @end:  its end
 *
 * Return: whether it does.
 */
bool sr_ends_in(const char *text, const char *end)
{
	size_t len = strlen(text);

	return len >= strlen(end) && !strcmp(text + len - strlen(end), end);
}

/**
 * sr_number - is the whole text a decimal number in a range?
 * @text:  the text; no blanks, no "+", and no "-" unless @min is below 0
 * @min:   the smallest number allowed
 * @max:   the largest
 * @value: becomes the number, undefined when it is none
 *
 * Return: whether it is.
 */
bool sr_number(const char *text, long long min, long long max, long long *value)
{
	const char *digits = text + (min < 0 && *text == '-');
	char *rest;

	if (*digits < '0' || *digits > '9')
		return false;
	errno = 0;
	*value = strtoll(text, &rest, 10);
	return !*rest && !errno && *value >= min && *value <= max;
}

/**
 * sr_read_number - read a decimal number
 * @root:    as in sr_read()
 * @path:    the file
 * @unknown: what to return where there is none
 *
 * Return: the number, or @unknown.
 */
long long sr_read_number(const char *root, const char *path, long long unknown)
{
	long long value;
	char text[32];

	if (sr_read(root, path, text, sizeof(text)) ||
	    !sr_number(text, LLONG_MIN, LLONG_MAX, &value))
		return unknown;
	return value;
}

/* The first line of a word: what is behind it */
struct sr_key_line {
	const char *key;
	bool found;
	char text[32];
};

static void sr_key_line(const char *line, void *arg)
{
	struct sr_key_line *key = arg;
	size_t len = strlen(key->key);

	if (key->found || strncmp(line, key->key, len) || line[len] != ' ')
		return;
	key->found = true;
	snprintf(key->text, sizeof(key->text), "%s", line + len + 1);
}

/**
 * sr_read_key - read the number behind a word, as in /proc/stat
 * @root:    as in sr_read()
 * @path:    the file, lines of a word and what goes with it
 * @key:     the word
 * @unknown: what to return where there is none
 *
 * Return: the number in the first line of that word, or @unknown.
 */
long long sr_read_key(const char *root, const char *path, const char *key,
		      long long unknown)
{
	struct sr_key_line line = { .key = key };
	long long value;

	sr_read_lines(root, path, sr_key_line, &line);
	return sr_number(line.text, LLONG_MIN, LLONG_MAX, &value) ? value :
								    unknown;
}

/**
 * sr_read_int - read a decimal number that fits into an int
 * @root: as in sr_read()
 * @path: the file
 *
 * Return: the number, or SR_UNKNOWN.
 */
int sr_read_int(const char *root, const char *path)
{
	long long value = sr_read_number(root, path, SR_UNKNOWN);

	return value > INT_MAX || value < INT_MIN ? SR_UNKNOWN : (int)value;
}

/**
 * sr_read_flag - read yes or no, as sysfs has it: 0 and 1, N and Y
 * @root: as in sr_read()
 * @path: the file
 *
 * Return: 0, 1 or SR_UNKNOWN.
 */
int sr_read_flag(const char *root, const char *path)
{
	char text[8];

	if (sr_read(root, path, text, sizeof(text)))
		return SR_UNKNOWN;
	if (!strcmp(text, "1") || !strcmp(text, "Y"))
		return 1;
	if (!strcmp(text, "0") || !strcmp(text, "N"))
		return 0;
	return SR_UNKNOWN;
}

/**
 * sr_read_feature - read the switch of something that kernels may lack
 * @root: as in sr_read()
 * @path: the file; where it is missing, so is what it switches
 *
 * Return: the number, 0 where the file is missing, or SR_UNKNOWN.
 */
int sr_read_feature(const char *root, const char *path)
{
	char text[8];

	if (sr_read(root, path, text, sizeof(text)) == -ENOENT)
		return 0;
	return sr_read_int(root, path);
}

/**
 * sr_exists - is there such a file or directory?
 * @root: as in sr_read()
 * @path: the file or directory
 *
 * Return: 1, 0, or SR_UNKNOWN when that cannot be found out.
 */
int sr_exists(const char *root, const char *path)
{
	char full[SR_PATH];
	struct stat st;

	if (snprintf(full, sizeof(full), "%s%s", root, path) >= (int)sizeof(full))
		return SR_UNKNOWN;
	if (!stat(full, &st))
		return 1;
	return errno == ENOENT || errno == ENOTDIR ? 0 : SR_UNKNOWN;
}

/**
 * sr_is_directory - is there such a directory?
 * @path: the directory
 *
 * Return: whether there is.
 */
bool sr_is_directory(const char *path)
{
	struct stat st;

	return !stat(path, &st) && S_ISDIR(st.st_mode);
}

/**
 * sr_read_error - why can a file not be read?
 * @root: as in sr_read()
 * @path: the file
 *
 * Return: 0 when it can, or a negative errno.
 */
int sr_read_error(const char *root, const char *path)
{
	char text[8];

	return sr_read(root, path, text, sizeof(text));
}

/**
 * sr_write - write a value into a file that exists
 * @root: as in sr_read()
 * @path: the file
 * @text: the value, without a newline
 *
 * In one piece: to sysfs each write is a value of its own.
 *
 * Return: 0 or a negative errno.
 */
int sr_write(const char *root, const char *path, const char *text)
{
	int fd = sr_open(root, path, O_WRONLY | O_TRUNC), err = 0, len;
	char line[256];

	if (fd < 0)
		return fd;
	len = snprintf(line, sizeof(line), "%s\n", text);
	if (len >= (int)sizeof(line))
		err = -EINVAL;
	else if (write(fd, line, (size_t)len) != len)
		err = errno ? -errno : -EIO;
	close(fd);
	return err;
}
