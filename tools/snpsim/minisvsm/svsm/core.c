// SPDX-License-Identifier: GPL-2.0
/* The core protocol (58019, section 6), except for memory. */
#include "svsm.h"

static bool is_page(u64 pa)
{
	return !(pa & ~PAGE_MASK);
}

/* This call came by the old area; the next one comes by the new one. */
static u64 remap_ca(struct call *c)
{
	u64 ca = c->v->rcx;
	u64 *area;

	if (!is_page(ca))
		return SVSM_INVALID_PARAMETER;
	area = guest_memory(ca, PAGE_SIZE);
	if (!area || (ca != c->g->ca && guest_uses_page(ca)))
		return SVSM_INVALID_ADDRESS;
	store(area, 0);
	c->g->ca = ca;
	return SVSM_SUCCESS;
}

static u64 create_vcpu(struct call *c)
{
	u64 vmsa = c->v->rcx, ca = c->v->rdx, id = (u32)c->v->r8;

	if (!is_page(vmsa) || !is_page(ca) || vmsa == ca)
		return SVSM_INVALID_ADDRESS;
	if (!guest_memory(vmsa, PAGE_SIZE) || !guest_memory(ca, PAGE_SIZE) ||
	    guest_uses_page(vmsa) || !guest_area_is_free(ca, id))
		return SVSM_INVALID_ADDRESS;
	if (id >= svsm_cpus())
		return SVSM_INVALID_PARAMETER;
	return guest_add(vmsa, ca, id, c->v->sev_features);
}

static u64 delete_vcpu(struct call *c)
{
	struct guest_vcpu *g = guest_by_vmsa(c->v->rcx);

	if (!g || g == c->g)
		return SVSM_INVALID_PARAMETER;
	return guest_remove(g);
}

/* Protocol and version in; the highest and the lowest version, or 0, out */
static u64 query_protocol(struct call *c)
{
	u32 protocol = c->v->rcx >> 32, version = c->v->rcx;

	c->v->rcx = protocol_is_known(protocol) && version == VERSION_1 ?
		    (u64)VERSION_1 << 32 | VERSION_1 : 0;
	return SVSM_SUCCESS;
}

/* Bit 0 asks whether there is a virtual top of memory: SEV_FEATURES has none. */
static u64 configure_vtom(struct call *c)
{
	if (!(c->v->rcx & 1))
		return SVSM_INVALID_REQUEST;
	c->v->rcx = 0;
	return SVSM_SUCCESS;
}

u64 core_call(struct call *c)
{
	switch (c->number) {
	case CORE_REMAP_CA:
		return remap_ca(c);
	case CORE_PVALIDATE:
		return core_pvalidate(c);
	case CORE_CREATE_VCPU:
		return create_vcpu(c);
	case CORE_DELETE_VCPU:
		return delete_vcpu(c);
	case CORE_DEPOSIT_MEM:
		return core_deposit(c);
	case CORE_WITHDRAW_MEM:
		return core_withdraw(c);
	case CORE_QUERY_PROTOCOL:
		return query_protocol(c);
	case CORE_CONFIGURE_VTOM:
		return configure_vtom(c);
	default:
		return SVSM_UNSUPPORTED_CALL;
	}
}
