// SPDX-License-Identifier: GPL-2.0-only
/*
 * The operator's note: a line of text that the next boot shows.
 *
 * It is kept in memory only. When an orderly restart begins, the note becomes the message
 * of that restart, and so of the record; unless a thread of the kernel restarts, and has a
 * text for it. Any other reset has a message of its own, and takes no note along. The note
 * ends with this kernel, also if kexec starts another one.
 *
 * An orderly restart takes it in a reboot notifier, in process context. The code that
 * fires never looks here.
 */
#define pr_fmt(fmt) "svsm-reset: " fmt

#include <linux/cleanup.h>
#include <linux/crash_dump.h>
#include <linux/ctype.h>
#include <linux/errno.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/printk.h>
#include <linux/string.h>

#include "lib/crash-log.h"
#include "reset/reset.h"

/* Protects the note, and whether it has been taken */
static DEFINE_MUTEX(svr_next_note_lock);
static char svr_next_note[SVR_REQUEST_MESSAGE];
/* An orderly restart has begun */
static bool svr_next_note_taken;

/* isspace() takes the second byte of some letters in UTF-8 for a space of Latin-1 */
static bool svr_next_note_space(char c)
{
	return isascii(c) && isspace(c);
}

/* The length without space at the end, which echo adds; 0: there is no note */
static size_t svr_next_note_length(const char *text, size_t len)
{
	while (len && svr_next_note_space(text[len - 1]))
		len--;
	return len;
}

/*
 * sysfs passes on a page at most in one piece, so there may be more than a full page. Of
 * dots alone nothing would be left, and that would take an earlier note back.
 */
static bool svr_next_note_valid(const char *text, size_t count)
{
	size_t len = svr_next_note_length(text, count);
	char note[SVR_REQUEST_MESSAGE];

	if (count >= PAGE_SIZE || strnlen(text, len) != len ||
	    memchr(text, '\n', len))
		return false;
	svr_crash_text_copy(note, sizeof(note), text, len);
	return !len || note[0];
}

/**
 * svr_next_note_set - leave a note, or take it back
 * @text:  one line; a text that is longer than there is room for is cut, and ends in
 *         SVR_CUT then; space alone takes the note back
 * @count: bytes of it
 *
 * Context: process, may sleep.
 *
 * Return: 0; -EINVAL for more than a line or dots alone, -EBUSY once a restart has begun,
 * -EOPNOTSUPP in a crash kernel; which has been logged.
 */
int svr_next_note_set(const char *text, size_t count)
{
	if (!svr_next_note_valid(text, count)) {
		pr_err("next_reset_note: it is one line of text, of less than %lu bytes, and not of dots alone\n",
		       PAGE_SIZE);
		return -EINVAL;
	}
	/* The message of its restart is that of the crash */
	if (is_kdump_kernel()) {
		pr_err("next_reset_note: a crash kernel's restart has no note\n");
		return -EOPNOTSUPP;
	}
	guard(mutex)(&svr_next_note_lock);
	if (svr_next_note_taken) {
		pr_err("next_reset_note: a restart has begun, it is too late\n");
		return -EBUSY;
	}
	svr_crash_text_copy(svr_next_note, sizeof(svr_next_note), text,
			    svr_next_note_length(text, count));
	return 0;
}

/**
 * svr_next_note_get - the note as it is now
 * @text: becomes the note, empty without one; SVR_REQUEST_MESSAGE bytes
 *
 * Context: process, may sleep.
 */
void svr_next_note_get(char *text)
{
	guard(mutex)(&svr_next_note_lock);
	memcpy(text, svr_next_note, sizeof(svr_next_note));
}

/**
 * svr_next_note_take - give the note to the orderly restart that has begun
 * @message: its text, or empty, SVR_REQUEST_MESSAGE bytes; becomes the note if there is one
 * @kernel:  whether a thread of the kernel restarts: its text stays, and the log has the
 *           note
 *
 * From here on the note does not change: a later one could be read back, but the next boot
 * would not show it.
 *
 * Context: process, may sleep.
 */
void svr_next_note_take(char *message, bool kernel)
{
	guard(mutex)(&svr_next_note_lock);
	svr_next_note_taken = true;
	if (!svr_next_note[0])
		return;
	if (kernel && message[0])
		pr_notice("next_reset_note: the kernel restarts because of \"%s\", dropped the note \"%s\"\n",
			  message, svr_next_note);
	else
		memcpy(message, svr_next_note, sizeof(svr_next_note));
}
