// SPDX-License-Identifier: GPL-2.0
/* What the command asks for while all vCPUs have stopped. */
#include "debug/box.h"
#include "debug/debug.h"
#include "lib/lib.h"
#include "lib/x86.h"
#include "machine/trap.h"

static enum box_state state_of(const struct vcpu *v)
{
	if (!v->ctx[0].vmsa || v->state == VCPU_RESET_HOLD)
		return BOX_OFF;
	if (v->cur->vmpl)
		return BOX_AT_VMPL2;
	return v->cur->halted || v->state == VCPU_HALTED ? BOX_HALTED : BOX_AT_VMPL0;
}

static u64 give_registers(const struct vcpu *v)
{
	const struct context *c = &v->ctx[0];
	const struct vmcb_save *s = &c->vmcb->save;
	struct box_registers *r = (struct box_registers *)box->data;

	memcpy(r->reg, c->reg, sizeof(r->reg));
	r->reg[RAX] = s->rax;
	r->reg[RSP] = s->rsp;
	r->rip = s->rip;
	r->rflags = s->rflags;
	r->seg[0] = s->cs.sel;
	r->seg[1] = s->ss.sel;
	r->seg[2] = s->ds.sel;
	r->seg[3] = s->es.sel;
	r->seg[4] = s->fs.sel;
	r->seg[5] = s->gs.sel;
	r->fs_base = s->fs.base;
	r->gs_base = s->gs.base;
	r->kernel_gs_base = s->kernel_gs_base;
	r->cr0 = s->cr0;
	r->cr2 = s->cr2;
	r->cr3 = s->cr3;
	r->cr4 = s->cr4;
	r->efer = s->efer & ~EFER_SVME;	/* as the program reads it */
	r->state = state_of(v);
	return 1;
}

#define WORD(member)		(offsetof(struct box_registers, member) / sizeof(u64))

/* Some registers gdb may change. n is that of the word in struct box_registers. */
static u64 set_register(struct vcpu *v, u64 n, u64 value)
{
	struct context *c = &v->ctx[0];
	struct vmcb_save *s = &c->vmcb->save;

	if (!c->vmsa)
		return 0;
	switch (n) {
	case RAX:
		s->rax = value;
		return 1;
	case RSP:
		s->rsp = value;
		return 1;
	case RCX ... RBX:
	case RBP ... R15:
		c->reg[n] = value;
		return 1;
	case WORD(rip):
		s->rip = value;
		return 1;
	case WORD(rflags):
		s->rflags = value;
		return 1;
	case WORD(fs_base):
		s->fs.base = value;
		return 1;
	case WORD(gs_base):
		s->gs.base = value;
		return 1;
	}
	return 0;
}

static u64 set_modes(const u8 *modes)
{
	for (u32 i = 0; i < config->cpus; i++)
		debug_set_mode(&vcpus[i], modes[i]);
	return 1;
}

static u64 forget(void)
{
	debug_breaks_forget();
	return 1;
}

static u64 do_command(void)
{
	struct vcpu *v = &vcpus[min(box->cpu, config->cpus - 1)];
	u64 length = min(box->length, BOX_DATA);

	switch (box->command) {
	case BOX_REGISTERS:
		return give_registers(v);
	case BOX_SET_REGISTER:
		return set_register(v, box->address, *(u64 *)box->data);
	case BOX_READ:
		return debug_read(v, box->address, box->data, length);
	case BOX_WRITE:
		return debug_write(v, box->address, box->data, length);
	case BOX_BREAK:
		return debug_break_set(box->address, box->length);
	case BOX_UNBREAK:
		return debug_break_clear(box->address, box->length);
	case BOX_FORGET:
		return forget();
	case BOX_GO:
		return set_modes(box->data);
	}
	return 0;
}

/* The NMI that comes with the request must not be left over: it would be the guest's. */
static void take_its_nmi(u32 request)
{
	while (READ_ONCE(box->sent) != request)
		cpu_relax();
	take_nmi();
	WRITE_ONCE(box->kicked[box->server], 0);
}

void debug_serve(void)
{
	bool goes = false;

	while (!goes) {
		u32 request = READ_ONCE(box->request);

		if (request == box->answered) {
			wait_for_nmi();
			continue;
		}
		take_its_nmi(request);
		box->result = do_command();
		goes = box->command == BOX_GO;
		if (goes)
			WRITE_ONCE(box->asked, 0);
		/* What the command sees next is the answer. */
		smp_mb();
		WRITE_ONCE(box->answered, request);
	}
}
