// SPDX-License-Identifier: GPL-2.0
/*
 * Single steps by RFLAGS.TF, which VMPL 0 does not see unless an exception or SYSCALL saves
 * it. An instruction that the host carries out is a step as well, and one that runs VMPL 2
 * is until VMPL 0 is back.
 */
#include "debug/debug.h"
#include "lib/x86.h"
#include "machine/inject.h"
#include "machine/svm.h"

#define DR6_BREAKPOINTS		0xfUL
#define INSN_PUSHF		0x9c
#define INSN_POPF		0x9d
#define INSN_IRET		0xcf
#define PREFIX_SIZE		0x66
#define PREFIX_REX_W		0x48

struct step {
	enum debug_mode mode;
	bool done;
	bool begun;			/* TF was set at rip */
	bool saved;			/* an exception has saved TF: IRET will set it again */
	bool owed;			/* the same, of a step that was given up */
	u8 insn;			/* its opcode, if that is PUSHF, POPF or IRET */
	bool registers;			/* those of the CPU have gdb's breakpoints */
	u64 rip, own_tf;
	u64 own_dr[4], own_dr7;
};

static struct step steps[MAX_CPUS];

void debug_set_mode(struct vcpu *v, enum debug_mode mode)
{
	struct step *s = &steps[v->index];

	s->owed |= s->saved;
	s->saved = false;
	s->done = false;
	s->begun = false;
	WRITE_ONCE(s->mode, mode);
}

enum debug_mode debug_mode(const struct vcpu *v)
{
	return READ_ONCE(steps[v->index].mode);
}

bool debug_steps(const struct vcpu *v)
{
	return debug_is_on() && debug_mode(v) == DEBUG_STEP;
}

bool debug_step_is_done(const struct vcpu *v)
{
	const struct step *s = &steps[v->index];

	if (s->mode != DEBUG_STEP || v->cur->vmpl)
		return false;
	return s->done || (s->begun && !s->saved && v->cur->vmcb->save.rip != s->rip);
}

/* The opcode of the next instruction if it saves or loads RFLAGS, or 0 */
static u8 flags_insn(const struct vcpu *v)
{
	u8 b[2] = { 0 }, op;

	debug_read(v, v->cur->vmcb->save.rip, b, sizeof(b));
	op = b[0] == PREFIX_SIZE || b[0] == PREFIX_REX_W ? b[1] : b[0];
	return op == INSN_PUSHF || op == INSN_POPF || op == INSN_IRET ? op : 0;
}

static void arm_step(struct vcpu *v, struct step *s)
{
	struct vmcb_save *save = &v->cur->vmcb->save;

	if (s->mode != DEBUG_STEP || s->saved)
		return;
	s->begun = true;
	s->rip = save->rip;
	s->own_tf = save->rflags & RFLAGS_TF;
	s->insn = flags_insn(v);
	save->rflags |= RFLAGS_TF;
	/* Interrupts wait. What vapic_before_entry() has asked for, it asks for again. */
	v->cur->vmcb->int_ctl &= ~(V_IRQ | V_IGN_TPR);
	v->cur->vmcb->intercept_misc1 &= ~MISC1_VINTR;
}

/*
 * If TF is gone without the #DB of the step, the instruction has raised an exception. Its
 * handler runs, which a debug register may have stopped at once: that is another #DB.
 */
static void disarm_step(struct vcpu *v, struct step *s)
{
	struct vmcb_save *save = &v->cur->vmcb->save;
	bool stepped = v->cur->vmcb->exit_code == EXIT_EXC_DB && (save->dr6 & DR6_BS);

	if (s->mode != DEBUG_STEP || s->saved)
		return;
	s->saved = !(save->rflags & RFLAGS_TF) && !stepped;
	/* What POPF or IRET has loaded is the program's. */
	if (!s->saved && !(stepped && (s->insn == INSN_POPF || s->insn == INSN_IRET)))
		save->rflags = (save->rflags & ~RFLAGS_TF) | s->own_tf;
}

static void read_dr(u64 *dr)
{
	asm volatile("mov %%db0, %0" : "=r"(dr[0]));
	asm volatile("mov %%db1, %0" : "=r"(dr[1]));
	asm volatile("mov %%db2, %0" : "=r"(dr[2]));
	asm volatile("mov %%db3, %0" : "=r"(dr[3]));
}

static void write_dr(const u64 *dr)
{
	asm volatile("mov %0, %%db0" : : "r"(dr[0]));
	asm volatile("mov %0, %%db1" : : "r"(dr[1]));
	asm volatile("mov %0, %%db2" : : "r"(dr[2]));
	asm volatile("mov %0, %%db3" : : "r"(dr[3]));
}

static void arm_registers(struct vcpu *v, struct step *s)
{
	struct vmcb_save *save = &v->cur->vmcb->save;
	u64 dr[4], dr7 = debug_breaks_to_registers(dr);

	s->registers = dr7;
	if (!dr7)
		return;
	read_dr(s->own_dr);
	s->own_dr7 = save->dr7;
	write_dr(dr);
	save->dr7 = DR7_RESET | dr7;
}

static void disarm_registers(struct vcpu *v, struct step *s)
{
	if (!s->registers)
		return;
	write_dr(s->own_dr);
	v->cur->vmcb->save.dr7 = s->own_dr7;
}

/* Right before VMPL 0 is entered, and right after it was left */
void debug_arm(struct vcpu *v)
{
	struct step *s = &steps[v->index];

	if (v->cur->vmpl)
		return;
	v->cur->vmcb->intercept_exc |= BIT_ULL(EXC_DB);
	arm_step(v, s);
	arm_registers(v, s);
}

void debug_disarm(struct vcpu *v)
{
	struct step *s = &steps[v->index];

	if (v->cur->vmpl)
		return;
	disarm_registers(v, s);
	disarm_step(v, s);
}

/* RFLAGS in the frame of an exception that the host delivers; as the processor saves them */
u64 debug_flags_to_save(struct vcpu *v)
{
	struct step *s = &steps[v->index];
	u64 rflags = v->cur->vmcb->save.rflags;

	if (s->mode != DEBUG_STEP || !s->begun || s->saved || v->cur->vmpl)
		return rflags;
	s->saved = true;
	return rflags | RFLAGS_TF;
}

/* What PUSHF has pushed */
static void clear_pushed_tf(struct vcpu *v)
{
	u8 *p = debug_byte(v, v->cur->vmcb->save.rsp + 1);

	if (p)
		*p &= ~(RFLAGS_TF >> 8);
}

static void end_step(struct vcpu *v, struct step *s)
{
	struct vmcb_save *save = &v->cur->vmcb->save;

	if (s->saved || s->owed)
		save->rflags &= ~RFLAGS_TF;
	if (s->begun && s->insn == INSN_PUSHF && !s->own_tf)
		clear_pushed_tf(v);
	if (s->begun && s->own_tf)
		inject_exception(v, EXC_DB, false, 0);	/* the program single-steps itself */
	else
		save->dr6 &= ~DR6_BS;
	s->done = s->begun;
	s->saved = false;
	s->owed = false;
}

/* #DB at VMPL 0: gdb's, or the program's own */
void debug_exit_db(struct vcpu *v)
{
	struct step *s = &steps[v->index];
	struct vmcb_save *save = &v->cur->vmcb->save;

	count(v, KIND_OTHER);
	if ((save->dr6 & DR6_BS) && (s->begun || s->owed)) {
		end_step(v, s);
	} else if (debug_breaks_at(save->rip, true)) {
		save->dr6 &= ~DR6_BREAKPOINTS;
		debug_stop(v, STOP_TRAP);
	} else {
		inject_exception(v, EXC_DB, false, 0);
	}
}
