/* SPDX-License-Identifier: GPL-2.0 */
/* The tables of tests: one for each group, in the order of a run. */
#ifndef SELFTEST_TESTS_H
#define SELFTEST_TESTS_H

#include "report.h"
#include "snp.h"

extern const struct selftest_table query_tests, call_tests, remap_tests, pvalidate_tests,
	vcpu_tests, mem_tests, attest_tests, reboot_tests, variant_tests, execute_tests,
	ap_tests, state_tests, violation_tests, stale_tests, host_tests, vc_tests, stress_tests,
	ipi_tests, ghcb_tests, launch_tests, quirks_tests, gcm_tests, psp_tests,
	efivar_tests, trap_tests, apic_tests, nmi_tests, left_tests, kept_tests,
	pv_tests, dma_tests;

/* Expect a result of one call. */
static inline bool expect_call(const char *what, u32 proto, u32 call, u64 rcx, u64 rdx, u64 r8,
			       u64 want)
{
	return expect_eq(what, svsm_call(proto, call, rcx, rdx, r8), want);
}

static inline bool expect_core(const char *what, u32 call, u64 rcx, u64 want)
{
	return expect_call(what, PROTO_CORE, call, rcx, 0, 0, want);
}

/* EXECUTE must succeed, so nothing after this runs. */
static inline void execute(void)
{
	say("EXECUTE");
	expect_eq("EXECUTE came back", svsm_reboot(), SVSM_SUCCESS);
	expect(false, "EXECUTE came back");
}

#endif
