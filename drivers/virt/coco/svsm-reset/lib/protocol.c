// SPDX-License-Identifier: GPL-2.0-only
/*
 * Packing of calls to the SVSM, and what its answers mean.
 *
 * Pure: no hardware, no state, no logging; kunit/protocol_kunit.c has the
 * tables.
 */
#include <linux/align.h>
#include <linux/array_size.h>
#include <linux/bits.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/sizes.h>
#include <linux/string.h>
#include <linux/svsm-reboot.h>

#include "protocol.h"

/* GHCB MSR protocol, AMD 56421: "Run at VMPL" response and its fields */
#define SVR_GHCB_INFO_MASK		0xfffULL
#define SVR_GHCB_RUN_VMPL_RESPONSE	0x017ULL
#define SVR_GHCB_ERROR_SHIFT		32

/* SEV_STATUS; kernels without support for it have no name for the bit */
#define SVR_SEV_STATUS_SECURE_AVIC	BIT_ULL(18)

/**
 * svr_pack_query - core protocol, call 6: is this protocol there?
 * @protocol: protocol number
 * @version:  its version
 *
 * AMD 58019, "SVSM_CORE_QUERY_PROTOCOL". Context: any.
 *
 * Return: the registers of the call.
 */
struct svr_call svr_pack_query(u32 protocol, u32 version)
{
	return (struct svr_call) {
		.rax = SVSM_REBOOT_RAX(SVSM_REBOOT_CORE_PROTOCOL,
				       SVSM_REBOOT_CORE_QUERY_PROTOCOL),
		.rcx = (u64)protocol << 32 | version,
	};
}

/**
 * svr_pack_execute - reboot protocol, call 0: reset this guest
 * @protocol: number under which this SVSM has the reboot protocol
 *
 * AMD 58019 v1.01 draft 3, "SVSM_REBOOT_EXECUTE". All flags are reserved.
 * Context: any.
 *
 * Return: the registers of the call.
 */
struct svr_call svr_pack_execute(u32 protocol)
{
	return (struct svr_call) {
		.rax = SVSM_REBOOT_RAX(protocol, SVSM_REBOOT_EXECUTE),
		.rcx = 0,
	};
}

/**
 * svr_pack_delete - core protocol, call 3: delete a vCPU
 * @vmsa_pa: physical address of its VMSA
 *
 * AMD 58019, "SVSM_CORE_DELETE_VCPU". Context: any.
 *
 * Return: the registers of the call.
 */
struct svr_call svr_pack_delete(u64 vmsa_pa)
{
	return (struct svr_call) {
		.rax = SVSM_REBOOT_RAX(SVSM_REBOOT_CORE_PROTOCOL,
				       SVSM_REBOOT_CORE_DELETE_VCPU),
		.rcx = vmsa_pa,
	};
}

/**
 * svr_parse_result - what does this result code ask for?
 * @rax: RAX as the SVSM left it
 *
 * AMD 58019, "Result Codes". A value that the specification does not know,
 * bits above 31 included, is a failure. Context: any.
 *
 * Return: the verdict.
 */
enum svr_verdict svr_parse_result(u64 rax)
{
	switch (rax) {
	case SVSM_RESULT_SUCCESS:
		return SVR_VERDICT_SUCCESS;
	case SVSM_RESULT_INCOMPLETE:
		return SVR_VERDICT_AGAIN;
	case SVSM_RESULT_BUSY:
		return SVR_VERDICT_LATER;
	default:
		return SVR_VERDICT_FAILED;
	}
}

/**
 * svr_parse_repeated - the same, for a call that may already have been repeated
 * @so_far: all zero before the first attempt
 * @rax:    RAX as the SVSM left it
 *
 * Context: any.
 *
 * Return: the verdict; SVR_VERDICT_FAILED instead of another repetition once
 * there were SVR_INCOMPLETE_TRIES or SVR_BUSY_TRIES of its kind.
 */
enum svr_verdict svr_parse_repeated(struct svr_patience *so_far, u64 rax)
{
	enum svr_verdict verdict = svr_parse_result(rax);

	if (verdict == SVR_VERDICT_AGAIN &&
	    ++so_far->incomplete >= SVR_INCOMPLETE_TRIES)
		return SVR_VERDICT_FAILED;
	if (verdict == SVR_VERDICT_LATER && ++so_far->busy >= SVR_BUSY_TRIES)
		return SVR_VERDICT_FAILED;
	return verdict;
}

/**
 * svr_result_name - name of a result code, for the log
 * @rax: RAX as the SVSM left it
 *
 * Context: any.
 *
 * Return: the specification's name without its prefix, never NULL.
 */
const char *svr_result_name(u64 rax)
{
	static const char * const names[] = {
		"INCOMPLETE", "UNSUPPORTED_PROTOCOL", "UNSUPPORTED_CALL",
		"INVALID_ADDRESS", "INVALID_FORMAT", "INVALID_PARAMETER",
		"INVALID_REQUEST", "BUSY",
	};

	if (rax == SVSM_RESULT_SUCCESS)
		return "SUCCESS";
	if (rax >= SVSM_RESULT_INCOMPLETE &&
	    rax < SVSM_RESULT_INCOMPLETE + ARRAY_SIZE(names))
		return names[rax - SVSM_RESULT_INCOMPLETE];
	if (rax >= SVSM_RESULT_PROTOCOL_BASE && rax <= U32_MAX)
		return "protocol-specific";
	return "not a result code";
}

/**
 * svr_parse_query - does the answer to QUERY_PROTOCOL cover this version?
 * @rcx:     RCX as the SVSM left it: highest version << 32 | lowest, or 0
 * @version: the version wanted
 *
 * Context: any.
 *
 * Return: 0 when it does, -ENOENT for a protocol that is not there,
 * -EPROTONOSUPPORT for one that is there in other versions only, and
 * -EPROTO for an answer that makes no sense.
 */
int svr_parse_query(u64 rcx, u32 version)
{
	u32 max = upper_32_bits(rcx), min = lower_32_bits(rcx);

	if (!rcx)
		return -ENOENT;
	if (!min || min > max)
		return -EPROTO;
	if (version < min || version > max)
		return -EPROTONOSUPPORT;
	return 0;
}

/**
 * svr_parse_manifest - is this the manifest of a service that we know?
 * @buf: the manifest, at least as much of it as &struct svsm_reboot_manifest
 *	 when @len says that there is so much
 * @len: its length in bytes, as the SVSM stated it
 *
 * Context: any.
 *
 * Return: 0 when it is, -EMSGSIZE for any other length, -EPROTONOSUPPORT for
 * another version, -EOPNOTSUPP for flags, of which none is defined.
 */
int svr_parse_manifest(const void *buf, u64 len)
{
	struct svsm_reboot_manifest manifest;

	if (len != sizeof(manifest))
		return -EMSGSIZE;

	memcpy(&manifest, buf, sizeof(manifest));
	if (le32_to_cpu(manifest.version) != SVSM_REBOOT_MANIFEST_VERSION)
		return -EPROTONOSUPPORT;
	if (manifest.flags)
		return -EOPNOTSUPP;
	return 0;
}

/**
 * svr_parse_ghcb_msr - has the SVSM taken our call, and if not, why?
 * @msr:     GHCB MSR as found after VMGEXIT
 * @pending: call_pending was still set
 *
 * AMD 56421, "GHCB MSR Protocol", response 0x017; AMD 58019, "Calling
 * Convention", for call_pending. The host cannot write to call_pending: once it
 * is clear, the SVSM has taken the call, and making it again would be another
 * call. The MSR is the host's, and an NMI or a #VC puts something else into it.
 * If that was before the VMGEXIT, the SVSM has not run for us; if it was after
 * it, the answer is in the registers.
 *
 * Context: any.
 *
 * Return: 0 when the SVSM has taken the call, -EAGAIN when it should be made
 * again, -EIO when the host refused to run the SVSM.
 */
int svr_parse_ghcb_msr(u64 msr, bool pending)
{
	if (!pending)
		return 0;
	if ((msr & SVR_GHCB_INFO_MASK) == SVR_GHCB_RUN_VMPL_RESPONSE &&
	    msr >> SVR_GHCB_ERROR_SHIFT)
		return -EIO;
	return -EAGAIN;
}

/**
 * svr_sev_has_secure_avic - is the local APIC out of the host's reach?
 * @status: SEV_STATUS
 *
 * Then an access to a register that the processor does not serve by itself is a #VC, which
 * only the kernel's own APIC driver may cause (AMD APM volume 2, "Secure AVIC": SEV_STATUS
 * bit 18).
 * Context: any.
 *
 * Return: true when it is.
 */
bool svr_sev_has_secure_avic(u64 status)
{
	return status & SVR_SEV_STATUS_SECURE_AVIC;
}

/**
 * svr_caa_plausible - can this be the address of a calling area?
 * @pa: physical address, without the C-bit
 *
 * AMD 58019, "Calling Area": one page, page aligned. Whether memory is there
 * is for the caller to find out. Context: any.
 *
 * Return: true when it can.
 */
bool svr_caa_plausible(u64 pa)
{
	return pa && IS_ALIGNED(pa, SZ_4K) && !(pa >> 52);
}
