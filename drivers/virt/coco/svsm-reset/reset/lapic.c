// SPDX-License-Identifier: GPL-2.0-only
/*
 * Leave nothing in the local APIC for the next firmware to trip over.
 *
 * The SVSM resets the vCPU and its memory, but not the local APIC. An interrupt
 * that is requested there is delivered as soon as the next firmware enables
 * interrupts, and that has no handler for a vector of Linux. AMD APM volume 2,
 * 16.4 to 16.6 for the registers.
 */
#include <linux/array_size.h>
#include <linux/cpufeature.h>
#include <linux/processor.h>
#include <linux/string.h>
#include <asm/apic.h>
#include <asm/apicdef.h>
#include <asm/desc.h>
#include <asm/irq_vectors.h>
#include <asm/segment.h>

#include "reset/reset.h"
#include "reset/wait.h"
#include "svsm-reset.h"

/* Steps before giving up: each vector is accepted, then ended */
#define SVR_DRAIN_STEPS		512
/* Until an interrupt that this CPU sends has left its local APIC */
#define SVR_ICR_US		1000
#define SVR_VECTORS_PER_REG	32
/*
 * Those below are exceptions, and no kernel has them sent. Hardware takes no vector below 16;
 * the local APICs of KVM and of QEMU do, and never deliver vector 0.
 */
#define SVR_FIRST_VECTOR	32
/* Wakes a CPU that listens; should it ever get to the kernel, the kernel logs a line */
#define SVR_WAKE_VECTOR		SPURIOUS_APIC_VECTOR
/* Below the class of SVR_WAKE_VECTOR: it holds back all vectors that devices have */
#define SVR_LISTEN_PRIORITY	((SVR_WAKE_VECTOR & 0xf0) - 0x10)

/* A copy of the kernel's IDT, in which interrupts go to svr_drain_vector() */
static gate_desc svr_idt[IDT_ENTRIES] __aligned(PAGE_SIZE);
static const struct desc_ptr svr_idt_desc = {
	.size = sizeof(svr_idt) - 1,
	.address = (unsigned long)svr_idt,
};

static bool svr_idt_built;

static u32 svr_apic_read(u32 reg)
{
	return x2apic_mode ? native_apic_msr_read(reg)
			   : native_apic_mem_read(reg);
}

static void svr_apic_write(u32 reg, u32 val)
{
	if (x2apic_mode)
		native_apic_msr_write(reg, val);
	else
		native_apic_mem_write(reg, val);
}

/* The highest vector in IRR or ISR that is an interrupt's, -1 when there is none */
static int svr_apic_highest(u32 base)
{
	int i;

	for (i = 7; i >= SVR_FIRST_VECTOR / SVR_VECTORS_PER_REG; i--) {
		u32 bits = svr_apic_read(base + i * 0x10);

		if (bits)
			return i * SVR_VECTORS_PER_REG + fls(bits) - 1;
	}
	return -1;
}

/*
 * Timer, performance counters and pins, to their values at reset. A timer in
 * TSC-deadline mode is disarmed by leaving that mode.
 */
static void svr_lapic_mask(void)
{
	/* LVTERR first: masking the others may raise an error interrupt */
	static const struct {
		u32 reg;
		u32 maxlvt;
	} lvts[] = {
		{ APIC_LVTERR,	3 },
		{ APIC_LVTT,	0 },
		{ APIC_LVT0,	0 },
		{ APIC_LVT1,	0 },
		{ APIC_LVTPC,	4 },
		{ APIC_LVTTHMR,	5 },
		{ APIC_LVTCMCI,	6 },
	};
	u32 maxlvt = GET_APIC_MAXLVT(svr_apic_read(APIC_LVR));
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(lvts); i++)
		if (maxlvt >= lvts[i].maxlvt)
			svr_apic_write(lvts[i].reg, APIC_LVT_MASKED);
	svr_apic_write(APIC_TMICT, 0);
}

/**
 * svr_lapic_prepare - build what svr_lapic_quiet() needs
 *
 * The kernel has one IDT for all CPUs, which no longer changes. With FRED it
 * has none, and there is nothing to build.
 *
 * Context: process; before a reset can begin.
 */
void svr_lapic_prepare(void)
{
	unsigned long handler = (unsigned long)svr_drain_vector;
	gate_desc gate = {
		.offset_low	= (u16)handler,
		.segment	= __KERNEL_CS,
		.bits.type	= GATE_INTERRUPT,
		.bits.p		= 1,
		.offset_middle	= (u16)(handler >> 16),
		.offset_high	= (u32)(handler >> 32),
	};
	struct desc_ptr kernel_idt;
	int i;

	store_idt(&kernel_idt);
	if (kernel_idt.size < sizeof(svr_idt) - 1)
		return;
	/* Exceptions stay the kernel's: without #VC there is no local APIC */
	memcpy(svr_idt, (const void *)kernel_idt.address,
	       SVR_FIRST_VECTOR * sizeof(gate));
	for (i = SVR_FIRST_VECTOR; i < IDT_ENTRIES; i++)
		svr_idt[i] = gate;
	svr_idt_built = true;
}

/*
 * The only way to drop a request is to accept it. The kernel's own handlers
 * might wait for a CPU that is parked, so a handler that does nothing accepts
 * all of them. Where this runs inside an NMI, its IRET does not let the next
 * one in earlier than it would come anyway: in an SEV-ES guest exc_nmi() has
 * already told the host that it may.
 */
static void svr_drain(void)
{
	struct desc_ptr kernel_idt;
	unsigned int i;

	store_idt(&kernel_idt);
	native_load_idt(&svr_idt_desc);

	for (i = 0; i < SVR_DRAIN_STEPS; i++) {
		if (svr_apic_highest(APIC_ISR) >= 0)
			svr_apic_write(APIC_EOI, APIC_EOI_ACK);
		else if (svr_apic_highest(APIC_IRR) >= 0)
			/* Interrupts are open for exactly one instruction */
			asm volatile("sti\n\tnop\n\tcli" : : : "memory");
		else
			break;
	}

	native_load_idt(&kernel_idt);
}

static void svr_apic_wait_icr(void)
{
	struct svr_wait wait = svr_wait_begin(SVR_ICR_US);

	while (svr_apic_read(APIC_ICR) & APIC_ICR_BUSY)
		if (!svr_wait_on(&wait))
			break;
}

/*
 * Uses the physical id, whatever APIC driver the kernel has chosen: a local APIC that is
 * software-disabled has no logical one (KVM leaves it out of its map).
 */
static void svr_apic_send(u32 apic_id, u32 icr)
{
	u32 high;

	icr |= APIC_DEST_PHYSICAL;
	if (x2apic_mode) {
		weak_wrmsr_fence();
		native_x2apic_icr_write(icr, apic_id);
		return;
	}
	/* The code that was interrupted may be between its two writes */
	high = svr_apic_read(APIC_ICR2);
	svr_apic_wait_icr();
	svr_apic_write(APIC_ICR2, SET_XAPIC_DEST_FIELD(apic_id));
	svr_apic_write(APIC_ICR, icr);
	svr_apic_wait_icr();
	svr_apic_write(APIC_ICR2, high);
}

/**
 * svr_lapic_wake - wake a CPU that has halted
 * @cpu: its number
 *
 * A CPU that listens (svr_lapic_listen()) gets an interrupt, any other an NMI. Neither is
 * certain to find it halted: the caller repeats it until the CPU has answered.
 *
 * Context: any, NMI included, interrupts off.
 */
void svr_lapic_wake(int cpu)
{
	bool listens = READ_ONCE(per_cpu(svr_cpus, cpu).listens);

	if (boot_cpu_has(X86_FEATURE_APIC))
		svr_apic_send(per_cpu(x86_cpu_to_apicid, cpu),
			      listens ? APIC_DM_FIXED | SVR_WAKE_VECTOR :
					APIC_DM_NMI);
}

/**
 * svr_lapic_can_listen - can this CPU wait for an interrupt instead of an NMI?
 *
 * It needs an IDT of our own, which a kernel with FRED does not use.
 *
 * Context: any; after svr_lapic_prepare().
 *
 * Return: true when it can.
 */
bool svr_lapic_can_listen(void)
{
	return svr_idt_built && boot_cpu_has(X86_FEATURE_APIC);
}

/**
 * svr_lapic_listen - let the wake-up through, and hold back what devices send
 * @c: this CPU
 *
 * After svr_lapic_quiet(); the next call of that ends it. Interrupts of devices wait in the
 * local APIC; interrupts between CPUs, which others may still send, wake this CPU for
 * nothing.
 *
 * Context: any, NMI included, interrupts off; svr_lapic_can_listen().
 */
void svr_lapic_listen(struct svr_cpu *c)
{
	svr_apic_write(APIC_TASKPRI, SVR_LISTEN_PRIORITY);
	svr_apic_write(APIC_SPIV, svr_apic_read(APIC_SPIV) | APIC_SPIV_APIC_ENABLED);
	WRITE_ONCE(c->listens, true);
}

/**
 * svr_lapic_wait - halt until something wakes this CPU, an NMI included
 * @evidence: where it says that it has halted
 * @how:      what it says
 *
 * svr_lapic_quiet() clears up after an interrupt, but not after an NMI inside another one:
 * the kernel tells the host only that the outer one is done (exc_nmi()), and the host would
 * mask NMIs in every later kernel of this VM. An interrupt runs svr_drain_vector(), whose IRET
 * also unmasks the NMIs of a processor that keeps track of them itself.
 *
 * Context: any, NMI included, interrupts off; after svr_lapic_listen(). The caller looks
 * for what it waits for, and may be woken for nothing.
 */
void svr_lapic_wait(u32 *evidence, u32 how)
{
	struct desc_ptr kernel_idt;

	store_idt(&kernel_idt);
	native_load_idt(&svr_idt_desc);
	/* Evidence and HLT as one: no compiler, no tracer gets in between */
	asm volatile("movl	%[how], %[evidence]\n\t"
		     "sti\n\t"
		     "hlt\n\t"
		     "cli"
		     : [evidence] "=m" (*evidence)
		     : [how] "r" (how)
		     : "memory");
	svr_apic_write(APIC_EOI, APIC_EOI_ACK);
	native_load_idt(&kernel_idt);
}

/**
 * svr_lapic_quiet - mask the local APIC of this CPU, empty it, switch it off
 *
 * Leaves it software-disabled, as it is after INIT.
 *
 * Context: any, NMI included, interrupts off; on a CPU that will not go on
 * unless the call comes back.
 *
 * Return: the highest vector of an interrupt that is still requested, or -1; -1
 * also where no local APIC is in use (nolapic).
 */
int svr_lapic_quiet(void)
{
	int pending;
	u32 spiv;

	if (!boot_cpu_has(X86_FEATURE_APIC))
		return -1;

	svr_lapic_mask();
	svr_apic_write(APIC_TASKPRI, 0);
	WRITE_ONCE(this_cpu_ptr(&svr_cpus)->listens, false);

	/* A disabled local APIC holds its requests back: enable it for them */
	spiv = svr_apic_read(APIC_SPIV) | APIC_VECTOR_MASK;
	svr_apic_write(APIC_SPIV, spiv | APIC_SPIV_APIC_ENABLED);

	if (svr_idt_built)
		svr_drain();
	pending = svr_apic_highest(APIC_IRR);

	svr_apic_write(APIC_SPIV, spiv & ~APIC_SPIV_APIC_ENABLED);
	return pending;
}
