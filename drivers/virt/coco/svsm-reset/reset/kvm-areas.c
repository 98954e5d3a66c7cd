// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory that KVM writes to by itself: kvmclock, steal time, PV EOI, async page faults.
 *
 * Each CPU has told KVM where its areas are, by MSRs, which the SVSM does not reach: KVM
 * goes on writing there, whatever the next kernel has in that place. An orderly restart
 * turns them off on every CPU (kvm_pv_reboot_notify()), a panic and sysrq-b do not.
 */
#include <linux/array_size.h>
#include <linux/bits.h>
#include <linux/cpufeature.h>
#include <linux/processor.h>
#include <linux/string.h>
#include <asm/kvm_para.h>
#include <asm/msr.h>

#include "compat.h"
#include "reset/reset.h"

/* Hypervisors have their leaves in such steps; KVM moves behind Hyper-V's */
#define SVR_CPUID_FIRST		0x40000000
#define SVR_CPUID_STEP		0x100
#define SVR_CPUID_BASES		256

static const struct {
	u8 feature;
	u32 msr;
} svr_kvm_areas[] = {
	{ KVM_FEATURE_ASYNC_PF,		MSR_KVM_ASYNC_PF_EN },
	{ KVM_FEATURE_PV_EOI,		MSR_KVM_PV_EOI_EN },
	{ KVM_FEATURE_STEAL_TIME,	MSR_KVM_STEAL_TIME },
	{ KVM_FEATURE_CLOCKSOURCE2,	MSR_KVM_SYSTEM_TIME_NEW },
	/* For a host without the one before */
	{ KVM_FEATURE_CLOCKSOURCE,	MSR_KVM_SYSTEM_TIME },
};

/* A bit for each area that this host has */
static u32 svr_kvm_has;

static u32 svr_kvm_base(void)
{
	unsigned int i;

	for (i = 0; i < SVR_CPUID_BASES; i++) {
		u32 base = SVR_CPUID_FIRST + i * SVR_CPUID_STEP;
		u32 eax, sign[3];

		cpuid(base, &eax, &sign[0], &sign[1], &sign[2]);
		if (!memcmp(sign, KVM_SIGNATURE, sizeof(sign)))
			return base;
		if (eax < base)
			break;
	}
	return 0;
}

/**
 * svr_kvm_areas_init - ask the host what areas there can be
 *
 * Context: process.
 */
void svr_kvm_areas_init(void)
{
	u32 base, features;
	unsigned int i;

	svr_kvm_has = 0;
	base = boot_cpu_has(X86_FEATURE_HYPERVISOR) ? svr_kvm_base() : 0;
	if (!base)
		return;
	features = cpuid_eax(base | KVM_CPUID_FEATURES);
	if (features & BIT(KVM_FEATURE_CLOCKSOURCE2))
		features &= ~BIT(KVM_FEATURE_CLOCKSOURCE);
	for (i = 0; i < ARRAY_SIZE(svr_kvm_areas); i++)
		if (features & BIT(svr_kvm_areas[i].feature))
			svr_kvm_has |= BIT(i);
}

/**
 * svr_kvm_areas_off - have KVM leave the memory of this CPU alone
 *
 * The kernel's clocks go on by the TSC and by what KVM last said of it.
 *
 * Context: any, NMI included, interrupts off; on a CPU that will not go on unless the
 * call comes back.
 */
void svr_kvm_areas_off(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(svr_kvm_areas); i++)
		if (svr_kvm_has & BIT(i))
			/* A host that says no has no area there either */
			svr_wrmsr_safe(svr_kvm_areas[i].msr, 0);
}
