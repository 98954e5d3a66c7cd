/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SVSM_RESET_TEXT_H
#define _SVSM_RESET_TEXT_H

#include <linux/ctype.h>
#include <linux/types.h>

/* People see only what is printable: the writer is not trusted */
static inline char svr_printable(u8 c)
{
	return isascii(c) && isprint(c) ? c : '?';
}

#endif /* _SVSM_RESET_TEXT_H */
