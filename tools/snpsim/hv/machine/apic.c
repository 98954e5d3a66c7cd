// SPDX-License-Identifier: GPL-2.0
/*
 * The local APIC of the CPU that calls. Guest and hypervisor share it, in the mode
 * that the guest has chosen: its registers are in memory, or MSRs (APM volume 2,
 * 16.3 and 16.11).
 */
#include "lib/config.h"
#include "lib/lib.h"
#include "lib/x86.h"
#include "machine/apic.h"
#include "machine/trap.h"
#include "machine/vcpu.h"

#define APIC_DISCARD_STEPS	512	/* each of 256 vectors is taken, then ended */
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

/* What --apic promises has to be there; QEMU's TCG has it since 9.0. */
void apic_check(void)
{
	u32 r[4];

	cpuid(1, 0, r);
	if (apic_has_x2apic() && !(r[2] & CPUID_X2APIC))
		hv_panic("this QEMU has no x2APIC: QEMU 9 has, or use --apic xapic");
}

static void wait_icr(void)
{
	while (apic_read(APIC_ICR_LOW) & APIC_ICR_BUSY)
		cpu_relax();
}

/* The guest may be in the middle of writing an ICR: give it back its high half. */
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

/* How many bits are set in the eight registers of IRR or ISR? */
u32 apic_count(u32 base)
{
	u32 n = 0;

	for (u32 i = 0; i < 8; i++)
		for (u32 word = apic_read(base + i * 0x10); word; word &= word - 1)
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

/* Is an I/O APIC waiting for the end of this interrupt? */
bool apic_is_level(u8 vector)
{
	return apic_read(APIC_TMR + vector / 32 * 0x10) & BIT_ULL(vector % 32);
}

/* Take every request off. QEMU's local APIC keeps them when it is disabled. */
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
 * What KVM does to the local APIC of a vCPU that is created, destroyed or gets an
 * INIT: all but its mode (kvm_lapic_reset(), Linux 6.12).
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
 * APIC_BASE of the guest. A local APIC that the guest has disabled stays there for the
 * hypervisor, which reaches other CPUs by it.
 */
u64 apic_base(const struct vcpu *v)
{
	u64 base = rdmsr(MSR_APIC_BASE);

	return v->apic_disabled ? base & ~APIC_BASE_ENABLE : base;
}

/* That of any vCPU: the register is its own CPU's. */
const char *apic_mode_name(const struct vcpu *v)
{
	if (v->power_on)
		return "xapic";			/* once it is started */
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
	/* An NMI that came in between is lost: send it again. */
	if (READ_ONCE(v->kick))
		apic_ipi(v->apic_id, APIC_DM_NMI);
}

/* As after a reset of the machine. */
void apic_power_on(struct vcpu *v)
{
	leave_x2apic(v);
	v->apic_disabled = false;
	apic_reset(v);
	v->power_on = false;
}

/*
 * The modes and the ways between them (APM volume 2, 16.9; kvm_set_apic_base()). The
 * local APIC stays at its address. Returns -1 for what is #GP.
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
