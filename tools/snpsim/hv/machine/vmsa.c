// SPDX-License-Identifier: GPL-2.0
/* Between a VMSA and a context: the only place that knows both. */
#include "lib/lib.h"
#include "lib/x86.h"
#include "machine/fpu.h"
#include "machine/vmsa.h"

/* General registers as a VMSA has them. RSP and RAX are in the VMCB. */
static const enum gpr gprs[] = {
	RCX, RDX, RBX, RSP, RBP, RSI, RDI, R8, R9, R10, R11, R12, R13, R14, R15
};

static_assert(ARRAY_SIZE(gprs) == ARRAY_SIZE(((struct vmsa *)NULL)->gpr), "vmsa");

/*
 * Hardware ignores LMA and takes LME and PG: a VMSA that somebody has written by hand may
 * have either.
 */
static u64 efer_of(const struct vmsa *p)
{
	bool lma = (p->efer & EFER_LME) && (p->cr0 & CR0_PG);

	return (p->efer & ~EFER_LMA) | (lma ? EFER_LMA : 0);
}

/* Without DebugSwap nobody keeps the debug address registers for a guest. */
static void load_debug_addresses(struct context *c, const struct vmsa *p)
{
	if (p->sev_features & SEV_FEATURE_DEBUG_SWAP)
		memcpy(c->dr, p->dr, sizeof(c->dr));
}

/* The context has been reset, and is not in the processor. */
void vmsa_load(struct context *c, const struct vmsa *p)
{
	struct vmcb_save *s = &c->vmcb->save;

	/* A VMCB's state save area begins with the same layout. */
	memcpy(s, p, offsetof(struct vmcb_save, dbgctl));
	s->efer = efer_of(p);
	for (unsigned int i = 0; i < ARRAY_SIZE(gprs); i++)
		if (gprs[i] != RSP)
			c->reg[gprs[i]] = p->gpr[i];
	for (unsigned int i = 0; i < ARRAY_SIZE(vmsa_msrs); i++) {
		c->msr[i] = 0;
		memcpy(&c->msr[i], (const u8 *)p + vmsa_msrs[i].offset, vmsa_msrs[i].size);
	}
	load_debug_addresses(c, p);
	fpu_from_vmsa(c, p);
	c->sev_features = p->sev_features;
}
