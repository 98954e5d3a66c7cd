// SPDX-License-Identifier: GPL-2.0
/*
 * #VC is delivered in software: QEMU's TCG pushes no error code for vector 29, so EVENTINJ
 * cannot be used. This file handles 64-bit code, vc32.c 32-bit code.
 */
#include "debug/debug.h"
#include "exits/exits.h"
#include "host/host.h"
#include "lib/lib.h"
#include "lib/x86.h"
#include "machine/gmem.h"
#include "machine/svm.h"
#include "machine/vcpu.h"

#define GATE_TYPE_INTERRUPT	14
#define GATE_TYPE_TRAP		15
#define TSS_RSP0		4
#define TSS_IST1		0x24

void deliver_vc(struct vcpu *v, u64 code)
{
	struct vmcb_save *s = &v->cur->vmcb->save;
	u64 gate[2], rsp = s->rsp, frame[6];
	int ist, type;

	count(v, KIND_VC);
	if (!(s->efer & EFER_LMA) && deliver_vc_32(v, code))
		return;
	if (!(s->efer & EFER_LMA) || s->idtr.limit < (EXC_VC + 1) * GATE_SIZE - 1 ||
	    guest_read(v, s->idtr.base + EXC_VC * GATE_SIZE, gate, sizeof(gate)))
		goto shutdown;
	ist = gate[0] >> 32 & 7;
	type = gate[0] >> 40 & 15;
	if (!(gate[0] & IDT_GATE_PRESENT) ||
	    (type != GATE_TYPE_INTERRUPT && type != GATE_TYPE_TRAP))
		goto shutdown;
	if (ist || s->cpl) {
		u64 slot = ist ? TSS_IST1 + (ist - 1) * 8 : TSS_RSP0;

		if (guest_read(v, s->tr.base + slot, &rsp, sizeof(rsp)))
			goto shutdown;
	}
	frame[0] = code;
	frame[1] = s->rip;
	frame[2] = s->cs.sel;
	frame[3] = debug_flags_to_save(v);
	frame[4] = s->rsp;
	frame[5] = s->ss.sel;
	rsp = (rsp & ~15UL) - sizeof(frame);
	if (guest_write(v, rsp, frame, sizeof(frame)))
		goto shutdown;
	if (ist || s->cpl)
		s->ss = (struct vmcb_seg){ 0 };
	s->cs = (struct vmcb_seg){ gate[0] >> 16 & 0xfffc, 0xa9b, 0xffffffff, 0 };
	s->cpl = 0;
	s->rsp = rsp;
	s->rip = (gate[0] & 0xffff) | (gate[0] >> 48 & 0xffff) << 16 | gate[1] << 32;
	s->rflags &= ~(RFLAGS_TF | RFLAGS_NT | RFLAGS_RF | RFLAGS_VM);
	if (type == GATE_TYPE_INTERRUPT)
		s->rflags &= ~RFLAGS_IF;
	v->cur->vmcb->int_shadow = 0;
	return;

shutdown:
	/* A #VC that cannot be delivered ends in a double, then a triple fault. */
	hv_log("cpu%u: #VC %lx cannot be delivered, rip %lx", v->index, code, s->rip);
	report_host_reset(v, "triple-fault");
}
