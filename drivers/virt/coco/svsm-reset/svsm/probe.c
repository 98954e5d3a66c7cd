// SPDX-License-Identifier: GPL-2.0-only
/*
 * Is there an SVSM, and does it have the reboot service? Everything that is
 * not known for certain means no.
 */
#define pr_fmt(fmt) "svsm-reset: " fmt

#include <linux/cc_platform.h>
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/gfp.h>
#include <linux/irqflags.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/sizes.h>
#include <linux/sprintf.h>
#include <linux/svsm-reboot.h>
#include <linux/uuid.h>
#include <asm/msr.h>
#include <asm/sev.h>

#include "svsm-reset.h"
#include "svsm/svsm.h"

/* The nonce of an attestation report, AMD 56860 REPORT_DATA */
#define SVR_NONCE_SIZE	64

/**
 * struct svr_attest_pages - buffers of one attestation request
 * @report:   the report; nobody here looks at it
 * @manifest: the manifest of the service
 * @nonce:    all zero, since nobody here looks at the report
 *
 * AMD 58019, "SVSM_ATTEST_SINGLE_SERVICE": page aligned, physically contiguous.
 */
struct svr_attest_pages {
	u8 report[SZ_4K];
	u8 manifest[SZ_4K];
	u8 nonce[SZ_4K];
};

/**
 * svr_probe_platform - is this a guest that has an SVSM?
 *
 * Context: process.
 *
 * Return: 0, or -ENODEV, which has been logged.
 */
int svr_probe_platform(void)
{
	if (!cc_platform_has(CC_ATTR_GUEST_SEV_SNP)) {
		pr_info("not an SEV-SNP guest, nothing to do\n");
		return -ENODEV;
	}
	if (!snp_vmpl) {
		pr_info("running at VMPL 0, so there is no SVSM\n");
		return -ENODEV;
	}
	if (svr_sev_has_secure_avic(__rdmsr(MSR_AMD64_SEV))) {
		pr_err("Secure AVIC is on, and this driver accesses the local APIC directly: not loading\n");
		return -ENODEV;
	}
	return 0;
}

/* RCX of the answer for the reboot protocol: highest << 32 | lowest */
static u64 svr_versions;
/* The SVSM has vouched for the service */
static bool svr_vouched;

/**
 * svr_ask_here - have this CPU make one call to the SVSM
 * @call:   what to ask
 * @answer: what came back, valid when 0 is returned
 *
 * Context: process.
 *
 * Return: as svr_transport_call().
 */
int svr_ask_here(const struct svr_call *call, struct svr_call *answer)
{
	unsigned long flags;
	int err;

	local_irq_save(flags);
	err = svr_transport_call(this_cpu_read(svr_cpus.ca), call, answer);
	local_irq_restore(flags);
	return err;
}

/*
 * Ask the core protocol for another; 0 when it is there in that version, with
 * all the versions that there are in @versions
 */
static int svr_query(svr_asker_t ask, u32 protocol, u32 version, u64 *versions)
{
	struct svr_call call = svr_pack_query(protocol, version), answer;
	struct svr_patience so_far = {};
	enum svr_verdict verdict;
	int err;

	do {
		err = ask(&call, &answer);
		if (err)
			return err;
		verdict = svr_parse_repeated(&so_far, answer.rax);
		if (verdict == SVR_VERDICT_LATER)
			fsleep(SVR_BUSY_PAUSE_US);
	} while (verdict == SVR_VERDICT_AGAIN || verdict == SVR_VERDICT_LATER);
	if (verdict != SVR_VERDICT_SUCCESS)
		return -EREMOTEIO;
	*versions = answer.rcx;
	return svr_parse_query(answer.rcx, version);
}

/**
 * svr_supported_versions - versions of the reboot protocol that the SVSM has
 * @lowest:  receives the lowest
 * @highest: receives the highest
 *
 * Context: any; after svr_probe_service().
 */
void svr_supported_versions(u32 *lowest, u32 *highest)
{
	*lowest = lower_32_bits(svr_versions);
	*highest = upper_32_bits(svr_versions);
}

/*
 * 0 when the SVSM knows the GUID and states a manifest that we know; -ENOENT when it does
 * not know it, -EBADMSG for another manifest, -ENOMEM. @why says what is wrong.
 */
static int svr_attest(char *why, size_t size)
{
	static const guid_t guid = SVSM_REBOOT_SERVICE_GUID;
	struct svsm_attest_call request = {};
	struct svr_attest_pages *pages;
	struct svsm_call call = {};
	int err;

	pages = alloc_pages_exact(sizeof(*pages), GFP_KERNEL | __GFP_ZERO);
	if (!pages)
		return -ENOMEM;

	request.report_buf.pa = __pa(pages->report);
	request.report_buf.len = sizeof(pages->report);
	request.manifest_buf.pa = __pa(pages->manifest);
	request.manifest_buf.len = sizeof(pages->manifest);
	request.nonce.pa = __pa(pages->nonce);
	request.nonce.len = SVR_NONCE_SIZE;
	request.service_manifest_ver = SVSM_REBOOT_MANIFEST_VERSION;
	export_guid(request.service_guid, &guid);

	err = snp_issue_svsm_attest_req(SVSM_ATTEST_CALL(SVSM_ATTEST_SINGLE_SERVICE),
					&call, &request);
	if (err) {
		scnprintf(why, size,
			  "the SVSM does not vouch for the reboot service: 0x%llx, %s",
			  call.rax_out,
			  call.rax_out ? svr_result_name(call.rax_out) :
					 "no answer");
		err = -ENOENT;
	} else {
		/* All of the length: the kernel keeps the lower half of it */
		if (svr_parse_manifest(pages->manifest, call.rcx_out)) {
			scnprintf(why, size,
				  "unknown manifest of the reboot service: %llu bytes, %*ph",
				  call.rcx_out,
				  (int)sizeof(struct svsm_reboot_manifest),
				  pages->manifest);
			err = -EBADMSG;
		}
	}

	free_pages_exact(pages, sizeof(*pages));
	return err;
}

/**
 * svr_probe_service - does the SVSM have the reboot service?
 *
 * The number of the protocol proves nothing: another draft gives number 5 to
 * the Observability and Configuration Protocol, and asking for the number
 * succeeds on either kind of SVSM. So the service's GUID has to be known, too.
 *
 * Context: process, may sleep.
 *
 * Return: 0; -ENODEV or -ENOMEM, which has been logged.
 */
int svr_probe_service(void)
{
	u32 protocol = svr_protocol();
	char why[96];
	u64 core;
	int err;

	err = svr_query(svr_ask_here, SVSM_REBOOT_CORE_PROTOCOL,
			SVSM_REBOOT_CORE_VERSION, &core);
	if (err) {
		pr_err("no SVSM with core protocol version %u (%pe)\n",
		       SVSM_REBOOT_CORE_VERSION, ERR_PTR(err));
		return -ENODEV;
	}

	err = svr_query(svr_ask_here, protocol, SVSM_REBOOT_VERSION, &svr_versions);
	if (err) {
		pr_err("the SVSM has no protocol %u version %u (%pe)\n",
		       protocol, SVSM_REBOOT_VERSION, ERR_PTR(err));
		return -ENODEV;
	}

	err = svr_attest(why, sizeof(why));
	if (err == -ENOMEM) {
		pr_err("no memory for an attestation request\n");
		return err;
	}
	if (err && !svr_allow_unattested()) {
		pr_err("not using protocol %u, which may be another service, like Observability and Configuration: %s\n",
		       protocol, why);
		return -ENODEV;
	}
	svr_vouched = !err;
	if (err)
		pr_warn("allow_unattested: USING PROTOCOL %u WITHOUT PROOF THAT IT IS THE REBOOT SERVICE: %s\n",
			protocol, why);
	return 0;
}

/**
 * svr_probe_versions_again - is the protocol still what it was at load?
 * @ask: makes one call
 *
 * Context: process, may sleep; after svr_probe_service().
 *
 * Return: 0 when it is; -ESTALE when the SVSM has other versions now, or another negative
 * errno.
 */
int svr_probe_versions_again(svr_asker_t ask)
{
	u64 versions;
	int err;

	err = svr_query(ask, svr_protocol(), SVSM_REBOOT_VERSION, &versions);
	if (err)
		return err;
	return versions == svr_versions ? 0 : -ESTALE;
}

/**
 * svr_probe_service_again - does the SVSM still vouch for the service?
 * @why:  receives what is wrong
 * @size: of it
 *
 * The kernel's own function for that repeats a busy or interrupted call without a bound.
 * So it is not asked again where the SVSM did not vouch at load.
 * Context: process, may sleep; after svr_probe_service().
 *
 * Return: 0 when it does, -EOPNOTSUPP when it has not done so at load, or another negative
 * errno.
 */
int svr_probe_service_again(char *why, size_t size)
{
	int err;

	if (!svr_vouched)
		return -EOPNOTSUPP;
	err = svr_attest(why, size);
	if (err == -ENOMEM)
		scnprintf(why, size, "no memory for an attestation request");
	return err;
}
