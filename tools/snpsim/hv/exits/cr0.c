// SPDX-License-Identifier: GPL-2.0
/*
 * Writes to CR0, intercepted where they may switch paging, and to CR8 at VMPL 0
 * (machine/view.c).
 */
#include "exits/exits.h"
#include "lib/x86.h"
#include "machine/gmem.h"
#include "machine/inject.h"
#include "machine/svm.h"
#include "machine/vcpu.h"

#define MAX_PREFIXES		2
#define REX			0x40
#define REX_B			1
#define REX_R			4

static u64 gpr_value(const struct vcpu *v, int reg)
{
	if (reg == RAX)
		return v->cur->vmcb->save.rax;
	if (reg == RSP)
		return v->cur->vmcb->save.rsp;
	return v->cur->reg[reg];
}

static bool set_cr0(struct vcpu *v, u64 cr0)
{
	struct vmcb_save *s = &v->cur->vmcb->save;

	if ((cr0 & CR0_PG) && !(cr0 & CR0_PE))
		return false;

	s->cr0 = cr0 | CR0_ET;
	if (s->cr0 & CR0_PG) {
		if (s->efer & EFER_LME)
			s->efer |= EFER_LMA;
	} else {
		s->efer &= ~EFER_LMA;
	}
	v->flush = 1;
	return true;
}

/* MOV to CR0 (0F 22 /0), LMSW with a register (0F 01 /6), CLTS (0F 06). */
void exit_cr0_write(struct vcpu *v)
{
	u64 cr0 = v->cur->vmcb->save.cr0;
	u64 mask = in_64bit_mode(v) ? ~0UL : 0xffffffff;
	u8 b[4 + MAX_PREFIXES];
	int i = 0, high = 0;

	count(v, KIND_CR);
	if (guest_fetch(v, b, sizeof(b)))
		goto bad;
	while (i < MAX_PREFIXES && b[i] == 0x66)
		i++;
	if (in_64bit_mode(v) && (b[i] & 0xf0) == REX)
		high = b[i++] & REX_B ? R8 : 0;
	if (b[i] != 0x0f)
		goto bad;
	if (b[i + 1] == 0x06) {
		set_cr0(v, cr0 & ~BIT_ULL(3));
		skip_insn(v, i + 2);
	} else if (b[i + 1] == 0x22) {
		if (!set_cr0(v, gpr_value(v, (b[i + 2] & 7) | high) & mask))
			goto bad;
		skip_insn(v, i + 3);
	} else if (b[i + 1] == 0x01 && b[i + 2] >> 3 == 0x1e) {
		/* LMSW loads bits 3:0 and cannot clear PE. */
		set_cr0(v, (cr0 & ~0xeUL) | (gpr_value(v, (b[i + 2] & 7) | high) & 0xf));
		skip_insn(v, i + 3);
	} else {
		goto bad;
	}
	return;
bad:
	/* No guest should use another form here: raise what a bad operand raises. */
	inject_exception(v, EXC_GP, true, 0);
}

/* MOV to CR8 (REX.R 0F 22 /0), in 64-bit mode */
void exit_cr8_write(struct vcpu *v)
{
	struct vmcb *m = v->cur->vmcb;
	u64 val;
	u8 b[4];

	count(v, KIND_CR);
	if (guest_fetch(v, b, sizeof(b)) || (b[0] & 0xf4) != (REX | REX_R) || b[1] != 0x0f ||
	    b[2] != 0x22)
		goto bad;
	val = gpr_value(v, (b[3] & 7) | (b[0] & REX_B ? R8 : 0));
	if (val & ~(u64)V_TPR)
		goto bad;
	m->int_ctl = (m->int_ctl & ~V_TPR) | val;
	skip_insn(v, 4);
	return;
bad:
	inject_exception(v, EXC_GP, true, 0);
}
