// SPDX-License-Identifier: GPL-2.0
/*
 * Another SVSM's protocol 5: Observability and Configuration. Its call 0 lists
 * objects into a buffer (RDX: address, R8: size, R9: what to list).
 */
#include "machine.h"
#include "svsm.h"

#define OCP_LIST_OBJECTS	0

u64 ocp_call(struct svsm_call *c)
{
	struct vcpu *v = c->v;
	void *buf;

	if (c->call != OCP_LIST_OBJECTS)
		return SVSM_ERR_UNSUPPORTED_CALL;
	if (!v->reg[RDX] || !v->reg[R8] || (v->reg[RDX] & ~PAGE_MASK) || v->reg[R8] > PAGE_SIZE)
		return SVSM_ERR_INVALID_PARAMETER;
	buf = svsm_private_ptr(v->reg[RDX], v->reg[R8]);
	if (!buf)
		return SVSM_ERR_INVALID_ADDRESS;
	memset(buf, 0, v->reg[R8]);
	v->reg[RCX] = 0;			/* no objects */
	return SVSM_SUCCESS;
}
