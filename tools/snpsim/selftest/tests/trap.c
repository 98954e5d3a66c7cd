// SPDX-License-Identifier: GPL-2.0
/* Software interrupts, and code that another CPU changes */
#include "tests.h"

#define AP		1
#define ROUNDS		20
#define SYNC_SPINS	10000000
#define NOP5_LEN	5

/* The RIP that the processor pushed, and the right one, where the handler goes on anyway */
static u64 came_from, next_insn;

static void saw_breakpoint(struct regs *r)
{
	came_from = r->rip;
	r->rip = next_insn;
}

#define expect_breakpoint(what, insn)						\
do {										\
	this_cpu()->breakpoint = saw_breakpoint;				\
	came_from = 0;								\
	asm volatile("leaq 772f(%%rip), %%r11\n\t"				\
		     "movq %%r11, %0\n\t" insn "\n772:"			\
		     : "=m"(next_insn) : : "r11", "memory");			\
	expect_eq(what, came_from, next_insn);					\
	this_cpu()->breakpoint = NULL;						\
} while (0)

static void int3(void)
{
	expect_breakpoint("RIP", ".byte 0xcc");
}

static void int_n(void)
{
	expect_breakpoint("RIP", ".byte 0xcd, 3");
}

static void prefixed(void)
{
	expect_breakpoint("RIP of f3 int3", ".byte 0xf3, 0xcc");
	expect_breakpoint("RIP of 66 rex int n", ".byte 0x66, 0x48, 0xcd, 3");
}

/* The IDT ends before 0x50. A fault must find RIP at the instruction. */
static void no_gate(void)
{
	u64 at;

	asm volatile("leaq 773f(%%rip), %0" : "=r"(at));
	try_insn("773: int $0x50");
	expect_eq("trap", trap_taken(), TRAP_GP);
	expect_eq("error code", this_cpu()->trap_error, 0x50 << 3 | 2);
	expect_eq("RIP", this_cpu()->trap_rip, at);
}

/* nopl 0(%rax,%rax,1); ret. The data on the same page are written by both CPUs. */
static struct {
	u8 code[8];
	u32 patching, stale;
} patched __aligned(64) = { .code = { 0x0f, 0x1f, 0x44, 0, 0, 0xc3 } };

static void step_over(struct regs *r)
{
	if (!load(&patched.patching))
		store(&patched.stale, patched.stale + 1);
	r->rip += NOP5_LEN - 1;
}

static void run_patched(void)
{
	struct cpu *c = this_cpu();

	c->breakpoint = step_over;
	apic_enable();
	asm volatile("sti" : : : "memory");
	while (!load(&c->arg))
		asm volatile("call *%0" : : "r"(patched.code) : "memory");
	asm volatile("cli" : : : "memory");
	store(&c->go, 1);
}

/*
 * Wait until the AP has taken an interrupt, and so looks at its code again. Read no clock:
 * what the test looks for happens right after, for a moment.
 */
static bool sync_ap(void)
{
	u32 *ipis = &cpu_nr(AP)->ipis, before = load(ipis);

	apic_send_ipi(cpu_nr(AP)->apic_id);
	for (u32 spins = 0; load(ipis) == before; spins++) {
		if (spins == SYNC_SPINS)
			return expect(false, "the interrupt is lost");
		cpu_relax();
	}
	return true;
}

static bool patch(u8 *p, u8 byte)
{
	store(p, byte);
	return sync_ap();
}

/*
 * Change the code as Linux does (text_poke_bp_batch()): a breakpoint, then the tail, then
 * the first byte. Make all CPUs look after each step. After the last step no CPU may take
 * the breakpoint.
 */
static void patched_code(void)
{
	struct cpu *c = cpu_nr(AP);
	u32 rounds = option("rounds", ROUNDS);

	if (!ap_start(AP, run_patched))
		return;
	for (u32 i = 0; i < rounds; i++) {
		store(&patched.patching, 1);
		if (!patch(&patched.code[0], 0xcc) || !patch(&patched.code[1], 0x1f) ||
		    !patch(&patched.code[0], 0x0f))
			break;
		store(&patched.patching, 0);
	}
	store(&c->arg, 1);
	expect(wait_for(&c->go, 1), "the CPU is not done");
	expect_eq("breakpoints that were not there", load(&patched.stale), 0);
	expect_eq("DELETE_VCPU", ap_delete(AP), SVSM_SUCCESS);
}

static const struct selftest tests[] = {
	{ .name = "trap.int3", .run = int3 },
	{ .name = "trap.int-n", .run = int_n },
	{ .name = "trap.prefixed", .run = prefixed },
	{ .name = "trap.no-gate", .run = no_gate },
	{ .name = "trap.patched-code", .run = patched_code },
};

const struct selftest_table trap_tests = { tests, ARRAY_SIZE(tests) };
