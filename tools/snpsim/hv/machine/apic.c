// SPDX-License-Identifier: GPL-2.0
/*
 * The calling CPU's local APIC. Guest and hypervisor share it, in the mode that the guest
 * has chosen: the registers are in memory (xAPIC) or are MSRs (x2APIC). See APM volume 2,
 * 16.3 and 16.11.
 */
#include "lib/config.h"
#include "lib/lib.h"
#include "lib/x86.h"
#include "machine/apic.h"
#include "machine/trap.h"
#include "machine/vcpu.h"

#define APIC_DISCARD_STEPS	512	/* 256 vectors, each delivered and ended */
#define CPUID_X2APIC		BIT_ULL(21)

static const u32 lvts[] = {
	APIC_LVT_TIMER, APIC_LVT_THERMAL, APIC_LVT_PERF, APIC_LVT_LINT0, APIC_LVT_LINT1,
	APIC_LVT_ERROR,
};

static bool x2apic_mode(void)
{
	return rdmsr(MSR_APIC_BASE) & APIC_BASE_X2APIC;
}

static u32 msr_of(u32 reg)
{
	return MSR_X2APIC + reg / 16;
}

u32 apic_read(u32 reg)
{
	return x2apic_mode() ? rdmsr(msr_of(reg)) : mmio_read32(APIC_BASE + reg);
}

void apic_write(u32 reg, u32 v)
{
	if (x2apic_mode())
		wrmsr(msr_of(reg), v);
	else
		mmio_write32(APIC_BASE + reg, v);
}

bool my_apic_is_bsp(void)
{
	return rdmsr(MSR_APIC_BASE) & APIC_BASE_BSP;
}

/* End the run if QEMU lacks the mode that --apic promises. TCG has x2APIC since QEMU 9.0. */
void apic_check(void)
{
	u32 r[4];

	cpuid(1, 0, r);
	if (apic_has_x2apic() && !(r[2] & CPUID_X2APIC))
		hv_panic("this QEMU has no x2APIC: use QEMU 9 or --apic xapic");
}

static void wait_icr(void)
{
	while (apic_read(APIC_ICR_LOW) & APIC_ICR_BUSY)
		cpu_relax();
}

/* Restore the ICR's high half: the guest may be about to write the low one. */
void apic_ipi(u32 apic_id, u32 icr)
{
	u32 high;

	if (x2apic_mode()) {
		wrmsr(MSR_X2APIC_ICR, (u64)apic_id << 32 | icr);
		return;
	}
	high = apic_read(APIC_ICR_HIGH);
	wait_icr();
	apic_write(APIC_ICR_HIGH, apic_id << 24);
	apic_write(APIC_ICR_LOW, icr);
	wait_icr();
	apic_write(APIC_ICR_HIGH, high);
}

/*
 * 32 bits of IRR or ISR, those of vectors from 32 * i on. Hardware does not take vectors
 * below 16 (APM volume 2, 16.4). QEMU does: it keeps 0 for ever, and delivers the others.
 */
u32 apic_vectors(u32 base, u32 i)
{
	u32 word = apic_read(base + i * 0x10);

	return i ? word : word & ~0xffffU;
}

/* How many bits are set in the eight registers of IRR or ISR? */
u32 apic_count(u32 base)
{
	u32 n = 0;

	for (u32 i = 0; i < APIC_WORDS; i++)
		for (u32 word = apic_vectors(base, i); word; word &= word - 1)
			n++;
	return n;
}

/* How many entries of the local vector table are not masked? */
u32 apic_lvt_unmasked(void)
{
	u32 n = 0;

	for (unsigned int i = 0; i < ARRAY_SIZE(lvts); i++)
		n += !(apic_read(lvts[i]) & APIC_LVT_MASKED);
	return n;
}

bool apic_enabled(void)
{
	return apic_read(APIC_SVR) & APIC_SVR_ENABLE;
}

/* Does an I/O APIC wait for the EOI of this interrupt? */
bool apic_is_level(u8 vector)
{
	return apic_read(APIC_TMR + vector / 32 * 0x10) & BIT_ULL(vector % 32);
}

/* Drain all requests. QEMU's local APIC keeps them while it is disabled. */
static void discard(struct vcpu *v)
{
	apic_write(APIC_SVR, APIC_SVR_RESET | APIC_SVR_ENABLE);
	apic_write(APIC_TPR, 0);
	for (u32 i = 0; i < APIC_DISCARD_STEPS; i++) {
		if (apic_count(APIC_ISR))
			apic_write(APIC_EOI, 0);
		else if (apic_count(APIC_IRR))
			wait_for_interrupt();
		else
			break;
	}
	v->hv_vector = 0;
}

/*
 * Reset all but the mode, as KVM does when a vCPU is created, destroyed or gets an INIT
 * (kvm_lapic_reset(), Linux 6.12).
 */
void apic_reset(struct vcpu *v)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(lvts); i++)
		apic_write(lvts[i], APIC_LVT_MASKED);
	apic_write(APIC_TIMER_COUNT, 0);
	apic_write(APIC_TIMER_DIVIDE, 0);
	discard(v);
	apic_write(APIC_ESR, 0);
	apic_write(APIC_SVR, APIC_SVR_RESET);
	if (x2apic_mode())
		return;
	apic_write(APIC_LDR, 0);
	apic_write(APIC_DFR, ~0U);
}

/*
 * APIC_BASE as the guest sees it. If the guest disables its local APIC, the real one stays
 * enabled: the hypervisor reaches other CPUs through it.
 */
u64 apic_base(const struct vcpu *v)
{
	u64 base = rdmsr(MSR_APIC_BASE);

	return v->apic_disabled ? base & ~APIC_BASE_ENABLE : base;
}

/* Works for any vCPU, although only v's own CPU can read the register. */
const char *apic_mode_name(const struct vcpu *v)
{
	if (v->power_on)
		return "xapic";			/* its mode once it starts */
	if (v->apic_disabled)
		return "disabled";
	return v->apic_x2apic ? "x2apic" : "xapic";
}

static void leave_x2apic(struct vcpu *v)
{
	u64 base = rdmsr(MSR_APIC_BASE);

	v->apic_x2apic = false;
	if (!(base & APIC_BASE_X2APIC))
		return;
	wrmsr(MSR_APIC_BASE, base & ~(APIC_BASE_X2APIC | APIC_BASE_ENABLE));
	wrmsr(MSR_APIC_BASE, base & ~APIC_BASE_X2APIC);
	/* An NMI that arrived in between is lost: send it again. */
	if (READ_ONCE(v->kick))
		apic_ipi(v->apic_id, APIC_DM_NMI);
}

/* The state after a machine reset. */
void apic_power_on(struct vcpu *v)
{
	leave_x2apic(v);
	v->apic_disabled = false;
	apic_reset(v);
	v->power_on = false;
}

/*
 * Change the mode as the architecture allows (APM volume 2, 16.9; kvm_set_apic_base()).
 * The registers stay at their address. Returns -1 if the write raises #GP.
 */
int apic_set_base(struct vcpu *v, u64 new)
{
	const u64 modes = APIC_BASE_ENABLE | APIC_BASE_X2APIC;
	u64 old = apic_base(v);

	if ((new ^ old) & ~modes)
		return -1;
	if ((new & APIC_BASE_X2APIC) &&
	    (!apic_has_x2apic() || !(new & APIC_BASE_ENABLE) || !(old & APIC_BASE_ENABLE)))
		return -1;
	if ((old & APIC_BASE_X2APIC) && (new & modes) == APIC_BASE_ENABLE)
		return -1;
	v->apic_disabled = !(new & APIC_BASE_ENABLE);
	if (v->apic_disabled)
		leave_x2apic(v);
	else if (new & APIC_BASE_X2APIC)
		wrmsr(MSR_APIC_BASE, new);
	v->apic_x2apic = new & APIC_BASE_X2APIC;
	return 0;
}
