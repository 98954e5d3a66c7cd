// SPDX-License-Identifier: GPL-2.0
/*
 * #VC: what the hardware of an encrypted guest hands to the guest instead of the host.
 * Handles only the instructions that this guest uses.
 */
#include "report.h"
#include "snp.h"

#define VC_DR7_READ	0x27
#define VC_DR7_WRITE	0x37
#define VC_CPUID	0x72
#define VC_IOIO		0x7b
#define VC_MSR		0x7c
#define VC_WBINVD	0x89
#define VC_MMIO		0x400
#define VC_NOT_VALIDATED	0x404

#define IOIO_IN		BIT(0)
#define IOIO_SIZE(n)	((u64)(n) << 4)		/* 1, 2 or 4 bytes */
#define IOIO_ADDR64	BIT(9)

static void __noreturn unhandled(struct regs *r)
{
	struct cpu *c = this_cpu();

	if (c->ghcb)
		say("FAIL cpu %u: #VC %lx at %lx not understood", c->index, r->error, r->rip);
	ghcb_terminate(15, 4);
}

static void event(struct regs *r, struct ghcb_call *call)
{
	if (!this_cpu()->ghcb || !ghcb_event(call))
		unhandled(r);
}

static void do_cpuid(struct regs *r)
{
	struct ghcb_call c = { .code = VC_CPUID, .rax = r->rax, .rcx = r->rcx };

	event(r, &c);
	r->rax = c.rax;
	r->rbx = c.rbx;
	r->rcx = c.rcx;
	r->rdx = c.rdx;
	r->rip += 2;
}

/* in and out with %al, %ax or %eax, and the port in %dx or in the instruction */
static void do_ioio(struct regs *r)
{
	const u8 *insn = (u8 *)r->rip;
	struct ghcb_call c = { .code = VC_IOIO };
	unsigned int size = 4;
	u16 port = r->rdx;
	bool in;
	u64 mask;

	if (*insn == 0x66) {
		size = 2;
		insn++;
	}
	if ((*insn & 0xf4) != 0xe4)
		unhandled(r);
	if (!(*insn & 1))
		size = 1;
	in = !(*insn & 2);
	if (!(*insn & 8))
		port = *++insn;
	mask = BIT(size * 8) - 1;
	c.info1 = (u64)port << 16 | IOIO_ADDR64 | IOIO_SIZE(size) | (in ? IOIO_IN : 0);
	c.rax = r->rax & mask;
	event(r, &c);
	if (in)
		r->rax = (size == 4 ? 0 : r->rax & ~mask) | (c.rax & mask);
	r->rip = (u64)insn + 1;
}

static void do_msr(struct regs *r)
{
	bool write = ((u8 *)r->rip)[1] == 0x30;
	struct ghcb_call c = {
		.code = VC_MSR, .info1 = write,
		.rax = r->rax, .rcx = r->rcx, .rdx = r->rdx,
	};

	r->rip += 2;
	if ((u32)r->rcx == MSR_SVSM_CAA && !write) {
		r->rax = (u32)this_cpu()->ca;
		r->rdx = this_cpu()->ca >> 32;
		return;
	}
	if (!this_cpu()->ghcb || !ghcb_event(&c)) {
		/* The host asks for a #GP. */
		if (!this_cpu()->fixup)
			unhandled(r);
		this_cpu()->trap = TRAP_GP + 1;
		r->rip = this_cpu()->fixup;
		return;
	}
	if (!write) {
		r->rax = (u32)c.rax;
		r->rdx = (u32)c.rdx;
	}
}

/* Only mov (%rdi), %eax and mov %eax, (%rdi), as in mmio_read() and mmio_write() */
static void do_mmio(struct regs *r)
{
	const u8 *insn = (u8 *)r->rip;
	u32 *buffer = shared(ghcb_buffer());
	struct ghcb_call c = { .info2 = 4, .scratch = ghcb_buffer() };

	c.info1 = r->rdi >= SHARED_BASE ? r->rdi - SHARED_BASE : r->rdi;
	if (insn[0] == 0x8b && insn[1] == 0x07) {
		c.code = GHCB_MMIO_READ;
		event(r, &c);
		r->rax = *buffer;
	} else if (insn[0] == 0x89 && insn[1] == 0x07) {
		*buffer = r->rax;
		c.code = GHCB_MMIO_WRITE;
		event(r, &c);
	} else {
		unhandled(r);
	}
	r->rip += 2;
}

u32 mmio_read(u64 pa)
{
	u32 v;

	asm volatile("movl (%%rdi), %%eax" : "=a"(v) : "D"(shared(pa)) : "memory");
	return v;
}

void mmio_write(u64 pa, u32 v)
{
	asm volatile("movl %%eax, (%%rdi)" : : "a"(v), "D"(shared(pa)) : "memory");
}

/* Only mov %rax, %dr7 and mov %dr7, %rax */
static void do_dr7(struct regs *r, bool write)
{
	struct ghcb_call c = { .code = VC_DR7_WRITE, .rax = r->rax };
	const u8 *insn = (u8 *)r->rip;

	if (insn[2] != 0xf8)
		unhandled(r);
	if (write) {
		event(r, &c);
		this_cpu()->dr7 = r->rax;
	} else {
		r->rax = this_cpu()->dr7;
	}
	r->rip += 3;
}

void vc_handle(struct regs *r)
{
	struct ghcb_call c = { .code = r->error };

	switch (r->error) {
	case VC_CPUID:
		do_cpuid(r);
		break;
	case VC_IOIO:
		do_ioio(r);
		break;
	case VC_MSR:
		do_msr(r);
		break;
	case VC_MMIO:
		do_mmio(r);
		break;
	case VC_NOT_VALIDATED:
		if (!this_cpu()->fixup)
			unhandled(r);
		this_cpu()->trap = r->vector + 1;
		r->rip = this_cpu()->fixup;
		break;
	case VC_DR7_READ:
	case VC_DR7_WRITE:
		do_dr7(r, r->error == VC_DR7_WRITE);
		break;
	case VC_WBINVD:
		event(r, &c);
		r->rip += 2;
		break;
	default:
		unhandled(r);
	}
}
