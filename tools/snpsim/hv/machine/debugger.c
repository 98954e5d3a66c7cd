// SPDX-License-Identifier: GPL-2.0
/* The code that debugs VMPL 0, if gdb is wanted */
#include "machine/debugger.h"

static const struct debugger *debugger;

void debugger_is(const struct debugger *d)
{
	debugger = d;
}

bool debugger_sent_nmi(struct vcpu *v, bool with_other)
{
	return debugger && debugger->sent_nmi(v, with_other);
}

void debugger_before_end(void)
{
	if (debugger)
		debugger->before_end();
}
