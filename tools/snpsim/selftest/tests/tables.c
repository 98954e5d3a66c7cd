// SPDX-License-Identifier: GPL-2.0
/* All tests, in the order of a run. */
#include "tests.h"

const struct selftest_table *const tables[] = {
	&query_tests, &call_tests, &remap_tests, &pvalidate_tests, &vcpu_tests, &mem_tests,
	&attest_tests, &reboot_tests, &variant_tests, &execute_tests, &ap_tests, &state_tests,
	&violation_tests, &stale_tests, &host_tests, &vc_tests, &stress_tests,
	&ipi_tests, &ghcb_tests, &launch_tests, &quirks_tests, &gcm_tests, &psp_tests,
	&efivar_tests, &trap_tests, &apic_tests, &nmi_tests, &left_tests, &kept_tests, &pv_tests,
	&dma_tests, NULL
};
