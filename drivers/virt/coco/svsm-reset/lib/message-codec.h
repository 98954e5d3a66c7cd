/* SPDX-License-Identifier: GPL-2.0-only */
/* A message in a few bytes, pure */
#ifndef _SVSM_RESET_MESSAGE_CODEC_H
#define _SVSM_RESET_MESSAGE_CODEC_H

#include <linux/types.h>

/* At the end of a message that goes on: it was longer than there was room */
#define SVR_CUT		"..."

bool svr_message_packed(const u8 *raw);
void svr_message_put(u8 *raw, size_t size, const char *text, bool must_pack);
void svr_message_get(const u8 *raw, size_t size, char *text, size_t room);

#endif /* _SVSM_RESET_MESSAGE_CODEC_H */
