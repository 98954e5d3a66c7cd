// SPDX-License-Identifier: GPL-2.0
/*
 * Hosts that misbehave. The runner starts the simulator with the --host that the test is
 * named after.
 */
#include "attest.h"
#include "tests.h"

#define AP		1
#define LEFT_MS		50
#define MSR_HV_FEATURES	0x080
#define HV_AP_CREATION	BIT(1)
#define PATTERN		0x5afe5afe5afe5afeUL
#define VC_NOT_VALIDATED	0x404
#define SECRETS_VMPCK2		(0x020 + 2 * 32)
#define SECRETS_GUEST_USAGE	0x0e0
#define PORT_FUZZ	0x564
#define FUZZ_CALLS	64
#define MANIFEST_SIZE	8

static void count(void)
{
	struct cpu *c = this_cpu();

	for (;;)
		store(&c->arg, c->arg + 1);
}

static bool still_counts(void)
{
	u64 before = load(&cpu_nr(AP)->arg);

	delay_ms(LEFT_MS);
	return load(&cpu_nr(AP)->arg) != before;
}

static bool ap_event(unsigned int type)
{
	struct ghcb_call c = {
		.code = GHCB_AP_CREATION,
		.info1 = (u64)AP << 32 | GUEST_VMPL << 16 | type,
		.info2 = cpu_nr(AP)->vmsa,
		.rax = rdmsr(MSR_SEV_STATUS) >> 2,
	};

	return ghcb_event(&c);
}

static void destroy_refused(void)
{
	if (!ap_start(AP, count))
		return;
	expect(!ap_event(AP_DESTROY), "destroyed");
	expect(still_counts(), "the AP stopped");
}

/* Only the host's answer can be seen. EXECUTE ends the run. */
static void destroy_lie(void)
{
	if (!ap_start(AP, count))
		return;
	expect(ap_event(AP_DESTROY), "refused");
	if (expect(still_counts(), "the AP stopped"))
		execute();
}

static void no_ap_creation(void)
{
	expect_eq("feature", ghcb_msr(MSR_HV_FEATURES) >> 12 & HV_AP_CREATION, 0);
	if (!ap_create(AP, ap_halt))
		return;
	expect(!ap_event(AP_CREATE), "started");
	expect(!ap_event(AP_DESTROY), "destroyed");
}

/* The AP halts with a top-level page table that EXECUTE invalidates, so it cannot go on. */
static u64 park_root;

static void park(void)
{
	asm volatile("mov %0, %%cr3; cli; hlt; 1: jmp 1b" : : "r"(park_root | CBIT) : "memory");
}

static bool park_ap(void)
{
	park_root = page_far();
	if (!page_accept(park_root))
		return false;
	memcpy(private(park_root), private(page_root() & ~CBIT), PAGE_SIZE);
	say("PAGE %lx", park_root);
	if (!ap_start(AP, park))
		return false;
	delay_ms(LEFT_MS);
	return true;
}

/* Boot 2 lasts long enough for an AP of boot 1 to show. */
static void resume(void)
{
	if (boot > 1)
		delay_ms(10 * LEFT_MS);
	else if (park_ap())
		execute();
}

static void resume_deleted(void)
{
	if (boot > 1)
		delay_ms(10 * LEFT_MS);
	else if (park_ap() && expect_eq("delete", ap_delete(AP), SVSM_SUCCESS))
		execute();
}

/* Make a call. Returns whether an NMI changed the GHCB MSR before the VMGEXIT. */
static bool hit(u32 proto, u32 call, u64 rcx)
{
	struct svsm_args a = { .rax = SVSM_CALL(proto, call), .rcx = rcx };
	struct cpu *c = this_cpu();
	u32 nmis = load(&c->nmis);

	store(&c->nmi_takes_msr, 1);
	svsm_exchange(&a, 0);
	store(&c->nmi_takes_msr, 0);
	if (load(&c->nmis) == nmis) {
		expect_eq("response", a.response, GHCB_MSR_RUN_VMPL_RESP);
		expect_eq("pending", a.pending, 0);
		return false;
	}
	expect_eq("NMIs", load(&c->nmis), nmis + 1);
	expect_eq("GHCB MSR", a.response, c->ghcb);
	expect_eq("pending", a.pending, 1);
	return true;
}

static bool query_hit(void)
{
	return hit(PROTO_CORE, CORE_QUERY_PROTOCOL, (u64)PROTO_REBOOT << 32 | 1);
}

static void nmi_call(void)
{
	u64 n = option("nmi-call", 0);

	if (boot > 1)
		return;
	expect(n, "no count was given");
	expect(!query_hit(), "an NMI before a query");
	for (u64 i = 0; i < n; i++)
		expect(hit(PROTO_REBOOT, 0, 0), "no NMI before EXECUTE");
	expect(!query_hit(), "an NMI before a query");
	execute();
}

static void nmi_call_any(void)
{
	u64 n = option("nmi-call-any", 0);

	expect(n, "no count was given");
	for (u64 i = 0; i < n; i++)
		expect(query_hit(), "no NMI before a query");
	expect(!query_hit(), "one NMI more");
}

/*
 * The SVSM has taken the call, and an NMI has changed the GHCB MSR before the RDMSR. The
 * answer is in the registers all the same.
 */
static bool answer_hit(void)
{
	struct svsm_args a = {
		.rax = SVSM_CALL(PROTO_CORE, CORE_QUERY_PROTOCOL),
		.rcx = (u64)PROTO_REBOOT << 32 | 1,
	};
	struct cpu *c = this_cpu();
	u32 nmis = load(&c->nmis);
	bool came;

	store(&c->nmi_takes_msr, 1);
	svsm_exchange(&a, 0);
	store(&c->nmi_takes_msr, 0);
	came = load(&c->nmis) != nmis;
	expect_eq("NMIs", load(&c->nmis), nmis + came);
	expect_eq("GHCB MSR", a.response, came ? c->ghcb : GHCB_MSR_RUN_VMPL_RESP);
	expect_eq("pending", a.pending, 0);
	expect_eq("result", a.rax, SVSM_SUCCESS);
	expect_eq("versions", a.rcx, SVSM_VERSION_1);
	return came;
}

/* Calls through a GHCB page do not count, and after EXECUTE nobody is left to take the NMI. */
static void nmi_answer(void)
{
	u64 n = option(boot == 1 ? "nmi-answer" : "nmi-later", 0);
	struct svsm_args a = { .rax = SVSM_CALL(PROTO_CORE, CORE_QUERY_PROTOCOL), .rcx = 1 };
	u32 nmis = load(&this_cpu()->nmis);

	expect(n, "no count was given");
	svsm_exchange(&a, SVSM_BY_GHCB);
	expect_eq("NMIs after a call by the page", load(&this_cpu()->nmis), nmis);
	for (u64 i = 0; i < n; i++)
		expect(answer_hit(), "no NMI after a query");
	if (boot == 1 && option_given("nmi-later"))
		execute();
	expect(!answer_hit(), "one NMI more");
}

/* The page becomes private, loses its contents and has to be validated. */
static void implicit(void)
{
	u64 page = page_far();

	if (!page_accept(page) || !page_share(page))
		return;
	*(u64 *)shared(page) = PATTERN;
	this_cpu()->vc_error = 0;
	try_insn("movq (%[p]), %%r11", [p] "r"(private(page)));
	expect_eq("trap", trap_taken(), TRAP_VC);
	expect_eq("error code", this_cpu()->vc_error, VC_NOT_VALIDATED);
	expect_eq("PSC to private, which it is", ghcb_psc_msr(page, PSC_PRIVATE), 0);
	if (page_accept(page))
		expect_eq("contents", *(u64 *)private(page), 0);
}

/* DR7 is the guest's own, and so says the VMSA of an AP. */
static void debug_swap(void)
{
	u64 v = 0x400;

	expect(rdmsr(MSR_SEV_STATUS) & BIT(7), "not in SEV_STATUS");
	this_cpu()->vc_error = 0;
	asm volatile("mov %%rax, %%dr7; mov %%dr7, %%rax" : "+a"(v));
	expect_eq("DR7", v, 0x400);
	expect_eq("#VC", this_cpu()->vc_error, 0);
	if (ap_start(AP, ap_halt))
		expect_eq("delete", ap_delete(AP), SVSM_SUCCESS);
}

/* The opposite of ipi.nmi-wakes-halted */
static void no_wake(void)
{
	struct cpu *c = cpu_nr(AP);

	if (!ap_start(AP, ap_halt_once))
		return;
	delay_ms(LEFT_MS);
	apic_send_nmi(c->apic_id);
	delay_ms(LEFT_MS);
	expect_eq("NMIs", load(&c->nmis), 0);
	expect_eq("still halted", load(&c->go), 0);
	expect_eq("delete", ap_delete(AP), SVSM_SUCCESS);
}

/* The host refuses the first page after the second. The second goes on working. */
static void no_ghcb_back(void)
{
	u64 first = this_cpu()->ghcb, second = ghcb_page_alloc();

	expect(ghcb_register(second), "the second page is refused");
	this_cpu()->ghcb = second;
	wrmsr(MSR_GHCB, second);
	expect(!ghcb_register(first), "the first page is taken back");
	wrmsr(MSR_GHCB, second);
}

/*
 * The host has built the VM anew. Only what a device keeps is left of the first boot: here
 * CMOS memory, with the first boot's time in it.
 */
#define CMOS_FREE	0x50
#define LOW_PAGE	0x30000UL	/* launched RAM outside the image */
#define FAR_PAGE	0x7000000UL	/* two pages of RAM outside the launch */
#define OPEN_PAGE	(FAR_PAGE + PAGE_SIZE)
#define TSC_UNIT	20

static u32 cmos_time(void)
{
	u32 t = 0;

	for (unsigned int i = 0; i < 4; i++)
		t |= (u32)cmos_get(CMOS_FREE + i) << i * 8;
	return t;
}

static void ask_for_reset(u64 how)
{
	switch (how) {
	case 1:
		outb(0xcf9, 0x06);
		break;
	case 2:
		outb(0x64, 0xfe);
		break;
	case 3:
		outb(0x64, 0xd1);
		outb(0x60, 0xfe);
		break;
	case 4:
		outb(0x92, inb(0x92) | 1);
		break;
	case 5:
		trap_triple_fault();
	case 6:
		ap_start(AP + 1, trap_triple_fault);
		break;
	case 7:
		ghcb_terminate(1, 2);
	}
	delay_ms(10 * LEFT_MS);
	expect(false, "survived");
}

static void first_boot(void)
{
	u64 *usage = private(svsm_secrets() + SECRETS_GUEST_USAGE);
	u32 now = rdtsc() >> TSC_UNIT;

	expect(now, "no time has passed");
	for (unsigned int i = 0; i < 4; i++)
		cmos_set(CMOS_FREE + i, now >> i * 8);
	*usage = PATTERN;
	*(u64 *)private(LOW_PAGE) = PATTERN;
	expect_eq("PSC to private", ghcb_psc_msr(FAR_PAGE, PSC_PRIVATE), 0);
	page_accept(FAR_PAGE);
	*(u64 *)private(FAR_PAGE) = PATTERN;
	*(u64 *)shared(OPEN_PAGE) = PATTERN;
	apic_lvt(true);
	/* A running AP, which would write to the next boot's memory. */
	if (ap_start(AP, count))
		ask_for_reset(option("how", 0));
}

static void rebuild(void)
{
	u64 *key = private(svsm_secrets() + SECRETS_VMPCK2);

	say("VMPCK2 %lx", *key);
	expect_eq("guest_usage", *(u64 *)private(svsm_secrets() + SECRETS_GUEST_USAGE), 0);
	expect_eq("low page", *(u64 *)private(LOW_PAGE), 0);
	expect_eq("calling area", this_cpu()->ca, svsm_boot_ca());
	if (boot == 1) {
		first_boot();
		return;
	}
	expect(rdtsc() >> TSC_UNIT < cmos_time(), "the TSC went on: %lx", rdtsc());
	expect(!apic_armed(), "the local APIC has something armed");
	/* Both pages are shared again, and empty. */
	expect_eq("shared page", *(u64 *)shared(OPEN_PAGE), 0);
	expect_eq("private page", *(u64 *)shared(FAR_PAGE), 0);
	/* The APs of the first boot are gone, and can be started. */
	for (unsigned int i = AP; i <= AP + 1; i++)
		if (ap_start(i, ap_halt)) {
			delay_ms(LEFT_MS);
			expect_eq("delete", ap_delete(i), SVSM_SUCCESS);
		}
	if (option_given("execute") && boot == 2)
		execute();
	else if (boot < option("boots", 2))
		ask_for_reset(option("how", 0));
}

/* Calls of the attestation protocol, as a module has the kernel make them */
static unsigned int wrong_answers(u32 seed)
{
	unsigned int wrong = 0;

	outl(PORT_FUZZ, seed);
	for (unsigned int i = 0; i < FUZZ_CALLS; i++) {
		struct svsm_args a = {
			.rax = SVSM_CALL(PROTO_ATTEST, ATTEST_SINGLE), .rcx = this_cpu()->ca + 8,
		};

		attest_op();
		svsm_exchange(&a, i % 2 ? SVSM_BY_GHCB : 0);
		wrong += a.rax || a.rcx != MANIFEST_SIZE || a.pending;
	}
	outl(PORT_FUZZ, 0);
	return wrong;
}

static void fuzz(void)
{
	unsigned int wrong = wrong_answers(option("fuzz", 0));

	expect(wrong > FUZZ_CALLS / 16, "%u answers are wrong", wrong);
	expect_eq("wrong ones without a seed", wrong_answers(0), 0);
	/* This is no module, and its calls of the core protocol are its own */
	outl(PORT_FUZZ, option("fuzz", 0));
	for (unsigned int i = 0; i < FUZZ_CALLS; i++)
		expect_eq("query", svsm_query(PROTO_CORE, 1), 0x100000001UL);
	outl(PORT_FUZZ, 0);
}

static const struct selftest tests[] = {
	{ .name = "quirks.destroy-refuse", .run = destroy_refused, .alone = true },
	{ .name = "quirks.destroy-lie", .run = destroy_lie, .alone = true },
	{ .name = "quirks.no-ap-creation", .run = no_ap_creation, .alone = true },
	{ .name = "quirks.resume", .run = resume, .alone = true },
	{ .name = "quirks.resume-deleted", .run = resume_deleted, .alone = true },
	{ .name = "quirks.nmi-call", .run = nmi_call, .alone = true },
	{ .name = "quirks.nmi-call-any", .run = nmi_call_any, .alone = true },
	{ .name = "quirks.nmi-answer", .run = nmi_answer, .alone = true },
	{ .name = "quirks.implicit", .run = implicit, .alone = true },
	{ .name = "quirks.debug-swap", .run = debug_swap, .alone = true },
	{ .name = "quirks.fuzz", .run = fuzz, .alone = true },
	{ .name = "quirks.rebuild", .run = rebuild, .alone = true },
	{ .name = "quirks.no-wake", .run = no_wake, .alone = true },
	{ .name = "quirks.no-ghcb-back", .run = no_ghcb_back, .alone = true },
};

const struct selftest_table quirks_tests = { tests, ARRAY_SIZE(tests) };
