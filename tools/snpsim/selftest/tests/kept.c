// SPDX-License-Identifier: GPL-2.0
/*
 * What a host keeps for a vCPU outside its VMSA. EXECUTE and AP creation leave it alone;
 * only a new VM resets it.
 */
#include "tests.h"

#define AP		1
#define RESET_CONTROL	0xcf9
#define DIRTY_CR8	5

struct kept {
	const char *name;
	u32 msr;
	u64 launch, dirty;
};

static const struct kept kept[] = {
	{ "MISC_ENABLE", 0x1a0, 0x1, 0x801 },
	{ "MTRRphysBase0", 0x200, 0, 0x80000006 },
	{ "MTRRphysMask7", 0x20f, 0, 0x7fff80000800 },
	{ "MTRRfix64K", 0x250, 0, 0x0606060606060606 },
	{ "MTRRfix4K_F8000", 0x26f, 0, 0x0505050505050505 },
	{ "MTRRdefType", 0x2ff, 0, 0xc06 },
	{ "MCG_STATUS", 0x17a, 0, 0x2 },
	{ "MCG_CTL", 0x17b, ~0UL, 0 },
	{ "MC1_CTL", 0x404, ~0UL, 0 },
	{ "MC1_ADDR", 0x406, 0, 0x5a5a1000 },
};

/* In the VMSA: shows that there was a reset at all */
#define MSR_LSTAR	0xc0000082
#define DIRTY_LSTAR	0x5a5a1000UL

static void write_all(void)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(kept); i++)
		wrmsr(kept[i].msr, kept[i].dirty);
	wrmsr(MSR_LSTAR, DIRTY_LSTAR);
}

/* Counts the MSRs that are wrong, and prints each. */
static u64 wrong(bool dirty)
{
	u64 n = 0;

	for (unsigned int i = 0; i < ARRAY_SIZE(kept); i++) {
		u64 want = dirty ? kept[i].dirty : kept[i].launch;
		u64 got = rdmsr(kept[i].msr);

		if (got == want)
			continue;
		say("KEPT %s is %lx, not %lx", kept[i].name, got, want);
		n++;
	}
	return n;
}

static void by_execute(void)
{
	u64 cr8;

	expect_eq("MSRs that differ", wrong(boot > 1), 0);
	expect_eq("LSTAR", rdmsr(MSR_LSTAR), 0);
	asm volatile("mov %%cr8, %0" : "=r"(cr8));
	expect_eq("CR8", cr8, boot > 1 ? DIRTY_CR8 : 0);
	if (boot > 1)
		return;
	write_all();
	asm volatile("mov %0, %%cr8" : : "r"((u64)DIRTY_CR8));
	execute();
}

static void ap_writes(void)
{
	write_all();
	store(&this_cpu()->go, 1);
}

static void ap_reads(void)
{
	struct cpu *c = this_cpu();

	store(&c->arg, wrong(true) + (rdmsr(MSR_LSTAR) ? 100 : 0));
	store(&c->go, 1);
}

static void by_creation(void)
{
	struct cpu *c = cpu_nr(AP);

	if (!ap_start(AP, ap_writes) || !expect(wait_for(&c->go, 1), "the AP does not write"))
		return;
	if (!ap_destroy(AP) || !expect_eq("DELETE_VCPU", ap_delete(AP), SVSM_SUCCESS))
		return;
	if (!ap_start(AP, ap_reads))
		return;
	expect(wait_for(&c->go, 1), "the AP does not look");
	expect_eq("MSRs that differ", load(&c->arg), 0);
	if (ap_destroy(AP))
		expect_eq("DELETE_VCPU", ap_delete(AP), SVSM_SUCCESS);
}

static void ap_is_new(void)
{
	struct cpu *c = this_cpu();

	store(&c->arg, wrong(false));
	write_all();
	store(&c->go, 1);
}

/* Both vCPUs write in the first VM. In the second one their MSRs are new. */
static void not_in_a_new_vm(void)
{
	struct cpu *c = cpu_nr(AP);

	expect_eq("MSRs that differ", wrong(false), 0);
	if (!ap_start(AP, ap_is_new) || !expect(wait_for(&c->go, 1), "the AP does not look"))
		return;
	expect_eq("MSRs of the AP that differ", load(&c->arg), 0);
	if (boot > 1)
		return;
	write_all();
	outb(RESET_CONTROL, 0x02);
	outb(RESET_CONTROL, 0x06);
	halt_forever();
}

static const struct selftest tests[] = {
	{ .name = "kept.by-execute", .run = by_execute, .alone = true },
	{ .name = "kept.by-creation", .run = by_creation, .alone = true },
	{ .name = "kept.not-in-a-new-vm", .run = not_in_a_new_vm, .alone = true },
};

const struct selftest_table kept_tests = { tests, ARRAY_SIZE(tests) };
