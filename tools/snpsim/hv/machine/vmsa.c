// SPDX-License-Identifier: GPL-2.0
/* Between a VMSA and a context: the only place that knows both. */
#include "lib/debug.h"
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

/* The context is not in the processor. */
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
	c->vmcb->event_inj = p->event_inj;
	c->vmcb->event_err = p->event_inj >> 32;
}

/* Load what has been saved into another context, and compare. */
static void check_saved(const struct context *c, const struct vmsa *p)
{
	static u8 fpu[XSAVE_AREA_SIZE] __aligned(64);
	static struct vmcb vmcb __aligned(4096);
	static struct context again;

	again = *c;
	again.vmcb = &vmcb;
	again.fpu = fpu;
	vmcb.save = c->vmcb->save;
	vmsa_load(&again, p);
	/* Not a VMCB's: a VMSA has DR0 to DR3 there. */
	memcpy(vmcb.save.rsvd3, c->vmcb->save.rsvd3, sizeof(vmcb.save.rsvd3));
	if (memcmp(again.reg, c->reg, sizeof(c->reg)) || memcmp(again.dr, c->dr, sizeof(c->dr)) ||
	    memcmp(again.msr, c->msr, sizeof(c->msr)) || again.xcr0 != c->xcr0 ||
	    memcmp(&vmcb.save, &c->vmcb->save, sizeof(vmcb.save)) || fpu_differs(&again, c))
		hv_panic("a VMSA does not hold what was saved in it");
}

/* The context has been taken out of the processor. Called under sim_lock. */
void vmsa_save(const struct context *c, struct vmsa *p, u64 exit_code)
{
	memcpy(p, &c->vmcb->save, offsetof(struct vmcb_save, dbgctl));
	for (unsigned int i = 0; i < ARRAY_SIZE(gprs); i++)
		if (gprs[i] != RSP)
			p->gpr[i] = c->reg[gprs[i]];
	for (unsigned int i = 0; i < ARRAY_SIZE(vmsa_msrs); i++)
		memcpy((u8 *)p + vmsa_msrs[i].offset, &c->msr[i], vmsa_msrs[i].size);
	if (c->sev_features & SEV_FEATURE_DEBUG_SWAP)
		memcpy(p->dr, c->dr, sizeof(c->dr));
	fpu_to_vmsa(c, p);
	p->sev_features = c->sev_features;
	p->exit_code = exit_code;
	p->exit_info1 = 0;
	p->exit_info2 = 0;
	/* Not 0 where an event has been injected and VMRUN has not been reached. */
	p->event_inj = c->vmcb->event_inj | (u64)c->vmcb->event_err << 32;
	if (debug_build)
		check_saved(c, p);
}
