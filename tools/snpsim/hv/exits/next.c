// SPDX-License-Identifier: GPL-2.0
/*
 * The instruction behind one that was intercepted. Hardware does not intercept the GHCB MSR,
 * and a guest executes VMGEXIT right after a write of it, and often reads it right after
 * VMGEXIT. Where the next instruction is one of these, it is done without entering the guest
 * in between: in TCG a world switch costs as much as some thousand instructions.
 *
 * The guest sees no difference: whatever it would see between the two still comes there.
 */
#include "exits/exits.h"
#include "lib/config.h"
#include "lib/lib.h"
#include "lib/x86.h"
#include "machine/gmem.h"
#include "machine/nmi.h"
#include "machine/svm.h"
#include "machine/trap.h"
#include "machine/vcpu.h"

#define BREAKPOINTS		0xffUL		/* of DR7: those that are enabled */

static const u8 insn_vmgexit[] = { 0xf3, 0x0f, 0x01, 0xd9 };
static const u8 insn_wrmsr[] = { 0x0f, 0x30 };
static const u8 insn_rdmsr[] = { 0x0f, 0x32 };

/* Was this exit for the GHCB? */
static bool was_for_ghcb(const struct vcpu *v)
{
	u64 code = v->cur->vmcb->exit_code;

	return code == EXIT_VMMCALL ||
	       (code == EXIT_MSR && (u32)v->cur->reg[RCX] == MSR_GHCB);
}

/*
 * Could a trap, an interrupt or a fault come before the next instruction? None of its page,
 * where the guest has just run the one at @last.
 */
static bool may_stop_before(const struct vcpu *v, u64 last)
{
	const struct vmcb_save *s = &v->cur->vmcb->save;

	return (s->rflags & (RFLAGS_IF | RFLAGS_TF)) || (s->dr7 & BREAKPOINTS) ||
	       ((last ^ (s->rip + sizeof(insn_vmgexit) - 1)) & PAGE_MASK);
}

/*
 * Does anything else come first: an NMI, also one that has arrived since the exit, what another
 * vCPU has asked for, or a page that was taken away?
 */
static bool something_comes_first(struct vcpu *v)
{
	take_nmi();
	nmi_take(v);
	return nmi_deliverable(v->cur) || (v->cur->vmcb->event_inj & EVENT_VALID) ||
	       vcpu_kept_out(v) || vcpu_is_held() || READ_ONCE(v->flush) ||
	       READ_ONCE(v->vmsa_open) || READ_ONCE(v->relaunch) ||
	       READ_ONCE(v->state) != VCPU_RUNNING;
}

/* Make the next instruction an exit of its own, if it is one for the GHCB. */
static bool decode(struct vcpu *v)
{
	struct vmcb *m = v->cur->vmcb;
	u8 b[4];

	if (guest_fetch(v, b, sizeof(b)))
		return false;
	if (!memcmp(b, insn_vmgexit, sizeof(insn_vmgexit))) {
		m->exit_code = EXIT_VMMCALL;
		return true;
	}
	if ((u32)v->cur->reg[RCX] != MSR_GHCB)
		return false;
	m->exit_code = EXIT_MSR;
	m->exit_info1 = !memcmp(b, insn_wrmsr, sizeof(insn_wrmsr));
	return m->exit_info1 || !memcmp(b, insn_rdmsr, sizeof(insn_rdmsr));
}

/*
 * The exit of the instruction at @last has been handled. Is there another one to handle, as if
 * the guest had been entered?
 */
bool next_is_for_ghcb(struct vcpu *v, u64 last)
{
	const struct vmcb_save *s = &v->cur->vmcb->save;

	if (!was_for_ghcb(v) || vmpl0_is_guest() || s->cpl || !in_64bit_mode(v))
		return false;
	/* It has not been done, or the guest goes on elsewhere. */
	if (s->rip <= last || s->rip > last + sizeof(insn_vmgexit))
		return false;
	return !may_stop_before(v, last) && decode(v) && !something_comes_first(v);
}
