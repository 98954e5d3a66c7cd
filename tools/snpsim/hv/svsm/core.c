// SPDX-License-Identifier: GPL-2.0
/* The core protocol (AMD 58019, section 6), except PVALIDATE, VMSAs and memory. */
#include "lib/lib.h"
#include "machine/vcpu.h"
#include "svsm/svsm.h"

#define CORE_REMAP_CA		0
#define CORE_PVALIDATE		1
#define CORE_CREATE_VCPU	2
#define CORE_DELETE_VCPU	3
#define CORE_DEPOSIT_MEM	4
#define CORE_WITHDRAW_MEM	5
#define CORE_QUERY_PROTOCOL	6
#define CORE_CONFIGURE_VTOM	7

#define VERSION_MIN		1
#define VERSION_MAX		1
#define VTOM_QUERY		BIT_ULL(0)

/* This call came through the old area; later ones come through the new one. */
static u64 remap_ca(struct svsm_call *c)
{
	u64 gpa = c->guest->reg[RCX];
	u8 *ca;

	if (gpa & ~PAGE_MASK)
		return SVSM_ERR_INVALID_PARAMETER;
	ca = svsm_private_ptr(gpa, PAGE_SIZE);
	if (!ca || (gpa != c->v->ca && vmsa_uses_page(gpa)))
		return SVSM_ERR_INVALID_ADDRESS;
	memset(ca, 0, 8);
	if (c->guest->vmsa)
		vmsa_remap_ca(c->guest->vmsa, gpa);
	c->v->ca = gpa;
	return SVSM_SUCCESS;
}

/* RCX: protocol and version in, maximum and minimum version or 0 out. */
static u64 query_protocol(struct svsm_call *c)
{
	u32 protocol = c->guest->reg[RCX] >> 32, version = c->guest->reg[RCX];
	bool ok = svsm_has_protocol(protocol) && version >= VERSION_MIN && version <= VERSION_MAX;

	c->guest->reg[RCX] = ok ? (u64)VERSION_MAX << 32 | VERSION_MIN : 0;
	return SVSM_SUCCESS;
}

/* The answer to a query is: no vTOM. Without vTOM there is nothing to configure. */
static u64 configure_vtom(struct svsm_call *c)
{
	if (!(c->guest->reg[RCX] & VTOM_QUERY))
		return SVSM_ERR_INVALID_REQUEST;
	c->guest->reg[RCX] = 0;
	return SVSM_SUCCESS;
}

u64 core_call(struct svsm_call *c)
{
	switch (c->call) {
	case CORE_REMAP_CA:
		return remap_ca(c);
	case CORE_PVALIDATE:
		return core_pvalidate(c);
	case CORE_CREATE_VCPU:
		return core_create_vcpu(c);
	case CORE_DELETE_VCPU:
		return core_delete_vcpu(c);
	case CORE_DEPOSIT_MEM:
		return core_deposit_mem(c);
	case CORE_WITHDRAW_MEM:
		return core_withdraw_mem(c);
	case CORE_QUERY_PROTOCOL:
		return query_protocol(c);
	case CORE_CONFIGURE_VTOM:
		return configure_vtom(c);
	default:
		return SVSM_ERR_UNSUPPORTED_CALL;
	}
}
