/* SPDX-License-Identifier: GPL-2.0-only */
/* A reset that has been asked for */
#ifndef _SVSM_RESET_REQUEST_H
#define _SVSM_RESET_REQUEST_H

#include <linux/types.h>

#include "words.h"

/* As much of a panic's message as is kept, with the NUL */
#define SVR_REQUEST_MESSAGE	64

/**
 * struct svr_request - a reset that has been asked for
 * @cause:   what began it
 * @trigger: SVR_CAUSE_EMERGENCY: an &enum svr_trigger
 * @cpu:     CPU on which it began, -1 when that is not known
 * @interrupted: SVR_CAUSE_KDUMP: it is not the orderly restart of a crash kernel
 * @message: what there is to say about it, perhaps nothing; printable, and ends in
 *           SVR_CUT when there was more of it
 */
struct svr_request {
	enum svr_cause cause;
	enum svr_trigger trigger;
	int cpu;
	bool interrupted;
	char message[SVR_REQUEST_MESSAGE];
};

#endif /* _SVSM_RESET_REQUEST_H */
