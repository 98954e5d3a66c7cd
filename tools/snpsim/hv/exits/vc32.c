// SPDX-License-Identifier: GPL-2.0
/*
 * #VC in protected mode without paging, where firmware's reset vector asks CPUID for the
 * C-bit. It is delivered at the same privilege level, on the current stack.
 */
#include "debug/debug.h"
#include "exits/exits.h"
#include "lib/x86.h"
#include "machine/gmem.h"
#include "machine/svm.h"

#define GATE_SIZE_32		8
#define GATE_PRESENT_32		BIT_ULL(15)
#define GATE_TYPE(high)		((high) >> 8 & 15)
#define GATE_INTERRUPT_32	14
#define GATE_TRAP_32		15

/* Returns false if the guest has no handler for it. */
bool deliver_vc_32(struct vcpu *v, u64 code)
{
	struct vmcb_save *s = &v->cur->vmcb->save;
	u32 gate[2], frame[4] = { code, s->rip, s->cs.sel, debug_flags_to_save(v) };
	u32 sp = s->rsp - sizeof(frame), type;

	if (!(s->cr0 & CR0_PE) || (s->cr0 & CR0_PG) || s->cpl)
		return false;
	if (s->idtr.limit < (EXC_VC + 1) * GATE_SIZE_32 - 1 ||
	    guest_read(v, s->idtr.base + EXC_VC * GATE_SIZE_32, gate, sizeof(gate)))
		return false;
	type = GATE_TYPE(gate[1]);
	if (!(gate[1] & GATE_PRESENT_32) || (type != GATE_INTERRUPT_32 && type != GATE_TRAP_32))
		return false;
	if (guest_write(v, s->ss.base + sp, frame, sizeof(frame)))
		return false;
	s->cs.sel = gate[0] >> 16;
	s->rsp = sp;
	s->rip = (gate[0] & 0xffff) | (gate[1] & 0xffff0000);
	s->rflags &= ~(RFLAGS_TF | RFLAGS_NT | RFLAGS_RF | RFLAGS_VM);
	if (type == GATE_INTERRUPT_32)
		s->rflags &= ~RFLAGS_IF;
	v->cur->vmcb->int_shadow = 0;
	return true;
}
