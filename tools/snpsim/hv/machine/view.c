// SPDX-License-Identifier: GPL-2.0
/*
 * Which view of memory a vCPU has. While paging is off hardware takes every
 * access as private: such a vCPU uses the private root, and CR0 writes are
 * intercepted to see paging come; also to see it go, where firmware runs. With
 * paging the C-bit of each mapping decides, and tables are private whatever CR3
 * and their entries say (npt.c).
 */
#include "machine.h"

#define MAX_PREFIXES		2
#define REX			0x40
#define REX_B			1

static bool paging(const struct vcpu *v)
{
	return v->vmcb->save.cr0 & CR0_PG;
}

/* Does a vCPU still run on tables that are reached without the C-bit? */
static bool any_without_cbit(void)
{
	for (u32 i = 0; i < config->cpus; i++) {
		const struct vcpu *v = &vcpus[i];

		if (vcpu_is_gone(v))
			continue;
		if (!paging(v) || !(v->vmcb->save.cr3 & CBIT_MASK))
			return true;
	}
	return false;
}

void pick_view(struct vcpu *v)
{
	struct vmcb *m = v->vmcb;
	u64 root = paging(v) ? npt_root_paged() : npt_root_private();

	if (m->ncr3 != root) {
		m->ncr3 = root;
		v->flush = 1;
	}
	m->intercept_cr = paging(v) && !config->firmware_len ? 0 : INTERCEPT_CR0_WRITE;
	/* swint.c has to find the code, and only long mode's tables are known here. */
	if (m->save.efer & EFER_LMA)
		m->intercept_misc1 |= MISC1_SWINT;
	else
		m->intercept_misc1 &= ~MISC1_SWINT;
	if (npt_has_walk_aliases() && !any_without_cbit()) {
		lock(&sim_lock);
		npt_drop_walk_aliases();
		tlb_shootdown(v);
		unlock(&sim_lock);
	}
}

static u64 gpr_value(const struct vcpu *v, int reg)
{
	if (reg == RAX)
		return v->vmcb->save.rax;
	if (reg == RSP)
		return v->vmcb->save.rsp;
	return v->reg[reg];
}

static bool set_cr0(struct vcpu *v, u64 cr0)
{
	struct vmcb_save *s = &v->vmcb->save;

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
	u64 cr0 = v->vmcb->save.cr0;
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
	/* Nothing that a guest should use here: what a bad operand gets. */
	inject_exception(v, EXC_GP, true, 0);
}
