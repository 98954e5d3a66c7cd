// SPDX-License-Identifier: GPL-2.0
/* Which SVSM is this? The answers that differ. */
#include "machine.h"
#include "svsm.h"

#define OCP_PROTOCOL		5

bool svsm_has_reboot(void)
{
	return config->personality == SVSM_DRAFT;
}

bool svsm_is_reboot_protocol(u32 protocol)
{
	return svsm_has_reboot() && protocol == config->reboot_protocol;
}

bool svsm_has_protocol(u32 protocol)
{
	if (protocol == SVSM_PROTO_CORE || svsm_is_reboot_protocol(protocol))
		return true;
	if (protocol == SVSM_PROTO_ATTEST)
		return !option(OPT_NOATTEST);
	return config->personality == SVSM_OCP && protocol == OCP_PROTOCOL;
}

/* Should the host answer this entry with a response that belongs to another request? */
bool svsm_take_foreign(struct vcpu *v)
{
	static u32 taken;

	if (taken >= config->foreign || !svsm_call_is_pending(v) ||
	    !svsm_is_reboot_protocol(v->vmcb->save.rax >> 32))
		return false;
	taken++;
	return true;
}
