// SPDX-License-Identifier: GPL-2.0
/* Exceptions, NMIs and interrupts that arrive in the hypervisor. */
#include "lib/lib.h"
#include "lib/x86.h"
#include "machine/debugger.h"
#include "machine/trap.h"
#include "machine/vcpu.h"

struct idt_gate {
	u16 offset_low, selector;
	u8 ist, type;
	u16 offset_mid;
	u32 offset_high, rsvd;
} __packed;

#define GATE_INTERRUPT		0x8e
#define VECTOR_SIZE		16

static struct idt_gate idt[256];

void trap_init(void)
{
	struct {
		u16 limit;
		u64 base;
	} __packed idtr = { sizeof(idt) - 1, (u64)idt };

	for (u64 i = 0; i < ARRAY_SIZE(idt); i++) {
		u64 a = (u64)hv_vectors + i * VECTOR_SIZE;

		idt[i] = (struct idt_gate){ a, 0x8, 0, GATE_INTERRUPT, a >> 16, a >> 32, 0 };
	}
	asm volatile("lidt %0" : : "m"(idtr));
}

/* Skip the HLT in vectors.S: it must not sleep through what has just arrived. */
static void leave_wait(struct trap_frame *f)
{
	if (f->rip >= (u64)wait_begin && f->rip < (u64)wait_end)
		f->rip = (u64)wait_end;
}

/*
 * An NMI is ours if a kick is under way, else the guest's. An interrupt is always the
 * guest's. It is in service in the local APIC, where the guest will write the EOI, so
 * exit_hlt() only has to enter the guest's handler.
 */
void hv_trap_c(struct trap_frame *f)
{
	struct vcpu *v = this_vcpu();

	if (f->vector == NMI_VECTOR) {
		bool kick = __atomic_exchange_n(&v->kick, 0, __ATOMIC_SEQ_CST);

		if (!debugger_sent_nmi(v, kick) && !kick)
			v->hv_nmi = 1;
		leave_wait(f);
	} else if (f->vector >= 32) {
		v->hv_vector = f->vector;
		f->rflags &= ~RFLAGS_IF;
		leave_wait(f);
	} else if (f->vector == EXC_GP &&
		   (f->rip == (u64)msr_try_read || f->rip == (u64)msr_try_write)) {
		f->rip = (u64)msr_try_failed;
	} else {
		hv_panic("cpu%u: exception %lu error %lx rip %lx rsp %lx cr2 %lx", v->index,
			 f->vector, f->error, f->rip, f->rsp, read_cr2());
	}
}
