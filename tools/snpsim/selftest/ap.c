// SPDX-License-Identifier: GPL-2.0
/*
 * Application processors: VMSA, CREATE_VCPU, the host's AP creation, and the states in
 * which an AP can be left.
 */
#include "report.h"
#include "snp.h"

#define TSC_PER_MS	4000000UL	/* TCG has its host's TSC: the shortest delay */
#define DEADLINE_MS	2000

union cpu_stack cpu_stacks[MAX_CPUS] __aligned(STACK_SIZE);

void ap_main(void)
{
	struct cpu *c = this_cpu();

	ghcb_init();
	store(&c->alive, 1);
	c->work();
	halt_forever();
}

/* The CPU's state when the host starts it: on its own stack. */
void ap_vmsa(struct vmsa *v, struct cpu *c)
{
	vmsa_like_here(v, (u64)entry_ap, (u64)c + STACK_SIZE);
}

/*
 * Register a VMSA and a calling area for the CPU with the SVSM. The CPU that booted is
 * number 0 here, whatever its APIC id; the CPU with id 0 takes the free number.
 */
bool ap_create(unsigned int index, void (*work)(void))
{
	struct cpu *c = cpu_nr(index), *boot_cpu = cpu_nr(0);

	memset(c, 0, sizeof(*c));
	c->index = index;
	c->apic_id = index == boot_cpu->apic_id ? 0 : index;
	c->work = work;
	c->dr7 = 0x400;
	c->ca = page_alloc();
	c->vmsa = page_alloc();
	ap_vmsa(private(c->vmsa), c);
	return expect_eq("CREATE_VCPU",
			 svsm_call(PROTO_CORE, CORE_CREATE_VCPU, c->vmsa, c->ca, c->apic_id),
			 SVSM_SUCCESS);
}

static bool ap_event(struct cpu *c, unsigned int type)
{
	struct ghcb_call call = {
		.code = GHCB_AP_CREATION,
		.info1 = (u64)c->apic_id << 32 | GUEST_VMPL << 16 | type,
		.info2 = c->vmsa,
		.rax = rdmsr(MSR_SEV_STATUS) >> 2,
	};

	return ghcb_event(&call);
}

/* Does not wait for the AP. */
bool ap_launch(unsigned int index)
{
	return expect(ap_event(cpu_nr(index), AP_CREATE), "host refuses to start AP %u", index);
}

bool ap_start(unsigned int index, void (*work)(void))
{
	struct cpu *c = cpu_nr(index);

	return ap_create(index, work) && ap_launch(index) &&
	       expect(wait_for(&c->alive, 1), "AP %u does not start", index);
}

bool ap_destroy(unsigned int index)
{
	return expect(ap_event(cpu_nr(index), AP_DESTROY), "host refuses to destroy AP %u", index);
}

/* Retry DELETE_VCPU until the AP no longer executes. Returns the SVSM's last result. */
u64 ap_delete(unsigned int index)
{
	u64 start = rdtsc(), rc;

	do {
		rc = svsm_call(PROTO_CORE, CORE_DELETE_VCPU, cpu_nr(index)->vmsa, 0, 0);
	} while (rc == SVSM_VCPU_IN_USE && rdtsc() - start < DEADLINE_MS * TSC_PER_MS);
	return rc;
}

bool wait_for(u32 *flag, u32 value)
{
	u64 start = rdtsc();

	while (load(flag) != value) {
		if (rdtsc() - start > DEADLINE_MS * TSC_PER_MS)
			return false;
		cpu_relax();
	}
	return true;
}

void delay_ms(unsigned int ms)
{
	u64 start = rdtsc();

	while (rdtsc() - start < ms * TSC_PER_MS)
		cpu_relax();
}

void ap_busy(void)
{
	while (!load(&this_cpu()->go))
		cpu_relax();
}

void ap_halt(void)
{
	halt_forever();
}

/* Halt until something wakes the AP, then say so. */
void ap_halt_once(void)
{
	asm volatile("cli; hlt" : : : "memory");
	store(&this_cpu()->go, 1);
}

/* Halt, but let any interrupt wake the AP. */
void ap_idle(void)
{
	for (;;)
		asm volatile("sti; hlt" : : : "memory");
}

void ap_reset_hold_msr(void)
{
	for (;;)
		ghcb_msr(GHCB_MSR_RESET_HOLD);
}

void ap_reset_hold_ghcb(void)
{
	struct ghcb_call call = { .code = GHCB_RESET_HOLD };

	for (;;)
		ghcb_event(&call);
}
