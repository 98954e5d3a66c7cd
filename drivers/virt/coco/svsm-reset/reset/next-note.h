/* SPDX-License-Identifier: GPL-2.0-only */
/* The operator's note for the next boot */
#ifndef _SVSM_RESET_NEXT_NOTE_H
#define _SVSM_RESET_NEXT_NOTE_H

#include <linux/types.h>

#include "lib/cause.h"

int svr_next_note_set(const char *text, size_t count);
void svr_next_note_get(char *text);
void svr_next_note_take(char *message, bool kernel);

#endif /* _SVSM_RESET_NEXT_NOTE_H */
