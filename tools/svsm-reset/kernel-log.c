// SPDX-License-Identifier: GPL-2.0
/*
 * Why was the module refused? The kernel's log has the reason, where it may be read:
 * with kernel.dmesg_restrict=1 by root only.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel-log.h"
#include "sysfs.h"

#define SR_KMSG		"/dev/kmsg"

/* The reason so far; @ours: of a line that names the module */
struct sr_refusal {
	char *text;
	size_t size;
	bool ours;
};

/* Behind these the module is or was loaded, and what was said before does not matter */
static const char * const sr_loaded[] = {
	"svsm-reset: ready: ",
	"svsm-reset: last reset: ",
	"svsm-reset: unloaded",
	NULL
};

/* Begins as a reason does, and is none */
static const char * const sr_no_reason[] = {
	"svsm_reset: loading out-of-tree module taints kernel",
	"svsm_reset: module verification failed",
	NULL
};

/*
 * Of the module, and of the kernel about it or about any module: kernel/module/signing.c
 * and security/lockdown do not name it.  @within: what has to follow somewhere; @skip: what
 * is left out
 */
static const struct {
	const char *begin;
	const char *within;
	size_t skip;
	bool ours;
} sr_reasons[] = {
	{ .begin = "svsm-reset: ", .skip = 12, .ours = true },
	{ .begin = "svsm_reset: ", .skip = 12, .ours = true },
	{ .begin = "Loading of unsigned module is rejected" },
	{ .begin = "Loading of module with " },
	{ .begin = "Lockdown: ",
	  .within = ": unsigned module loading is restricted" },
};

static bool sr_begins(const char *text, const char *begin)
{
	return !strncmp(text, begin, strlen(begin));
}

static bool sr_begins_any(const char *text, const char * const *begins)
{
	for (; *begins; begins++)
		if (sr_begins(text, *begins))
			return true;
	return false;
}

/* "level,sequence,time,flags;text"; what programs write has a level above 7 */
static const char *sr_kernel_text(const char *line)
{
	const char *text = strchr(line, ';');

	if (!text || line[0] < '0' || line[0] > '7' || line[1] != ',')
		return NULL;
	return text + 1;
}

/* The last line counts, but one that names nobody may be about another module */
static void sr_take(struct sr_refusal *refusal, const char *text, bool ours)
{
	if (refusal->ours && !ours)
		return;
	snprintf(refusal->text, refusal->size, "%s", text);
	refusal->ours = ours;
}

static void sr_log_line(const char *line, void *arg)
{
	struct sr_refusal *refusal = arg;
	const char *text = sr_kernel_text(line);
	size_t i;

	if (!text || sr_begins_any(text, sr_no_reason))
		return;
	if (sr_begins_any(text, sr_loaded)) {
		*refusal->text = '\0';
		refusal->ours = false;
		return;
	}
	for (i = 0; i < sizeof(sr_reasons) / sizeof(*sr_reasons); i++)
		if (sr_begins(text, sr_reasons[i].begin) &&
		    (!sr_reasons[i].within ||
		     strstr(text, sr_reasons[i].within)))
			sr_take(refusal, text + sr_reasons[i].skip,
				sr_reasons[i].ours);
}

/**
 * sr_kernel_log_read - why was the module refused when it was loaded last?
 * @root: what to put before /dev
 * @text: becomes the reason, "" when the log does not say, or may not be read
 * @size: its size
 */
void sr_kernel_log_read(const char *root, char *text, size_t size)
{
	struct sr_refusal refusal = { .text = text, .size = size };

	*text = '\0';
	sr_read_lines(root, SR_KMSG, sr_log_line, &refusal);
}
