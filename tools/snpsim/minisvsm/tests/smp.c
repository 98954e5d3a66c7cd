// SPDX-License-Identifier: GPL-2.0
/* Other CPUs: started at VMPL 0, woken, and their VMPL 2 made and taken away. */
#include "tests.h"

#define CPU		1
#define MSR_X2APIC_SVR	0x80f
#define SVR_ENABLED	0x1ff
#define SOME_TIME	1000000
#define FAR_VA		0x10000000000UL	/* mapped by a table of its own */

static u32 ran;			/* how often the CPU has come back from RUN_VMPL */
static void (*job)(void);	/* what it does instead, once */

static void start_apic(void)
{
	wrmsr(MSR_APIC_BASE, rdmsr(MSR_APIC_BASE) | APIC_BASE_X2APIC);
	wrmsr(MSR_X2APIC_SVR, SVR_ENABLED);
}

/* What an SVSM does: wait for a guest, run it, look what it wants */
static void serve(void)
{
	start_apic();
	for (;;) {
		store(&this_cpu()->go, 1);
		asm volatile("sti; hlt; cli" : : : "memory");
		store(&this_cpu()->go, 0);
		if (job)
			job();
		else if (!run_vmpl(GUEST_VMPL))
			store(&ran, ran + 1);
	}
}

static bool start(void)
{
	struct cpu *c = cpu_nr(CPU);

	start_apic();
	return load(&c->alive) ||
	       (cpu_start(CPU, serve) && expect(wait_for(&c->go, 1), "it does not wait"));
}

static u64 make_vmsa(void (*rip)(void))
{
	u64 pa = page_alloc();

	guest_vmsa(pa, rip)->rsp = (u64)cpu_nr(MAX_CPUS - 2) + STACK_SIZE;
	guest_seal(pa);
	return pa;
}

/* The CPU runs the guest, and waits for the next one. */
static bool run_there(u64 pa)
{
	u32 before = load(&ran);

	return expect(guest_create(CPU, pa, AP_CREATE), "AP creation") &&
	       expect(wait_for(&ran, before + 1), "it does not come back") &&
	       expect(wait_for(&cpu_nr(CPU)->go, 1), "it does not wait");
}

static void starts(void)
{
	start();
}

/* An IPI ends HLT at VMPL 0. There is no guest then, and RUN_VMPL is refused. */
static void ipi(void)
{
	struct cpu *c = cpu_nr(CPU);
	u32 before = load(&c->ipis);

	if (!start())
		return;
	apic_send_ipi(CPU);
	expect(wait_for(&c->ipis, before + 1), "the IPI does not arrive");
	expect(wait_for(&c->go, 1), "it does not wait again");
}

/* AP creation of VMPL 2 ends HLT at VMPL 0, and the program runs the guest itself. */
static void wakes(void)
{
	u64 pa;

	if (!start())
		return;
	pa = make_vmsa(payload_stores);
	((struct vmsa *)private(pa))->rax = 0x1111;
	if (!run_there(pa))
		return;
	expect_eq("RAX", payload_found[0], 0x1111);
	expect_eq("its stack", payload_found[2], ((struct vmsa *)private(pa))->rsp);
}

static bool spins(u64 *count)
{
	u64 before = load(count);

	for (u64 i = 0; i < SOME_TIME; i++) {
		if (load(count) != before)
			return true;
		cpu_relax();
	}
	return false;
}

/* The CPU runs a guest that counts and never gives way. Returns its VMSA, 0 on failure. */
static u64 run_endless(void (*rip)(void))
{
	u64 pa;

	if (!start())
		return 0;
	store(&payload_count, 0);
	pa = make_vmsa(rip);
	if (!expect(guest_create(CPU, pa, AP_CREATE), "AP creation") ||
	    !expect(spins(&payload_count), "the guest does not run"))
		return 0;
	return pa;
}

/*
 * A write to the VMSA of a guest that runs gets it out first. Without SVME it does not go
 * on, and its registers are in the page.
 */
static void in_use(void (*rip)(void), bool counts)
{
	u64 pa = run_endless(rip), count;
	struct vmsa *v = private(pa);

	if (!pa)
		return;
	__atomic_fetch_and(&v->efer, ~EFER_SVME, __ATOMIC_SEQ_CST);
	count = load(&payload_count);
	expect(!spins(&payload_count), "the guest runs without SVME");
	expect(v->rip >= (u64)rip && v->rip < (u64)rip + 32, "RIP: %lx", v->rip);
	if (counts)
		expect(count - *(u64 *)((u8 *)v + 0x318) <= 1, "RBX: %lx, it has counted to %lx",
		       *(u64 *)((u8 *)v + 0x318), count);
	/* The page is no VMSA any more, and nobody uses it. */
	expect_eq("RMPADJUST", rmpadjust(pa, false, GUEST_VMPL, RIGHTS_ALL), SNP_DONE);
	/* A new one: the CPU is at VMPL 2 still, and goes on there. */
	run_there(make_vmsa(payload_stores));
}

static void in_use_running(void)
{
	in_use(payload_spins, true);
}

static void in_use_halted(void)
{
	in_use(payload_halts, false);
}

/* VMPL 2 reads the VMSA of another CPU as OVMF does, before that has halted. */
static u64 halts_vmsa;
static u32 may_halt;

static void spins_and_halts(void)
{
	while (!load(&may_halt))
		store(&payload_count, payload_count + 1);
	halt_forever();
}

static void reads_vmsa(void)
{
	store(&may_halt, 1);
	payload_found[0] = load((u64 *)private(halts_vmsa + offsetof(struct vmsa, cr3)));
	run_vmpl(0);
}

static void read_in_use(void)
{
	u64 pa;

	store(&may_halt, 0);
	halts_vmsa = run_endless(spins_and_halts);
	if (!halts_vmsa)
		return;
	pa = guest_prepare(reads_vmsa);
	payload_found[0] = 0;
	if (pa && expect_eq("RUN_VMPL", run_vmpl(GUEST_VMPL), 0))
		expect_eq("what it reads", payload_found[0], page_root());
	expect(guest_create(CPU, halts_vmsa, AP_DESTROY), "the host refuses");
	run_there(make_vmsa(payload_stores));
}

/* Destroyed, it is out of the guest when the host answers; created anew, it goes on. */
static void destroy(void)
{
	u64 pa = run_endless(payload_spins), count;

	if (!pa)
		return;
	expect(guest_create(CPU, pa, AP_DESTROY), "the host refuses");
	count = load(&payload_count);
	expect(!spins(&payload_count), "it runs: %lx", count);
	expect_eq("RMPADJUST", rmpadjust(pa, false, GUEST_VMPL, RIGHTS_ALL), SNP_DONE);
	run_there(make_vmsa(payload_stores));
}

/* An interrupt for VMPL 0 gets its CPU out of a guest that never gives way. */
static void ipi_ends_run(void)
{
	struct cpu *c = cpu_nr(CPU);
	u32 before = load(&ran), ipis = load(&c->ipis);
	u64 pa = run_endless(payload_spins);

	if (!pa)
		return;
	apic_send_ipi(CPU);
	expect(wait_for(&c->ipis, ipis + 1), "the IPI does not arrive");
	/* It has run the guest again since: its program has nothing else to do. */
	expect(wait_for(&ran, before + 1), "it does not come back");
	expect_eq("exit code", *(u64 *)(private(pa) + 0x3c0), 0x60);
	expect(guest_create(CPU, pa, AP_DESTROY), "the host refuses");
	run_there(make_vmsa(payload_stores));
}

static void another_cpus(void)
{
	u64 pa;

	if (!start())
		return;
	pa = make_vmsa(payload_stores);
	run_there(pa);
	expect(guest_create(this_cpu()->apic_id, pa, AP_CREATE), "AP creation");
	expect(run_vmpl(GUEST_VMPL), "a VMSA of two CPUs");
	expect(guest_create(this_cpu()->apic_id, 0, AP_DESTROY), "the host refuses");
	expect(run_vmpl(GUEST_VMPL), "no VMSA");
}

static u64 seen;
static u32 enough;

static void reads(void)
{
	job = NULL;
	while (!load(&enough))
		store(&seen, load((u64 *)FAR_VA));
}

static bool sees(u64 value)
{
	for (u64 i = 0; i < SOME_TIME; i++) {
		if (load(&seen) == value)
			return true;
		cpu_relax();
	}
	return false;
}

/* Another CPU at VMPL 0 forgets a translation by the time that INVLPGB and TLBSYNC are over. */
static void invlpgb(void)
{
	u64 *pte, first = page_alloc(), second = page_alloc();

	if (!start())
		return;
	pte = map_page(FAR_VA, first);
	*(u64 *)private(first) = 1;
	*(u64 *)private(second) = 2;
	store(&enough, 0);
	store(&seen, 0);
	job = reads;
	apic_send_ipi(CPU);
	expect(sees(1), "the other CPU does not read");
	*pte = second | CBIT | PTE_PRESENT_RW;
	asm volatile(".byte 0x0f, 0x01, 0xfe" : : "a"(FAR_VA | 1), "c"(0), "d"(0) : "memory");
	asm volatile(".byte 0x0f, 0x01, 0xff" : : : "memory");
	expect(sees(2), "the other CPU reads by the old translation");
	store(&enough, 1);
	expect(wait_for(&cpu_nr(CPU)->go, 1), "it does not wait");
}

/* The host of a VMSA with restricted injection injects no interrupts. */
static bool injected(void)
{
	return expect(!(rdmsr(MSR_SEV_STATUS) & STATUS_RESTRICTED),
		      "the VMSA has restricted injection: see pack-igvm --unrestricted");
}

static const struct selftest tests[] = {
	{ .name = "smp.starts", .prepare = injected, .run = starts },
	{ .name = "smp.ipi", .prepare = injected, .run = ipi },
	{ .name = "smp.wakes", .prepare = injected, .run = wakes },
	{ .name = "smp.in-use-running", .prepare = injected, .run = in_use_running },
	{ .name = "smp.in-use-halted", .prepare = injected, .run = in_use_halted },
	{ .name = "smp.read-in-use", .prepare = injected, .run = read_in_use },
	{ .name = "smp.destroy", .prepare = injected, .run = destroy },
	{ .name = "smp.ipi-ends-run", .prepare = injected, .run = ipi_ends_run },
	{ .name = "smp.invlpgb", .prepare = injected, .run = invlpgb },
	{ .name = "smp.another-cpus", .prepare = injected, .run = another_cpus },
};

const struct selftest_table smp_tests = { tests, ARRAY_SIZE(tests) };
