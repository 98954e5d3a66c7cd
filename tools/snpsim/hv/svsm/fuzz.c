// SPDX-License-Identifier: GPL-2.0
/*
 * An SVSM whose answers are drawn from a seed (--host fuzz=). It may leave a call undone
 * and answer it; what it has done it may answer otherwise. EXECUTE is done only where its
 * answer is the right one: whatever else is said of it, the guest is still there.
 */
#include "lib/lib.h"
#include "machine/fuzz.h"
#include "machine/vcpu.h"
#include "svsm/svsm.h"

#define CORE_QUERY_PROTOCOL	6
#define MANIFEST_SIZE		8
#define PATIENCE		8	/* the kernel asks for an attestation without a bound */

/* Parts of an answer, of which each that is drawn is changed */
#define PARTS			(FUZZ_RAX | FUZZ_RCX | FUZZ_REST | FUZZ_PENDING | FUZZ_MANIFEST)

static u64 result_code(struct fuzz *f, u64 right, u64 asked)
{
	switch (fuzz_draw(f, 8)) {
	case 0:
		return SVSM_ERR_INCOMPLETE + fuzz_draw(f, 16);
	case 1:
		return 0x80001000UL + fuzz_draw(f, 32);
	case 2:
		return SVSM_ERR_INCOMPLETE;
	case 3:
		return SVSM_ERR_BUSY;
	case 4:
		return asked;
	case 5:
		return SVSM_SUCCESS;
	default:
		return fuzz_mutation(f, right);
	}
}

static u32 version(struct fuzz *f)
{
	u64 n = fuzz_draw(f, 8);

	return n < 4 ? n : n == 4 ? ~0U : n == 5 ? 1 : fuzz_wide(f);
}

static u64 length(struct fuzz *f, u64 asked)
{
	switch (fuzz_draw(f, 8)) {
	case 0:
		return MANIFEST_SIZE + fuzz_draw(f, 3) - 1;
	case 1:
		return PAGE_SIZE + fuzz_draw(f, 3) - 1;
	case 2:
		return (u32)~0;
	case 3:
		return MANIFEST_SIZE | fuzz_wide(f) << 32;
	case 4:
		return asked;
	default:
		return fuzz_mutation(f, MANIFEST_SIZE);
	}
}

/* The page for the manifest, if the call has one that the SVSM may write to. */
static u8 *manifest_of(const struct svsm_call *c)
{
	const u64 *op;

	if (c->protocol != SVSM_PROTO_ATTEST)
		return NULL;
	op = svsm_private_ptr(c->guest->reg[RCX], PAGE_SIZE / 8);
	/* Three locations of 16 bytes each: report, nonce, manifest */
	return op ? svsm_private_ptr(op[4], MANIFEST_SIZE) : NULL;
}

/* The kernel asks for an attestation until it is neither busy nor interrupted. */
static bool waits_for_ever(const struct svsm_call *c, u64 rax)
{
	static u32 so_far;

	if (c->protocol != SVSM_PROTO_ATTEST ||
	    (rax != SVSM_ERR_INCOMPLETE && rax != SVSM_ERR_BUSY)) {
		so_far = 0;
		return false;
	}
	return ++so_far > PATIENCE;
}

static u64 change_result(struct svsm_call *c, struct fuzz *f, u64 result, u64 asked)
{
	u64 rax = result_code(f, result, asked);

	return waits_for_ever(c, rax) ? SVSM_ERR_INVALID_REQUEST : rax;
}

static void change_rest(struct svsm_call *c, struct fuzz *f)
{
	c->guest->reg[RDX] = fuzz_mutation(f, c->guest->reg[RDX]);
	c->guest->reg[R8] = fuzz_mutation(f, c->guest->reg[R8]);
	c->guest->reg[R9] = fuzz_mutation(f, c->guest->reg[R9]);
}

static void change_rcx(struct svsm_call *c, struct fuzz *f, u64 asked)
{
	u64 *rcx = &c->guest->reg[RCX];

	if (c->protocol == SVSM_PROTO_CORE && c->call == CORE_QUERY_PROTOCOL)
		*rcx = (u64)version(f) << 32 | version(f);
	else if (c->protocol == SVSM_PROTO_ATTEST)
		*rcx = length(f, asked);
	else
		*rcx = fuzz_mutation(f, *rcx);
}

/* One value of the manifest, or all of it */
static void change_manifest(struct fuzz *f, u8 *manifest)
{
	if (fuzz_draw(f, 2))
		manifest[fuzz_draw(f, MANIFEST_SIZE)] ^= BIT_ULL(fuzz_draw(f, 8));
	else
		*(u64 *)manifest = fuzz_wide(f);
}

static u64 change(struct svsm_call *c, struct fuzz *f, u64 result, u64 rcx, u8 *manifest)
{
	u64 asked = (u64)c->protocol << 32 | c->call;

	if (f->changed & FUZZ_RAX)
		result = change_result(c, f, result, asked);
	if (f->changed & FUZZ_RCX)
		change_rcx(c, f, rcx);
	if (f->changed & FUZZ_REST)
		change_rest(c, f);
	if (f->changed & FUZZ_PENDING)
		c->ca[CA_CALL_PENDING] = 1 + fuzz_draw(f, 255);
	if (!manifest)
		f->changed &= ~FUZZ_MANIFEST;
	else if (f->changed & FUZZ_MANIFEST)
		change_manifest(f, manifest);
	return result;
}

/*
 * Do a call, or do not, and change the answer. `right` does it; it may have ended the
 * guest.
 */
u64 svsm_fuzz(struct svsm_call *c, u64 (*right)(struct svsm_call *c))
{
	struct fuzz *f = fuzz_now();
	u64 rcx = c->guest->reg[RCX], result = SVSM_SUCCESS;
	u8 *manifest = manifest_of(c);

	f->called = true;
	f->protocol = c->protocol;
	f->call = c->call;
	if (f->state && fuzz_draw(f, 4))
		f->changed |= fuzz_wide(f) & fuzz_wide(f) & (PARTS | FUZZ_UNDONE);
	if (svsm_is_reboot_protocol(c->protocol) && (f->changed & ~FUZZ_DROPPED))
		f->changed |= FUZZ_UNDONE;
	if (!(f->changed & FUZZ_UNDONE))
		result = right(c);
	result = change(c, f, result, rcx, manifest);
	f->rax = result;
	f->rcx = c->guest->reg[RCX];
	f->pending = c->ca[CA_CALL_PENDING];
	if (manifest)
		memcpy(f->manifest, manifest, sizeof(f->manifest));
	return result;
}
