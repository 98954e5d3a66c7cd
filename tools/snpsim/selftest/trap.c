// SPDX-License-Identifier: GPL-2.0
/* Segments and exceptions. */
#include "report.h"
#include "snp.h"

#define KERNEL_CS	0x10

struct idt_gate {
	u16 low, selector;
	u8 ist, type;
	u16 mid;
	u32 high, reserved;
} __packed;

static u64 gdt[4] = { 0, 0, 0x00af9b000000ffff, 0x00cf93000000ffff };
static struct idt_gate idt[TRAP_IPI + 1];

struct table_register trap_gdt(void)
{
	return (struct table_register){ sizeof(gdt) - 1, (u64)gdt };
}

struct table_register trap_idt(void)
{
	return (struct table_register){ sizeof(idt) - 1, (u64)idt };
}

void trap_init(void)
{
	struct table_register r;

	for (unsigned int i = 0; i < ARRAY_SIZE(idt); i++) {
		u64 stub = (u64)trap_stubs + i * 16;

		idt[i].low = stub;
		idt[i].selector = KERNEL_CS;
		idt[i].type = 0x8e;
		idt[i].mid = stub >> 16;
		idt[i].high = stub >> 32;
	}
	r = trap_gdt();
	asm volatile("lgdt %0" : : "m"(r));
	r = trap_idt();
	asm volatile("lidt %0" : : "m"(r));
}

void trap_triple_fault(void)
{
	struct table_register none = { 0, 0 };

	asm volatile("lidt %0; ud2" : : "m"(none));
	halt_forever();
}

/* The stubs call this for every exception. */
void trap(struct regs *r)
{
	struct cpu *c = this_cpu();
	u64 cr2;

	if (c->fixup && r->vector != TRAP_VC) {
		c->trap = r->vector + 1;
		c->trap_error = r->error;
		c->trap_rip = r->rip;
		r->rip = c->fixup;
		return;
	}
	if (r->vector == TRAP_VC) {
		c->vc_count++;
		c->vc_error = r->error;
		vc_handle(r);
		return;
	}
	if (r->vector == TRAP_NMI) {
		struct ghcb_call done = { .code = GHCB_NMI_COMPLETE };

		store(&c->nmis, c->nmis + 1);
		while (load(&c->stay_in_nmi))
			store(&c->arg, c->arg + 1);
		if (c->nmi_work)
			c->nmi_work();
		ghcb_event(&done);
		if (load(&c->nmi_takes_msr))
			wrmsr(MSR_GHCB, c->ghcb);
		return;
	}
	if (r->vector == TRAP_HV) {
		store(&c->hvs, c->hvs + 1);
		if (c->hv_work)
			c->hv_work(r);
		return;
	}
	if (r->vector == TRAP_BP && c->breakpoint) {
		c->breakpoint(r);
		return;
	}
	if (r->vector == TRAP_IPI) {
		store(&c->ipis, c->ipis + 1);
		/* No PAUSE: at a PAUSE TCG forgets what it was about to do. */
		while (load(&c->stay_in_ipi))
			;
		if (c->eoi_flag && __atomic_exchange_n(c->eoi_flag, 0, __ATOMIC_SEQ_CST))
			c->saved_eois++;
		else
			apic_eoi();
		return;
	}
	asm volatile("mov %%cr2, %0" : "=r"(cr2));
	say("FAIL cpu %u: exception %lu, error %lx, rip %lx, rsp %lx, cr2 %lx",
	    c->index, r->vector, r->error, r->rip, r->rsp, cr2);
	power_off();
}
