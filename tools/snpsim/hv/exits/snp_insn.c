// SPDX-License-Identifier: GPL-2.0
/* The SNP instructions at VMPL 0 (APM volume 3). QEMU does not know them and raises #UD. */
#include "exits/exits.h"
#include "lib/x86.h"
#include "machine/gmem.h"
#include "machine/inject.h"
#include "machine/rmp.h"
#include "machine/rmp_insn.h"
#include "machine/run_end.h"
#include "machine/shootdown.h"
#include "machine/vcpu.h"

#define LARGE_MASK		(~(PAGES_PER_2M * PAGE_SIZE - 1))
#define RMPADJUST_VMPL		0xffUL
#define RMPADJUST_RIGHTS(rdx)	((rdx) >> 8 & RIGHTS_ALL)
#define RMPADJUST_VMSA		BIT_ULL(16)
#define INVLPGB_MAX_COUNT	7	/* of the processor; KVM shows guests 0 */

/* A page operand of PVALIDATE and RMPADJUST: RAX, and its size in RCX */
struct operand {
	u64 gpa;
	bool large;
};

enum operand_result { OPERAND_OK, OPERAND_FAULTS, OPERAND_IS_BAD };

/* Raises the exception of a bad address itself. */
static enum operand_result find_operand(struct vcpu *v, struct operand *o, enum rmp_result *why)
{
	struct context *c = v->cur;
	u64 va = c->vmcb->save.rax & PAGE_MASK, size;

	o->large = c->reg[RCX] & 1;
	*why = RMP_FAIL_INPUT;
	if ((u32)c->reg[RCX] > 1 || (o->large && (va & ~LARGE_MASK)))
		return OPERAND_IS_BAD;
	if (guest_walk(v, va, &o->gpa, &size)) {
		c->vmcb->save.cr2 = va;
		inject_exception(v, EXC_PF, true, 0);
		return OPERAND_FAULTS;
	}
	o->gpa &= PAGE_MASK;
	*why = RMP_FAIL_SIZE;
	if (o->large && size == PAGE_SIZE)
		return OPERAND_IS_BAD;
	return OPERAND_OK;
}

/* KVM would make the page private, and the program goes on with what it did not ask for. */
static void check_assigned(struct vcpu *v, const struct operand *o)
{
	struct violation what = { .kind = "not-assigned", .access = "write", .ap = -1 };

	what.gpa = rmp_not_assigned(o->gpa, o->large);
	if (what.gpa != ~0UL)
		report_violation(v, &what);
}

static void finish(struct vcpu *v, u64 result)
{
	v->cur->vmcb->save.rax = result;
	skip_insn(v, 4);
}

void exit_pvalidate(struct vcpu *v)
{
	struct vmcb_save *s = &v->cur->vmcb->save;
	bool changed = true, validate = v->cur->reg[RDX] & 1;
	enum operand_result found;
	enum rmp_result result;
	struct operand o;

	count(v, KIND_PVALIDATE);
	lock(&sim_lock);
	found = find_operand(v, &o, &result);
	if (found == OPERAND_OK) {
		check_assigned(v, &o);
		result = rmp_pvalidate(o.gpa, o.large, validate, &changed);
		tlb_shootdown(v);
	}
	unlock(&sim_lock);
	if (found == OPERAND_FAULTS)
		return;
	s->rflags = changed || result ? s->rflags & ~RFLAGS_CF : s->rflags | RFLAGS_CF;
	finish(v, result);
}

void exit_rmpadjust(struct vcpu *v)
{
	u64 rdx = v->cur->reg[RDX];
	enum operand_result found;
	enum rmp_result result;
	struct operand o;

	count(v, KIND_RMPADJUST);
	lock(&sim_lock);
	found = find_operand(v, &o, &result);
	if (found == OPERAND_OK) {
		check_assigned(v, &o);
		result = rmp_adjust(o.gpa, o.large, rdx & RMPADJUST_VMPL, RMPADJUST_RIGHTS(rdx),
				    rdx & RMPADJUST_VMSA);
		tlb_shootdown(v);
	}
	unlock(&sim_lock);
	if (found != OPERAND_FAULTS)
		finish(v, result);
}

/* Whatever it names, all translations of VMPL 0 go, on every CPU, before this returns. */
void exit_invlpgb(struct vcpu *v)
{
	count(v, KIND_INVLPGB);
	if ((v->cur->reg[RCX] & 0xffff) > INVLPGB_MAX_COUNT) {
		inject_exception(v, EXC_GP, true, 0);
		return;
	}
	lock(&sim_lock);
	tlb_broadcast(v);
	unlock(&sim_lock);
	skip_insn(v, 3);
}

/* INVLPGB has not left anything to wait for. */
void exit_tlbsync(struct vcpu *v)
{
	count(v, KIND_INVLPGB);
	skip_insn(v, 3);
}
