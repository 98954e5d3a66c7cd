/* SPDX-License-Identifier: GPL-2.0 */
/* Bounded reads of files below /sys, /proc, /dev and /lib, or of a copy of them */
#ifndef _SR_SYSFS_H
#define _SR_SYSFS_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

/* Not a value that any of the files has */
#define SR_UNKNOWN	INT_MIN
/* The longest text that is taken from a file */
#define SR_TEXT		4096

void sr_clean(char *text);
bool sr_number(const char *text, long long min, long long max, long long *value);
int sr_read(const char *root, const char *path, char *text, size_t size);
char *sr_read_all(const char *root, const char *path, size_t max, size_t *len);
int sr_read_head(const char *root, const char *path, unsigned char *data,
		 size_t size);
bool sr_ends_in(const char *text, const char *end);
bool sr_has_word(const char *line, const char *name);
int sr_read_int(const char *root, const char *path);
int sr_read_flag(const char *root, const char *path);
int sr_read_feature(const char *root, const char *path);
long long sr_read_number(const char *root, const char *path, long long unknown);
void sr_read_lines(const char *root, const char *path,
		   void (*each)(const char *line, void *arg), void *arg);
long long sr_read_key(const char *root, const char *path, const char *key,
		      long long unknown);
int sr_read_error(const char *root, const char *path);
bool sr_is_directory(const char *path);
int sr_exists(const char *root, const char *path);
int sr_write(const char *root, const char *path, const char *text);

#endif /* _SR_SYSFS_H */
