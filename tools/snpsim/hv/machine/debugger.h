/* SPDX-License-Identifier: GPL-2.0 */
/* What the code that debugs VMPL 0 wants to know. It lies above, and registers itself. */
#ifndef SNPSIM_DEBUGGER_H
#define SNPSIM_DEBUGGER_H

#include "machine/vcpu.h"

struct debugger {
	bool (*sent_nmi)(struct vcpu *v);	/* was the NMI that has arrived from there? */
	void (*before_end)(struct vcpu *v);	/* the run ends once this returns */
};

void debugger_is(const struct debugger *d);
bool debugger_sent_nmi(struct vcpu *v);
void debugger_before_end(struct vcpu *v);

#endif
