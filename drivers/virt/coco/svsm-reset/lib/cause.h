/* SPDX-License-Identifier: GPL-2.0-only */
/* Why this machine is about to be reset */
#ifndef _SVSM_RESET_CAUSE_H
#define _SVSM_RESET_CAUSE_H

#include "policy.h"
#include "record-codec.h"

/* As much of a panic's message as is kept, with the NUL */
#define SVR_CAUSE_MESSAGE	64

/**
 * struct svr_cause - why a reset has begun
 * @reason:  an &enum svr_reason
 * @trigger: SVR_REASON_EMERGENCY: an &enum svr_trigger
 * @cpu:     CPU on which it began, -1 when that is not known
 * @interrupted: SVR_REASON_KDUMP: it is not the orderly restart of a crash kernel
 * @message: what there is to say about it, perhaps nothing; printable, and ends in
 *           SVR_CUT when there was more of it
 */
struct svr_cause {
	enum svr_reason reason;
	enum svr_trigger trigger;
	int cpu;
	bool interrupted;
	char message[SVR_CAUSE_MESSAGE];
};

#endif /* _SVSM_RESET_CAUSE_H */
