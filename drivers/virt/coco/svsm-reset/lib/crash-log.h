/* SPDX-License-Identifier: GPL-2.0-only */
/* Why did the kernel crash? From its log, pure */
#ifndef _SVSM_RESET_CRASH_LOG_H
#define _SVSM_RESET_CRASH_LOG_H

#include <linux/types.h>

void svr_crash_text_copy(char *message, size_t size, const char *from,
			 size_t len);
unsigned int svr_crash_log_origin(const char *log, size_t len);
bool svr_crash_no_news(const char *message);
bool svr_crash_log_find(const char *log, size_t len, char *message,
			size_t size);

#endif /* _SVSM_RESET_CRASH_LOG_H */
