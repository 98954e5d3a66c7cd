/* SPDX-License-Identifier: GPL-2.0 */
/* Instructions, and this guest's data of each CPU. */
#ifndef SELFTEST_CPU_H
#define SELFTEST_CPU_H

#include "types.h"

#define MAX_CPUS	8
#define STACK_SIZE	16384

#define MSR_APIC_BASE	0x1b
#define MSR_X2APIC_ID	0x802
#define MSR_X2APIC_ICR	0x830
#define MSR_EFER	0xc0000080
#define MSR_TSC_AUX	0xc0000103
#define MSR_GHCB	0xc0010130
#define MSR_SEV_STATUS	0xc0010131
#define MSR_SVSM_CAA	0xc001f000

#define EFER_LME	BIT(8)
#define EFER_LMA	BIT(10)
#define EFER_SVME	BIT(12)
#define CR0_PE		BIT(0)
#define CR0_ET		BIT(4)
#define CR0_PG		BIT(31)
#define CR4_PAE		BIT(5)
#define CR4_OSXSAVE	BIT(18)
#define CR4_PKE		BIT(22)

#define APIC_BASE_X2APIC	BIT(10)
#define APIC_BASE_ENABLE	BIT(11)

struct regs;

/*
 * Lies at the lowest address of the CPU's stack, so that the stack pointer is enough to
 * find it. It needs no segment base, because the tests change those.
 */
struct cpu {
	u32 index;
	u32 apic_id;
	u64 ca;			/* SVSM calling area */
	u64 ghcb;		/* GHCB page, 0: not set up */
	u64 vmsa;
	u64 dr7;		/* as last written, for #VC on DR7 accesses */

	/* For the instruction in try_insn() */
	u64 fixup;
	u64 trap;		/* vector + 1, 0: none happened */
	u64 trap_error, trap_rip;

	void (*breakpoint)(struct regs *r);	/* takes #BP */

	u32 nmis, ipis;
	u8 *eoi_flag;		/* KVM's flag; bit 0 set: no EOI is needed */
	u32 saved_eois;
	u32 nmi_takes_msr;	/* the handler changes the GHCB MSR */
	u32 stay_in_ipi;	/* the handler does not return while this is set */
	u32 stay_in_nmi;	/* the handler counts in arg and never returns */
	void (*nmi_work)(void);	/* the handler does this before NMI_COMPLETE */
	u32 hvs;		/* #HV; the test looks at the doorbell page */
	void (*hv_work)(struct regs *r);	/* the handler does this */
	u64 vc_count;
	u64 vc_error;		/* error code of the last #VC */

	/* APs */
	void (*work)(void);
	u32 alive;		/* the AP is in its work function */
	u32 go;			/* free for the work function */
	u64 arg;
};

union cpu_stack {
	struct cpu cpu;
	u8 bytes[STACK_SIZE];
};

extern union cpu_stack cpu_stacks[MAX_CPUS];

static inline struct cpu *cpu_nr(unsigned int i)
{
	return &cpu_stacks[i].cpu;
}

static inline struct cpu *this_cpu(void)
{
	u64 sp;

	asm volatile("mov %%rsp, %0" : "=r"(sp));
	return (struct cpu *)(sp & ~(STACK_SIZE - 1UL));
}

static inline void outb(u16 port, u8 v)
{
	asm volatile("out %0, %1" : : "a"(v), "Nd"(port));
}

static inline void outw(u16 port, u16 v)
{
	asm volatile("out %0, %1" : : "a"(v), "Nd"(port));
}

static inline void outl(u16 port, u32 v)
{
	asm volatile("out %0, %1" : : "a"(v), "Nd"(port));
}

static inline u8 inb(u16 port)
{
	u8 v;

	asm volatile("in %1, %0" : "=a"(v) : "Nd"(port));
	return v;
}

static inline u32 inl(u16 port)
{
	u32 v;

	asm volatile("in %1, %0" : "=a"(v) : "Nd"(port));
	return v;
}

#define CMOS_INDEX	0x70
#define CMOS_DATA	0x71

static inline u8 cmos_get(u8 index)
{
	outb(CMOS_INDEX, index);
	return inb(CMOS_DATA);
}

static inline void cmos_set(u8 index, u8 v)
{
	outb(CMOS_INDEX, index);
	outb(CMOS_DATA, v);
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

static inline void cpuid(u32 leaf, u32 sub, u32 r[4])
{
	asm volatile("cpuid"
		     : "=a"(r[0]), "=b"(r[1]), "=c"(r[2]), "=d"(r[3])
		     : "a"(leaf), "c"(sub));
}

static inline void vmgexit(void)
{
	asm volatile("rep; vmmcall" : : : "memory");
}

static inline void cpu_relax(void)
{
	asm volatile("pause" : : : "memory");
}

/* Stop for good. Only an NMI or the host can wake the CPU. */
static inline void __noreturn halt_forever(void)
{
	for (;;)
		asm volatile("cli; hlt" : : : "memory");
}

/*
 * try_insn(): run one instruction that may fault.  A trap ends it and leaves
 * its vector in trap_taken().
 */
#define try_insn(insn, inputs...)					\
do {									\
	struct cpu *__c = this_cpu();					\
									\
	store(&__c->trap, 0);						\
	asm volatile("leaq 771f(%%rip), %%r11\n\t"			\
		     "movq %%r11, %[fix]\n\t"				\
		     insn "\n"						\
		     "771:\n\t"						\
		     "movq $0, %[fix]"					\
		     : [fix] "+m"(__c->fixup)			\
		     : inputs						\
		     : "r11", "memory", "cc");				\
} while (0)

#define NO_TRAP		(-1)
#define TRAP_NMI	2
#define TRAP_BP		3
#define TRAP_UD		6
#define TRAP_GP		13
#define TRAP_PF		14
#define TRAP_HV		28
#define TRAP_VC		29
#define TRAP_IPI	0x40	/* the only interrupt of this guest */

static inline int trap_taken(void)
{
	return (int)load(&this_cpu()->trap) - 1;
}

struct table_register {
	u16 limit;
	u64 base;
} __packed;

struct regs {
	u64 r15, r14, r13, r12, r11, r10, r9, r8;
	u64 rdi, rsi, rbp, rbx, rdx, rcx, rax;
	u64 vector, error;
	u64 rip, cs, rflags, rsp, ss;
};

/* start.S */
extern char trap_stubs[], entry_ap[];

/* trap.c */
void trap_init(void);
void trap(struct regs *r);
struct table_register trap_idt(void);
struct table_register trap_gdt(void);
void trap_triple_fault(void) __noreturn;

/* apic.c */
void apic_enable(void);
void apic_eoi(void);
void apic_send_nmi(u32 apic_id);
void apic_send_ipi(u32 apic_id);
void apic_send_illegal(u32 apic_id);
void apic_send_init(u32 apic_id);
void apic_send_sipi(u32 apic_id);
bool apic_ipi_pending(void);
void apic_lvt(bool armed);
bool apic_armed(void);

/* vc.c */
void vc_handle(struct regs *r);
u32 mmio_read(u64 pa);
void mmio_write(u64 pa, u32 v);

/* ap.c */
struct vmsa;
void ap_main(void);
void vmsa_flat(struct vmsa *v, u64 rip);
void vmsa_like_here(struct vmsa *v, u64 rip, u64 rsp);
void ap_vmsa(struct vmsa *v, struct cpu *c);
bool ap_create(unsigned int index, void (*work)(void));
bool ap_launch(unsigned int index);
bool ap_start(unsigned int index, void (*work)(void));
bool ap_destroy(unsigned int index);
u64 ap_delete(unsigned int index);
bool wait_for(u32 *flag, u32 value);
void delay_ms(unsigned int ms);
void ap_busy(void);
void ap_halt(void);
void ap_halt_once(void);
void ap_idle(void);
void ap_reset_hold_msr(void);
void ap_reset_hold_ghcb(void);

#endif
