// SPDX-License-Identifier: GPL-2.0
/*
 * A host whose answers to a module are drawn from a seed (--host fuzz=). A request is a
 * module's if it comes from where Linux has modules, or is a call of the attestation
 * protocol, which Linux makes for them. The kernel's own requests get the right answers.
 */
#include "host/host.h"
#include "lib/config.h"
#include "lib/lib.h"
#include "machine/fuzz.h"
#include "machine/vcpu.h"
#include "svsm/svsm.h"

/* Linux, Documentation/arch/x86/x86_64/mm.rst; from the first on with RANDOMIZE_BASE */
#define MODULES_START		0xffffffffc0000000UL
#define MODULES_END		0xffffffffff000000UL

static bool is_module(u64 rip)
{
	return rip >= MODULES_START && rip < MODULES_END;
}

static bool asks_for_attestation(struct vcpu *v)
{
	return vcpu_guest(v)->vmcb->save.rax >> 32 == SVSM_PROTO_ATTEST && svsm_call_is_pending(v);
}

/* Is the answer to this request to be changed? Ask before it is done. */
bool fuzz_begins(struct vcpu *v, bool page, u64 code)
{
	struct fuzz *f;

	if (!host_is(HOST_FUZZ) || vmpl0_is_guest() ||
	    (!is_module(v->cur->vmcb->save.rip) &&
	     (code != (page ? VMGEXIT_RUN_VMPL : GHCB_MSR_RUN_VMPL) || !asks_for_attestation(v))))
		return false;
	f = fuzz_takes(page, code);
	if (f && f->state && !fuzz_draw(f, 8))
		f->changed |= FUZZ_DROPPED;
	return f;
}

/* Is it left undone? */
bool fuzz_drops(bool begun)
{
	return begun && (fuzz_now()->changed & FUZZ_DROPPED);
}

static u64 change_msr(struct fuzz *f, u64 asked, u64 right)
{
	switch (fuzz_draw(f, 6)) {
	case 0:
		return asked;
	case 1:
		return (right & GHCB_MSR_INFO) | (fuzz_wide(f) & ~GHCB_MSR_INFO);
	case 2:
		return fuzz_draw(f, 0x120) | (right & ~GHCB_MSR_INFO);
	default:
		return fuzz_mutation(f, right);
	}
}

/* Returns the answer by the MSR. */
u64 fuzz_msr(struct vcpu *v, bool begun, u64 asked, u64 right)
{
	struct fuzz *f = fuzz_now();

	if (!begun)
		return right;
	if (f->state && !fuzz_draw(f, 2)) {
		f->changed |= FUZZ_HOST;
		right = change_msr(f, asked, right);
	}
	f->info1 = right;
	fuzz_ends(v);
	return right;
}

/* The answer in a GHCB page. */
void fuzz_page(struct vcpu *v, bool begun, u8 *ghcb)
{
	struct fuzz *f = fuzz_now();

	if (!begun)
		return;
	if (f->state && !fuzz_draw(f, 2)) {
		f->changed |= FUZZ_HOST;
		ghcb_set(ghcb, GHCB_SW_EXITINFO1, fuzz_mutation(f, 0));
		ghcb_set(ghcb, GHCB_SW_EXITINFO2, fuzz_mutation(f, 0));
	}
	if (f->state && !fuzz_draw(f, 16)) {
		f->changed |= FUZZ_SHORT;
		memset(ghcb + GHCB_VALID_BITMAP, 0, GHCB_VALID_BYTES);
	}
	f->info1 = ghcb_get(ghcb, GHCB_SW_EXITINFO1);
	f->info2 = ghcb_get(ghcb, GHCB_SW_EXITINFO2);
	fuzz_ends(v);
}
