// SPDX-License-Identifier: GPL-2.0
/*
 * KVM's paravirtual features (--host kvm-pv): the MSRs by which a vCPU registers memory
 * that the host goes on writing to, as in kvm_set_msr_common() of Linux 6.12. The host
 * keeps them: EXECUTE leaves them, AP creation and destruction (kvm_vcpu_reset()) clear
 * them.
 */
#include "host/host.h"
#include "host/pv.h"
#include "lib/config.h"
#include "lib/layout.h"
#include "lib/lib.h"
#include "machine/rmp.h"
#include "machine/vcpu.h"

#define MSR_WALL_CLOCK		0x4b564d00
#define MSR_SYSTEM_TIME		0x4b564d01
#define MSR_ASYNC_PF_EN		0x4b564d02
#define MSR_STEAL_TIME		0x4b564d03
#define MSR_PV_EOI_EN		0x4b564d04
#define MSR_ASYNC_PF_INT	0x4b564d06
#define MSR_ASYNC_PF_ACK	0x4b564d07

#define ASYNC_PF_RESERVED	0x30UL
#define ASYNC_PF_AS_VMEXIT	BIT_ULL(2)
#define ASYNC_PF_MASK		0x3fUL
#define ASYNC_PF_VECTOR		0xffUL
#define STEAL_RESERVED		0x3eUL
#define STEAL_MASK		0x3fUL
#define EOI_ALIGN		3UL

/* Leaf 40000001h (kvm_para.h) */
#define FEATURE_CLOCKSOURCE2	BIT_ULL(3)
#define FEATURE_ASYNC_PF	BIT_ULL(4)
#define FEATURE_STEAL_TIME	BIT_ULL(5)
#define FEATURE_PV_EOI		BIT_ULL(6)
#define FEATURE_ASYNC_PF_INT	BIT_ULL(14)
#define FEATURE_CLOCK_STABLE	BIT_ULL(24)

struct pv_vcpu pv_vcpus[MAX_CPUS];
static u64 wall_clock;

u32 pv_features(void)
{
	if (!host_is(HOST_KVM_PV))
		return 0;
	return FEATURE_CLOCKSOURCE2 | FEATURE_ASYNC_PF | FEATURE_STEAL_TIME | FEATURE_PV_EOI |
	       FEATURE_ASYNC_PF_INT | FEATURE_CLOCK_STABLE;
}

/* KVM also has memory slots for what the guest's firmware and SVSM own. */
bool pv_is_memory(u64 gpa)
{
	enum page_state s = page_state(gpa);

	return s != PAGE_NOT_RAM && s != PAGE_UNTOUCHED && s != PAGE_HV;
}

u64 pv_gpa(const struct pv_area *a, enum pv_kind kind)
{
	static const u64 mask[PV_KINDS] = {
		[PV_CLOCK] = PV_ENABLED, [PV_STEAL] = STEAL_MASK, [PV_EOI] = PV_ENABLED,
		[PV_ASYNC_PF] = ASYNC_PF_MASK,
	};

	return a->msr & ~mask[kind];
}

/* Does the host write there? */
bool pv_is_on(const struct pv_area *a, enum pv_kind kind)
{
	u64 on = kind == PV_ASYNC_PF ? PV_ENABLED | PV_ASYNC_PF_AS_INT : PV_ENABLED;
	u64 gpa = pv_gpa(a, kind);

	if ((a->msr & on) != on || !pv_is_memory(gpa))
		return false;
	/* kvm_gpc_activate() refuses an area that crosses a page; the others cannot cross one. */
	return kind != PV_CLOCK || (gpa & ~PAGE_MASK) <= PAGE_SIZE - PV_CLOCK_SIZE;
}

/* kvmclock_update_fn(): when one vCPU registers a clock, KVM writes all clocks again. */
void pv_clocks_are_due(void)
{
	for (u32 i = 0; i < config->cpus; i++)
		WRITE_ONCE(pv_vcpus[i].clock_due, 1);
}

static void register_area(struct vcpu *v, enum pv_kind kind, u64 val)
{
	pv_vcpus[v->index].area[kind] = (struct pv_area){ val, boot_count };
}

/* kvm_pv_enable_async_pf(). As all that follow, returns true if the write raises #GP. */
static bool set_async_pf(struct vcpu *v, u64 val)
{
	struct pv_vcpu *p = &pv_vcpus[v->index];

	if (val & (ASYNC_PF_RESERVED | ASYNC_PF_AS_VMEXIT))
		return true;
	register_area(v, PV_ASYNC_PF, val);
	p->async_pf_due = pv_is_on(&p->area[PV_ASYNC_PF], PV_ASYNC_PF);
	return (val & PV_ENABLED) && (val & PV_ASYNC_PF_AS_INT) && !p->async_pf_due;
}

static bool set_steal_time(struct vcpu *v, u64 val)
{
	if (val & STEAL_RESERVED)
		return true;
	register_area(v, PV_STEAL, val);
	pv_vcpus[v->index].steal_due = true;
	return false;
}

/* kvm_lapic_set_pv_eoi() */
static bool set_pv_eoi(struct vcpu *v, u64 val)
{
	u64 gpa = val & ~PV_ENABLED;

	if ((gpa & EOI_ALIGN) || ((val & PV_ENABLED) && !pv_is_memory(gpa)))
		return true;
	register_area(v, PV_EOI, val);
	return false;
}

static bool set_msr(struct vcpu *v, u32 msr, u64 val)
{
	switch (msr) {
	case MSR_WALL_CLOCK:
		wall_clock = val;
		pv_write_wall_clock(v, val);
		return false;
	case MSR_SYSTEM_TIME:
		register_area(v, PV_CLOCK, val);
		pv_clocks_are_due();
		return false;
	case MSR_ASYNC_PF_EN:
		return set_async_pf(v, val);
	case MSR_STEAL_TIME:
		return set_steal_time(v, val);
	case MSR_PV_EOI_EN:
		return set_pv_eoi(v, val);
	case MSR_ASYNC_PF_INT:
		if (val & ~ASYNC_PF_VECTOR)
			return true;
		pv_vcpus[v->index].async_pf_int = val;
		return false;
	case MSR_ASYNC_PF_ACK:
		return false;
	default:
		return true;
	}
}

static bool get_msr(struct vcpu *v, u32 msr, u64 *val)
{
	const struct pv_vcpu *p = &pv_vcpus[v->index];

	switch (msr) {
	case MSR_WALL_CLOCK:
		*val = wall_clock;
		return false;
	case MSR_SYSTEM_TIME:
		*val = p->area[PV_CLOCK].msr;
		return false;
	case MSR_ASYNC_PF_EN:
		*val = p->area[PV_ASYNC_PF].msr;
		return false;
	case MSR_STEAL_TIME:
		*val = p->area[PV_STEAL].msr;
		return false;
	case MSR_PV_EOI_EN:
		*val = p->area[PV_EOI].msr;
		return false;
	case MSR_ASYNC_PF_INT:
		*val = p->async_pf_int;
		return false;
	case MSR_ASYNC_PF_ACK:
		*val = 0;
		return false;
	default:
		return true;
	}
}

/*
 * Returns true if this MSR is one of KVM's; *gp then says whether the access raises #GP.
 * Called under sim_lock.
 */
bool pv_msr(struct vcpu *v, u32 msr, u64 *val, bool write, bool *gp)
{
	if (msr < MSR_KVM_FIRST || msr > MSR_KVM_LAST)
		return false;
	if (!host_is(HOST_KVM_PV))
		*gp = true;
	else
		*gp = write ? set_msr(v, msr, *val) : get_msr(v, msr, val);
	return true;
}

/* Called at AP creation, AP destruction, and for a new VM. */
void pv_reset(struct vcpu *v)
{
	memset(&pv_vcpus[v->index], 0, sizeof(pv_vcpus[0]));
	v->eoi_pending = false;
}

/* The registered areas, for the event of EXECUTE. */
void pv_event_list(void)
{
	static const char *const names[PV_KINDS] = {
		[PV_CLOCK] = "clock", [PV_STEAL] = "steal", [PV_EOI] = "eoi",
		[PV_ASYNC_PF] = "async-pf",
	};

	event_array_begin("pv");
	for (u32 i = 0; i < config->cpus; i++)
		for (enum pv_kind kind = 0; kind < PV_KINDS; kind++) {
			const struct pv_area *a = &pv_vcpus[i].area[kind];

			if (!pv_is_on(a, kind))
				continue;
			event_object_begin(NULL);
			event_u64("cpu", i);
			event_str("kind", names[kind]);
			event_hex("gpa", pv_gpa(a, kind));
			event_object_end();
		}
	event_array_end();
}
