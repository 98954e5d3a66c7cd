// SPDX-License-Identifier: GPL-2.0
/* Full fidelity: what raises #VC in an encrypted guest */
#include "tests.h"

#define LAPIC_VERSION	0xfee00030UL

static u64 before;

static bool count(void)
{
	before = this_cpu()->vc_count;
	this_cpu()->vc_error = 0;
	return true;
}

static void seen(u64 error)
{
	expect_eq("#VC raised", this_cpu()->vc_count - before, 1);
	expect_eq("error code", this_cpu()->vc_error, error);
}

static void cpuid_leaf(void)
{
	u32 r[4];

	cpuid(0x8000001f, 0, r);
	seen(0x72);
	expect_eq("SEV, ES and SNP", r[0] & 0x1a, 0x1a);
	expect_eq("C-bit", r[1] & 0x3f, 47);
}

static void io_read(void)
{
	u8 v = inb(0x3f8 + 5);

	seen(0x7b);
	expect(v != 0xff, "no UART");
}

static void io_write(void)
{
	outb(0x80, 0);
	seen(0x7b);
}

static void msr_read(void)
{
	rdmsr(0x1b);
	seen(0x7c);
}

static void msr_write(void)
{
	u64 v = rdmsr(0x1b);

	count();
	wrmsr(0x1b, v);
	seen(0x7c);
}

static void mmio(void)
{
	u32 v = mmio_read(LAPIC_VERSION);

	seen(0x400);
	expect(v && v != ~0U, "no local APIC: %x", v);
}

static void debug_register(void)
{
	u64 v = 0x400;

	asm volatile("mov %%rax, %%dr7" : : "a"(v));
	seen(0x37);
	count();
	asm volatile("mov %%dr7, %%rax" : "=a"(v));
	seen(0x27);
	expect_eq("DR7", v, 0x400);
}

static void wbinvd(void)
{
	asm volatile("wbinvd" : : : "memory");
	seen(0x89);
}

/* These raise no #VC: the hardware keeps them with the vCPU. */
static void none_for_own(void)
{
	rdmsr(0xc0000100);
	rdmsr(0x277);
	rdtsc();
	expect_eq("#VC raised", this_cpu()->vc_count - before, 0);
}

static const struct selftest tests[] = {
	{ .name = "vc.cpuid", .prepare = count, .run = cpuid_leaf },
	{ .name = "vc.io-read", .prepare = count, .run = io_read },
	{ .name = "vc.io-write", .prepare = count, .run = io_write },
	{ .name = "vc.msr-read", .prepare = count, .run = msr_read },
	{ .name = "vc.msr-write", .prepare = count, .run = msr_write },
	{ .name = "vc.mmio", .prepare = count, .run = mmio },
	{ .name = "vc.debug-register", .prepare = count, .run = debug_register },
	{ .name = "vc.write-back", .prepare = count, .run = wbinvd },
	{ .name = "vc.none-for-own", .prepare = count, .run = none_for_own },
};

const struct selftest_table vc_tests = { tests, ARRAY_SIZE(tests) };
