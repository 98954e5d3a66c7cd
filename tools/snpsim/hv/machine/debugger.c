// SPDX-License-Identifier: GPL-2.0
/* Whoever debugs VMPL 0, if anybody does */
#include "machine/debugger.h"

static const struct debugger *debugger;

void debugger_is(const struct debugger *d)
{
	debugger = d;
}

bool debugger_sent_nmi(struct vcpu *v)
{
	return debugger && debugger->sent_nmi(v);
}

void debugger_before_end(struct vcpu *v)
{
	if (debugger)
		debugger->before_end(v);
}
