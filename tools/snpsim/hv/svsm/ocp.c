// SPDX-License-Identifier: GPL-2.0
/*
 * Protocol 5 of another SVSM, COCONUT-SVSM: Observability and Management, once called
 * Observability and Configuration. This SVSM has no objects to show: a list is empty, and
 * no name is known.
 */
#include "machine/vcpu.h"
#include "svsm/svsm.h"

#define OMP_LIST		0	/* RCX: name of an object or 0, RDX: buffer, R8: bytes */
#define OMP_READ		1	/* RCX: name of a source, RDX: buffer, R8: bytes */
#define OMP_WRITE		2
#define OMP_ENTRY_SIZE		128
#define OMP_NAME_SIZE		120
#define OMP_ALIGNMENT		8

static u64 list(struct svsm_call *c, u32 size)
{
	u64 name = c->guest->reg[RCX];

	if (!size || size > PAGE_SIZE || size % OMP_ENTRY_SIZE)
		return SVSM_ERR_INVALID_PARAMETER;
	if (!svsm_private_ptr(c->guest->reg[RDX], size) ||
	    (name && !svsm_private_ptr(name, OMP_NAME_SIZE)))
		return SVSM_ERR_INVALID_ADDRESS;
	if (name)
		return SVSM_ERR_INVALID_PARAMETER;
	c->guest->reg[R8] = 0;			/* bytes written; R9: bytes that there are */
	c->guest->reg[R9] = 0;
	return SVSM_SUCCESS;
}

static u64 access_source(struct svsm_call *c, u32 size)
{
	if (size > PAGE_SIZE)
		return SVSM_ERR_INVALID_PARAMETER;
	if (!svsm_private_ptr(c->guest->reg[RCX], 2 * OMP_NAME_SIZE))
		return SVSM_ERR_INVALID_ADDRESS;
	return SVSM_ERR_INVALID_PARAMETER;
}

u64 ocp_call(struct svsm_call *c)
{
	u32 size = c->guest->reg[R8];

	if (c->call > OMP_WRITE)
		return SVSM_ERR_UNSUPPORTED_CALL;
	if (c->guest->reg[RDX] % OMP_ALIGNMENT)
		return SVSM_ERR_INVALID_ADDRESS;
	return c->call == OMP_LIST ? list(c, size) : access_source(c, size);
}
