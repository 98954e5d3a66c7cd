// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the host answers to requests about a GHCB.
 *
 * Pure: no hardware, no state, no logging; kunit/ghcb_parse_kunit.c has the table.
 * AMD 56421, "GHCB MSR Protocol" and "SNP AP Creation". All of it is written
 * by the host, which is not trusted.
 */
#include <linux/errno.h>
#include <linux/kernel.h>

#include "ghcb-parse.h"

#define SVR_GHCB_INFO_MASK		0xfffULL
#define SVR_GHCB_REGISTER_RESPONSE	0x013ULL
#define SVR_GHCB_FEATURES_RESPONSE	0x081ULL
#define SVR_GHCB_PA_BITS		52

/**
 * svr_ghcb_registered - which page has the kernel registered on this CPU?
 * @msr: GHCB MSR while no request of ours is under way
 *
 * The MSR holds the address of the page from the kernel's first request that
 * needed it, and until then the host's answer to its registration. Context:
 * any.
 *
 * Return: physical address of a page, or 0 if there is none to be seen.
 */
u64 svr_ghcb_registered(u64 msr)
{
	u64 info = msr & SVR_GHCB_INFO_MASK;
	u64 pa = msr & ~SVR_GHCB_INFO_MASK;

	if (info && info != SVR_GHCB_REGISTER_RESPONSE)
		return 0;
	return pa >> SVR_GHCB_PA_BITS ? 0 : pa;
}

/**
 * svr_ghcb_parse_register - has the host registered this page?
 * @msr: GHCB MSR as found after VMGEXIT
 * @pa:  physical address of the page
 *
 * An NMI before the VMGEXIT leaves the address of the kernel's page in the MSR:
 * then the host has not seen the request. Not traced: the tracer's clock may be a
 * #VC, and the kernel's GHCB may not be registered. Context: any.
 *
 * Return: 0 when it has, -EIO when it refused, -EAGAIN when it was not asked.
 */
notrace int svr_ghcb_parse_register(u64 msr, u64 pa)
{
	if ((msr & SVR_GHCB_INFO_MASK) != SVR_GHCB_REGISTER_RESPONSE)
		return -EAGAIN;
	return (msr & ~SVR_GHCB_INFO_MASK) == pa ? 0 : -EIO;
}

/**
 * svr_ghcb_parse_features - what does the host say that it can do?
 * @msr:      GHCB MSR as found after VMGEXIT
 * @features: receives the bits, GHCB_HV_FT_*
 *
 * Context: any.
 *
 * Return: 0, or -EAGAIN when that is not the answer.
 */
int svr_ghcb_parse_features(u64 msr, u64 *features)
{
	if ((msr & SVR_GHCB_INFO_MASK) != SVR_GHCB_FEATURES_RESPONSE)
		return -EAGAIN;
	*features = msr >> 12;
	return 0;
}

/**
 * svr_ghcb_pack_destroy - SW_EXITINFO1 of a request to destroy a vCPU
 * @apic_id: its APIC id
 * @vmpl:    the VMPL at which it runs this kernel
 *
 * AMD 56421, "SNP AP Creation". Context: any.
 *
 * Return: the value.
 */
u64 svr_ghcb_pack_destroy(u32 apic_id, unsigned int vmpl)
{
	return (u64)apic_id << 32 | (u64)(vmpl & 0xf) << 16 | SVR_AP_DESTROY;
}

/**
 * svr_ghcb_parse_destroy - does the host say that it has destroyed the vCPU?
 * @valid: SW_EXITINFO1 is marked valid in the GHCB
 * @info1: SW_EXITINFO1
 *
 * AMD 56421, "SNP AP Creation": zero in bits 31:0 is success, 1 asks for an
 * exception and 2 is an error. Context: any.
 *
 * Return: 0 when it does, -EIO when it has refused, -EPROTO when there is no
 * answer or one that makes no sense.
 */
int svr_ghcb_parse_destroy(bool valid, u64 info1)
{
	if (!valid)
		return -EPROTO;
	switch (lower_32_bits(info1)) {
	case 0:
		return 0;
	case 1:
	case 2:
		return -EIO;
	default:
		return -EPROTO;
	}
}
