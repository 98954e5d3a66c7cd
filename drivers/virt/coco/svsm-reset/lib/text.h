/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SVSM_RESET_TEXT_H
#define _SVSM_RESET_TEXT_H

#include <linux/ctype.h>
#include <linux/types.h>

/* Whoever wrote it: what people get to see is printable */
static inline char svr_printable(u8 c)
{
	return isascii(c) && isprint(c) ? c : '?';
}

#endif /* _SVSM_RESET_TEXT_H */
