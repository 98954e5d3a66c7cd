// SPDX-License-Identifier: GPL-2.0
/* Which SVSM is this? The answers that differ. */
#include "lib/config.h"
#include "lib/lib.h"
#include "machine/vcpu.h"
#include "svsm/svsm.h"

#define OCP_PROTOCOL		5

bool svsm_has_reboot(void)
{
	return config->svsm == SVSM_DRAFT;
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
	return config->svsm == SVSM_OCP && protocol == OCP_PROTOCOL;
}

/* How often this VM's SVSM has given each of the answers that it was told to give. */
static struct {
	u32 busy, incomplete, in_use, foreign;
} given;

/* The host has built the VM anew: its SVSM is a new one and counts from 0. */
void svsm_begin_anew(void)
{
	memset(&given, 0, sizeof(given));
}

static bool give(u32 *so_far, u32 wanted)
{
	if (*so_far >= wanted)
		return false;
	(*so_far)++;
	return true;
}

/* The result that EXECUTE must return. */
u64 svsm_execute_result(void)
{
	if (give(&given.busy, config->busy))
		return SVSM_ERR_BUSY;
	if (give(&given.incomplete, config->incomplete))
		return SVSM_ERR_INCOMPLETE;
	return option(OPT_RESULT) ? config->execute_result : SVSM_SUCCESS;
}

/* Must the SVSM call the VMSA in use, although no processor executes it? */
bool svsm_finds_in_use(void)
{
	return give(&given.in_use, config->in_use);
}

/* Should the host answer this entry with a response that belongs to another request? */
bool svsm_take_foreign(struct vcpu *v)
{
	u64 rax = vcpu_guest(v)->vmcb->save.rax;

	return svsm_call_is_pending(v) && svsm_is_reboot_protocol(rax >> 32) &&
	       give(&given.foreign, config->foreign);
}
