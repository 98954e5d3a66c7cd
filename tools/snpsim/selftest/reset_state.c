// SPDX-License-Identifier: GPL-2.0
/*
 * The architectural state at the beginning of a boot: print it, check it against what a
 * launch gives, and spoil it before a reset that has to restore it.
 */
#include "report.h"
#include "reset_state.h"
#include "snp.h"

#define CR4_PGE		BIT(7)
#define CR4_FSGSBASE	BIT(16)
#define CR0_WP		BIT(16)
#define CR0_AM		BIT(18)
#define EFER_SCE	BIT(0)
#define CPUID_XSAVE	BIT(26)
#define DIRTY		0x5a5a1000UL

struct msr_row {
	const char *name;
	u32 msr;
	u64 want;
	u64 dirty;		/* a value that it accepts */
};

static const struct msr_row msrs[] = {
	{ "FS_BASE", 0xc0000100, 0, DIRTY },
	{ "GS_BASE", 0xc0000101, 0, DIRTY },
	{ "KERNEL_GS_BASE", 0xc0000102, 0, DIRTY },
	{ "STAR", 0xc0000081, 0, DIRTY },
	{ "LSTAR", 0xc0000082, 0, DIRTY },
	{ "CSTAR", 0xc0000083, 0, DIRTY },
	{ "SFMASK", 0xc0000084, 0, 0x47700 },
	{ "SYSENTER_CS", 0x174, 0, 0x10 },
	{ "SYSENTER_ESP", 0x175, 0, DIRTY },
	{ "SYSENTER_EIP", 0x176, 0, DIRTY },
	{ "PAT", 0x277, 0x0007040600070406UL, 0x0007040600070401UL },
	{ "TSC_AUX", 0xc0000103, 0, 7 },
	{ "DEBUGCTL", 0x1d9, 0, 1 },
	{ "GHCB", MSR_GHCB, 0, 0 },
};

static bool xcr0_known(void)
{
	u32 r[4];

	cpuid(1, 0, r);
	return r[2] & CPUID_XSAVE;
}

static void cr4_set(u64 bits)
{
	u64 v;

	asm volatile("mov %%cr4, %0" : "=r"(v));
	asm volatile("mov %0, %%cr4" : : "r"(v | bits) : "memory");
}

static u64 xcr0(void)
{
	u32 lo, hi;

	cr4_set(CR4_OSXSAVE);
	asm volatile("xgetbv" : "=a"(lo), "=d"(hi) : "c"(0));
	return lo | (u64)hi << 32;
}

static u64 read_dr7(void)
{
	u64 v;

	asm volatile("mov %%dr7, %%rax" : "=a"(v));
	return v;
}

static u64 sum(const void *p, size_t n)
{
	const u8 *b = p;
	u64 s = 0;

	while (n--)
		s = s * 31 + *b++;
	return s;
}

/* Leave out the GHCB MSR, which this boot has set already. */
static bool is_shown(const struct msr_row *m)
{
	return m->msr != MSR_GHCB;
}

void reset_state_print(void)
{
	const struct reset_state *s = &reset_state;

	say("STATE cr0 %lx", s->cr0);
	say("STATE cr2 %lx", s->cr2);
	say("STATE cr4 %lx", s->cr4);
	say("STATE efer %lx", rdmsr(MSR_EFER));
	say("STATE dr0 %lx", s->dr0);
	say("STATE dr1 %lx", s->dr1);
	say("STATE dr2 %lx", s->dr2);
	say("STATE dr3 %lx", s->dr3);
	say("STATE dr6 %lx", s->dr6);
	say("STATE dr7 %lx", read_dr7());
	say("STATE fcw %x", reset_fpu.fcw);
	say("STATE fsw %x", reset_fpu.fsw);
	say("STATE ftw %x", reset_fpu.ftw);
	say("STATE mxcsr %x", reset_fpu.mxcsr);
	say("STATE st %lx", sum(reset_fpu.st, sizeof(reset_fpu.st)));
	say("STATE xmm %lx", sum(reset_fpu.xmm, sizeof(reset_fpu.xmm)));
	say("STATE rsp %lx", s->rsp);
	say("STATE rsi %lx", s->rsi);
	for (unsigned int i = 0; i < ARRAY_SIZE(msrs); i++)
		if (is_shown(&msrs[i]))
			say("STATE %s %lx", msrs[i].name, rdmsr(msrs[i].msr));
	if (xcr0_known())
		say("STATE xcr0 %lx", xcr0());
}

static bool all_zero(const void *p, size_t n)
{
	const u8 *b = p;

	while (n--)
		if (*b++)
			return false;
	return true;
}

void reset_state_check(u64 boot_params)
{
	const struct reset_state *s = &reset_state;

	expect_eq("RSI", s->rsi, boot_params);
	expect_eq("other registers", s->rax | s->rcx | s->rdx | s->rbx | s->rbp | s->rdi | s->r8 |
		  s->r9 | s->r10 | s->r11 | s->r12 | s->r13 | s->r14 | s->r15, 0);
	expect_eq("CR2", s->cr2, 0);
	expect_eq("CR0 (PG, PE)", s->cr0 & 0x80000001, 0x80000001);
	expect_eq("CR0 (NW, CD, AM, WP, EM, TS)", s->cr0 & 0x6005000c, 0);
	expect_eq("CR4", s->cr4 & ~0x40UL, 0x20);
	expect_eq("EFER", rdmsr(MSR_EFER) & ~(EFER_SVME | BIT(11)), 0x500);
	expect_eq("DR0 to DR3", s->dr0 | s->dr1 | s->dr2 | s->dr3, 0);
	expect_eq("DR6", s->dr6, 0xffff0ff0);
	expect_eq("DR7", read_dr7(), 0x400);
	expect_eq("MXCSR", reset_fpu.mxcsr, 0x1f80);
	expect(reset_fpu.fcw == 0x37f || reset_fpu.fcw == 0x40, "FCW %x", reset_fpu.fcw);
	expect_eq("FSW", reset_fpu.fsw, 0);
	expect(all_zero(reset_fpu.st, sizeof(reset_fpu.st)), "x87 registers not zero");
	expect(all_zero(reset_fpu.xmm, sizeof(reset_fpu.xmm)), "XMM registers not zero");
	for (unsigned int i = 0; i < ARRAY_SIZE(msrs); i++)
		if (is_shown(&msrs[i]))
			expect_eq(msrs[i].name, rdmsr(msrs[i].msr), msrs[i].want);
	if (xcr0_known())
		expect_eq("XCR0", xcr0(), 1);
}

static void fpu_dirty(void)
{
	static struct reset_fpu f;

	memset(&f, 0, sizeof(f));
	f.fcw = 0x27f;
	f.ftw = 0xff;
	f.mxcsr = 0x1fa0;
	memset(f.st, 0x3c, sizeof(f.st));
	memset(f.xmm, 0xc3, sizeof(f.xmm));
	asm volatile("fxrstor64 %0" : : "m"(f));
}

void reset_state_dirty(void)
{
	u64 v;

	for (unsigned int i = 0; i < ARRAY_SIZE(msrs); i++)
		if (msrs[i].dirty)
			wrmsr(msrs[i].msr, msrs[i].dirty);
	wrmsr(MSR_EFER, rdmsr(MSR_EFER) | EFER_SCE);
	cr4_set(CR4_PGE | CR4_FSGSBASE);
	if (xcr0_known()) {
		cr4_set(CR4_OSXSAVE);
		asm volatile("xsetbv" : : "c"(0), "a"(3), "d"(0));
	}
	fpu_dirty();
	asm volatile("mov %0, %%db0" : : "r"(DIRTY));
	asm volatile("mov %0, %%db1" : : "r"(DIRTY + 0x10));
	asm volatile("mov %0, %%db2" : : "r"(DIRTY + 0x20));
	asm volatile("mov %0, %%db3" : : "r"(DIRTY + 0x30));
	asm volatile("mov %0, %%db6" : : "r"(0xffff0ff1UL));
	asm volatile("mov %%rax, %%dr7" : : "a"(0x4ffUL));
	asm volatile("mov %0, %%cr2" : : "r"(DIRTY));
	asm volatile("mov %%cr0, %0" : "=r"(v));
	asm volatile("mov %0, %%cr0" : : "r"(v | CR0_WP | CR0_AM) : "memory");
}
