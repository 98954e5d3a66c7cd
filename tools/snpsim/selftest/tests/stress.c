// SPDX-License-Identifier: GPL-2.0
/* Several CPUs at once: calls, page states, IPIs */
#include "pci.h"
#include "tests.h"

#define AHCI		BDF(0, 0x1f, 2)	/* the machine's */
#define REG_BAR5	0x24
#define AHCI_PLACE	0xc0000000	/* where nothing else is */
#define PORT		BDF(0, 5, 0)	/* one of PCI Express, if the run has it */
#define BEHIND		BDF(1, 0, 0)	/* a device behind it, with a MiB of registers */
#define BEHIND_PLACE	0xc0100000
#define REG_BAR0	0x10
#define REG_BUSES	0x18
#define BUSES		0x00010100	/* there is bus 1 behind it */
#define REG_WINDOW	0x20		/* of a bridge: its memory, first and last MiB */
#define WINDOW		0xc010c010
#define NO_WINDOW	0x0000fff0
#define TIMER_COUNT	0xfee00380UL
#define COUNT_BASE	0x10000000	/* a timer that does not end soon */
#define MAX_WORKERS	3
#define ROUNDS		30
#define PATTERN		0x0123456789abcdefUL

static u64 pages[MAX_WORKERS + 1];
static unsigned int workers;

/* Take a page through all its states, over and over. */
static void convert(u64 pa)
{
	for (unsigned int i = 0; i < ROUNDS; i++) {
		if (!page_accept(pa) ||
		    !expect_eq("contents", *(u64 *)private(pa), 0))
			return;
		*(u64 *)private(pa) = PATTERN;
		if (!page_share(pa))
			return;
		*(u64 *)shared(pa) = PATTERN;
		if (!expect_eq("PSC to private", ghcb_psc_msr(pa, PSC_PRIVATE), 0))
			return;
	}
}

static void convert_work(void)
{
	convert(pages[this_cpu()->index]);
	store(&this_cpu()->go, 1);
}

static bool start_workers(void (*work)(void))
{
	workers = option("workers", 1);
	if (workers > MAX_WORKERS)
		workers = MAX_WORKERS;
	for (unsigned int i = 0; i <= workers; i++)
		pages[i] = page_far();
	for (unsigned int i = 1; i <= workers; i++)
		if (!ap_start(i, work))
			return false;
	return true;
}

static void end_workers(void)
{
	for (unsigned int i = 1; i <= workers; i++) {
		expect(wait_for(&cpu_nr(i)->go, 1), "CPU %u is not done", i);
		expect_eq("DELETE_VCPU", ap_delete(i), SVSM_SUCCESS);
	}
}

static void page_states(void)
{
	if (!start_workers(convert_work))
		return;
	convert(pages[0]);
	end_workers();
}

static void query_work(void)
{
	for (unsigned int i = 0; i < 10 * ROUNDS; i++)
		if (!expect_eq("query", svsm_query(PROTO_CORE, 1), SVSM_VERSION_1))
			break;
	store(&this_cpu()->go, 1);
}

static void calls(void)
{
	if (!start_workers(query_work))
		return;
	for (unsigned int i = 0; i < 10 * ROUNDS; i++)
		expect_eq("query", svsm_query(PROTO_CORE, 1), SVSM_VERSION_1);
	end_workers();
}

/* Start and stop CPUs while others work. */
static void start_stop(void)
{
	unsigned int last;

	if (!start_workers(convert_work))
		return;
	last = workers + 1;
	for (unsigned int i = 0; i < 10; i++) {
		if (!ap_start(last, ap_busy) || !ap_destroy(last) ||
		    !expect_core("DELETE_VCPU", CORE_DELETE_VCPU, cpu_nr(last)->vmsa, SVSM_SUCCESS))
			break;
	}
	end_workers();
}

static void fpu_work(void)
{
	static u8 areas[MAX_WORKERS + 1][512] __aligned(16);
	u8 *area = areas[this_cpu()->index];

	asm volatile("fxsave64 %0" : "=m"(*(u8 (*)[512])area));
	for (u64 n = option("restores", 1000); n; n--)
		asm volatile("fxrstor64 %0" : : "m"(*(u8 (*)[512])area));
	store(&this_cpu()->go, 1);
}

/*
 * Exits of the first CPU while others load their x87 and SSE registers. Where QEMU runs them on
 * several cores, some million loads spoil the first CPU's state: see tools/snpsim/cores.py.
 */
static void fpu(void)
{
	u32 r[4];

	if (!start_workers(fpu_work))
		return;
	for (unsigned int i = 1; i <= workers; i++)
		while (!load(&cpu_nr(i)->go))
			cpuid(0, 0, r);
	end_workers();
}

static u32 map_is_done, lost;

static void mmio_work(void)
{
	for (u32 n = COUNT_BASE; !load(&map_is_done); n++) {
		mmio_write(TIMER_COUNT, n);
		if (mmio_read(TIMER_COUNT) != n)
			__atomic_add_fetch(&lost, 1, __ATOMIC_SEQ_CST);
	}
	store(&this_cpu()->go, 1);
}

/*
 * QEMU's memory map changes on one CPU while others write to their local APICs, which are in
 * memory (--apic xapic).
 */
static void change_map(u32 function, u32 reg, u32 one, u32 other)
{
	store(&map_is_done, 0);
	store(&lost, 0);
	if (!start_workers(mmio_work))
		return;
	for (u64 n = option("rounds", 10); n; n--) {
		pci_set(function, reg, one);
		pci_set(function, reg, other);
	}
	store(&map_is_done, 1);
	end_workers();
	expect_eq("accesses lost", load(&lost), 0);
}

/* The registers of a device come and go. */
static void memory_map(void)
{
	u32 command = pci_get(AHCI, REG_COMMAND) & 0xffff, bar = pci_get(AHCI, REG_BAR5);

	pci_set(AHCI, REG_BAR5, AHCI_PLACE);
	change_map(AHCI, REG_COMMAND, command | COMMAND_MEMORY, command & ~COMMAND_MEMORY);
	pci_set(AHCI, REG_BAR5, bar);
	pci_set(AHCI, REG_COMMAND, command);
}

static bool has_port(void)
{
	return pci_get(PORT, REG_ID) != ~0U;
}

/* So does what a bridge passes on. */
static void bridge_window(void)
{
	u32 command = pci_get(PORT, REG_COMMAND) & 0xffff;

	pci_set(PORT, REG_BUSES, BUSES);
	pci_set(PORT, REG_COMMAND, command | COMMAND_MEMORY);
	pci_set(BEHIND, REG_BAR0, BEHIND_PLACE);
	pci_set(BEHIND, REG_COMMAND, COMMAND_MEMORY);
	change_map(PORT, REG_WINDOW, WINDOW, NO_WINDOW);
	pci_set(PORT, REG_COMMAND, command);
}

static const struct selftest tests[] = {
	{ .name = "stress.page-states", .run = page_states },
	{ .name = "stress.calls", .run = calls },
	{ .name = "stress.start-stop", .run = start_stop },
	{ .name = "stress.fpu", .run = fpu },
	{ .name = "stress.memory-map", .run = memory_map },
	{ .name = "stress.bridge-window", .run = bridge_window, .prepare = has_port,
	  .alone = true },
};

const struct selftest_table stress_tests = { tests, ARRAY_SIZE(tests) };
