/* SPDX-License-Identifier: GPL-2.0 */
/* Instructions, registers and MSRs of the processor. */
#ifndef SNPSIM_X86_H
#define SNPSIM_X86_H

#include "lib/types.h"

#define CR0_PE			BIT_ULL(0)
#define CR0_ET			BIT_ULL(4)
#define CR0_PG			BIT_ULL(31)
#define CR4_PSE			BIT_ULL(4)
#define CR4_PAE			BIT_ULL(5)
#define CR4_PGE			BIT_ULL(7)
#define CR4_OSFXSR		BIT_ULL(9)
#define CR4_OSXSAVE		BIT_ULL(18)
#define CR4_SMEP		BIT_ULL(20)
#define CR4_SMAP		BIT_ULL(21)
#define CR4_PKE			BIT_ULL(22)

#define EFER_SCE		BIT_ULL(0)
#define EFER_LME		BIT_ULL(8)
#define EFER_LMA		BIT_ULL(10)
#define EFER_NXE		BIT_ULL(11)
#define EFER_SVME		BIT_ULL(12)
#define EFER_FFXSR		BIT_ULL(14)

#define RFLAGS_CF		BIT_ULL(0)
#define RFLAGS_FIXED		0x2UL
#define RFLAGS_TF		BIT_ULL(8)
#define RFLAGS_IF		BIT_ULL(9)
#define RFLAGS_OF		BIT_ULL(11)
#define RFLAGS_NT		BIT_ULL(14)
#define RFLAGS_RF		BIT_ULL(16)
#define RFLAGS_VM		BIT_ULL(17)

#define DR6_BS			BIT_ULL(14)
#define DR6_RESET		0xffff0ff0UL
#define DR7_RESET		0x400UL
#define MSR_PAT			0x277
#define PAT_RESET		0x0007040600070406UL
#define MXCSR_RESET		0x1f80U
#define MXCSR_BITS		0xffffU

#define PTE_PRESENT		BIT_ULL(0)
#define PTE_WRITE		BIT_ULL(1)
#define PTE_USER		BIT_ULL(2)
#define PTE_ACCESSED		BIT_ULL(5)
#define PTE_LARGE		BIT_ULL(7)
#define PTE_NX			BIT_ULL(63)

#define EXC_DB			1
#define EXC_UD			6
#define EXC_NP			11
#define EXC_GP			13
#define EXC_PF			14
#define EXC_HV			28
#define EXC_VC			29
#define NMI_VECTOR		2

#define GATE_SIZE		16	/* of an IDT entry in long mode */
#define IDT_GATE_PRESENT	BIT_ULL(47)

#define MSR_APIC_BASE		0x1b
#define MSR_X2APIC		0x800		/* + n: the register at byte 16 * n */
#define MSR_X2APIC_ICR		0x830
#define MSR_X2APIC_LAST		0x8ff
#define MSR_EFER		0xc0000080
#define MSR_TSC_AUX		0xc0000103
#define MSR_VM_CR		0xc0010114
#define MSR_VM_HSAVE_PA		0xc0010117
#define MSR_GHCB		0xc0010130
#define MSR_SEV_STATUS		0xc0010131
#define MSR_SVSM_CAA		0xc001f000

#define VM_CR_SVMDIS		BIT_ULL(4)

/* Local APIC (the guest cannot move it, see machine/apic.c) and its registers (byte offsets). */
#define APIC_BASE		0xfee00000UL
#define APIC_BASE_BSP		BIT_ULL(8)	/* of MSR_APIC_BASE */
#define APIC_BASE_X2APIC	BIT_ULL(10)
#define APIC_BASE_ENABLE	BIT_ULL(11)
#define APIC_TPR		0x080
#define APIC_EOI		0x0b0
#define APIC_LDR		0x0d0
#define APIC_DFR		0x0e0
#define APIC_SVR		0x0f0
#define APIC_ISR		0x100
#define APIC_TMR		0x180
#define APIC_IRR		0x200
#define APIC_WORDS		8		/* registers of IRR, and of ISR */
#define APIC_ESR		0x280
#define APIC_ICR_LOW		0x300
#define APIC_ICR_HIGH		0x310
#define APIC_LVT_TIMER		0x320
#define APIC_LVT_THERMAL	0x330
#define APIC_LVT_PERF		0x340
#define APIC_LVT_LINT0		0x350
#define APIC_LVT_LINT1		0x360
#define APIC_LVT_ERROR		0x370
#define APIC_TIMER_COUNT	0x380
#define APIC_TIMER_DIVIDE	0x3e0
#define APIC_SVR_RESET		0xff
#define APIC_LVT_MASKED		BIT_ULL(16)
#define APIC_SVR_ENABLE		BIT_ULL(8)
#define APIC_ICR_BUSY		BIT_ULL(12)
#define APIC_DM_MASK		0x700
#define APIC_DM_NMI		0x4400
#define APIC_DM_INIT		0x4500
#define APIC_DM_STARTUP		0x4600

/* The I/O APIC of a q35 machine. */
#define IOAPIC_INDEX		0xfec00000
#define IOAPIC_DATA		0xfec00010
#define IOAPIC_VERSION		1
#define IOAPIC_REDIRECTION	0x10

static inline void out8(u16 port, u8 v)
{
	asm volatile("outb %0, %1" : : "a"(v), "Nd"(port));
}

static inline void out16(u16 port, u16 v)
{
	asm volatile("outw %0, %1" : : "a"(v), "Nd"(port));
}

static inline void out32(u16 port, u32 v)
{
	asm volatile("outl %0, %1" : : "a"(v), "Nd"(port));
}

static inline u8 in8(u16 port)
{
	u8 v;

	asm volatile("inb %1, %0" : "=a"(v) : "Nd"(port));
	return v;
}

static inline u16 in16(u16 port)
{
	u16 v;

	asm volatile("inw %1, %0" : "=a"(v) : "Nd"(port));
	return v;
}

static inline u32 in32(u16 port)
{
	u32 v;

	asm volatile("inl %1, %0" : "=a"(v) : "Nd"(port));
	return v;
}

static inline u64 rdmsr(u32 msr)
{
	u32 lo, hi;

	asm volatile("rdmsr" : "=a"(lo), "=d"(hi) : "c"(msr));
	return lo | (u64)hi << 32;
}

static inline void wrmsr(u32 msr, u64 v)
{
	asm volatile("wrmsr" : : "c"(msr), "a"((u32)v), "d"((u32)(v >> 32)) : "memory");
}

static inline u64 rdtsc(void)
{
	u32 lo, hi;

	asm volatile("rdtsc" : "=a"(lo), "=d"(hi));
	return lo | (u64)hi << 32;
}

static inline void cpuid(u32 fn, u32 sub, u32 *r)
{
	asm volatile("cpuid"
		     : "=a"(r[0]), "=b"(r[1]), "=c"(r[2]), "=d"(r[3])
		     : "a"(fn), "c"(sub));
}

static inline u32 mmio_read32(u64 pa)
{
	u32 v;

	asm volatile("movl (%1), %0" : "=r"(v) : "r"(pa) : "memory");
	return v;
}

static inline void mmio_write32(u64 pa, u32 v)
{
	asm volatile("movl %0, (%1)" : : "r"(v), "r"(pa) : "memory");
}

static inline void cpu_relax(void)
{
	asm volatile("pause" : : : "memory");
}

static inline u64 read_cr2(void)
{
	u64 v;

	asm volatile("mov %%cr2, %0" : "=r"(v));
	return v;
}

static inline u64 read_cr4(void)
{
	u64 v;

	asm volatile("mov %%cr4, %0" : "=r"(v));
	return v;
}

static inline void write_cr4(u64 v)
{
	asm volatile("mov %0, %%cr4" : : "r"(v));
}

#endif
