// SPDX-License-Identifier: GPL-2.0
/*
 * An attestation report (AMD 56860, table ATTESTATION_REPORT). It says that it is
 * simulated, and its version is one that no firmware reports, so nobody can take it for a
 * real one.
 */
#include "lib/lib.h"
#include "psp/psp.h"

#define REPORT_VERSION		0x00
#define REPORT_VMPL		0x30
#define REPORT_DATA		0x50
#define NO_VERSION		0xffffffff

static const char mark[] = "SIMULATED by snpsim: this is no attestation report";

/* data: the caller's 64 bytes */
void psp_report(u8 *report, const u8 *data, u32 vmpl)
{
	memset(report, 0, PSP_REPORT_SIZE);
	*(u32 *)(report + REPORT_VERSION) = NO_VERSION;
	*(u32 *)(report + REPORT_VMPL) = vmpl;
	memcpy(report + REPORT_DATA, data, PSP_REPORT_DATA_SIZE);
	memcpy(report + REPORT_DATA + PSP_REPORT_DATA_SIZE, mark, sizeof(mark));
}
