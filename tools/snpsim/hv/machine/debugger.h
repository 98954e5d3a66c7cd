/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What machine/ has to tell debug/, which lies above it and so registers itself. Those above
 * debug/ call it.
 */
#ifndef SNPSIM_DEBUGGER_H
#define SNPSIM_DEBUGGER_H

#include "machine/vcpu.h"

struct debugger {
	/* Was the NMI that has arrived from there, or that from there in it? */
	bool (*sent_nmi)(struct vcpu *v, bool with_other);
	void (*before_end)(void);		/* the run ends once this returns */
};

void debugger_is(const struct debugger *d);
bool debugger_sent_nmi(struct vcpu *v, bool with_other);
void debugger_before_end(void);

#endif
