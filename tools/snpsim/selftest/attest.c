// SPDX-License-Identifier: GPL-2.0
#include "attest.h"
#include "report.h"
#include "snp.h"

/* 0cc20f93-afaa-4013-9fb6-9d16fc42ceae, as it lies in memory */
const u8 guid_reboot[16] = {
	0x93, 0x0f, 0xc2, 0x0c, 0xaa, 0xaf, 0x13, 0x40,
	0x9f, 0xb6, 0x9d, 0x16, 0xfc, 0x42, 0xce, 0xae,
};

/* 63849ebb-3d92-4670-a1ff-58f9c94b87bb */
const u8 guid_manifest[16] = {
	0xbb, 0x9e, 0x84, 0x63, 0x92, 0x3d, 0x70, 0x46,
	0xa1, 0xff, 0x58, 0xf9, 0xc9, 0x4b, 0x87, 0xbb,
};

static u64 report, nonce, manifest;

struct attest_op *attest_op(void)
{
	struct attest_op *op = private(this_cpu()->ca + 8);

	if (!report) {
		report = page_alloc();
		nonce = page_alloc();
		manifest = page_alloc();
	}
	memset(private(report), 0xee, PAGE_SIZE);
	memset(private(manifest), 0xee, PAGE_SIZE);
	memset(private(nonce), 0x77, PAGE_SIZE);
	memset(op, 0, sizeof(*op));
	op->report = (struct attest_place){ report, PAGE_SIZE, 0 };
	op->nonce = (struct attest_place){ nonce, 64, 0 };
	op->manifest = (struct attest_place){ manifest, PAGE_SIZE, 0 };
	memcpy(op->guid, guid_reboot, 16);
	return op;
}

struct attest_answer attest_call(u32 call)
{
	struct svsm_args a = {
		.rax = SVSM_CALL(PROTO_ATTEST, call),
		.rcx = this_cpu()->ca + 8,
	};

	svsm_exchange(&a, 0);
	expect_eq("pending", a.pending, 0);
	return (struct attest_answer){ a.rax, a.rcx, a.rdx, a.r8 };
}

u8 *attest_manifest(void)
{
	return private(manifest);
}

u8 *attest_report(void)
{
	return private(report);
}
