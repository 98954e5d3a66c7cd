// SPDX-License-Identifier: GPL-2.0
/* SVM on one CPU, and what each fidelity intercepts. */
#include "lib/config.h"
#include "lib/layout.h"
#include "lib/lib.h"
#include "lib/x86.h"
#include "machine/npt.h"
#include "machine/svm.h"
#include "machine/vcpu.h"

#define MSRPM_SIZE		8192
#define IOPM_SIZE		12288
#define MSRPM_C000		8192	/* first bit pair of MSRs 0xc0000000.. */
#define MSRPM_C001		16384

static u8 msrpm[MSRPM_SIZE] __aligned(4096);
static u8 msrpm_vmpl0[MSRPM_SIZE] __aligned(4096);
static u8 iopm[IOPM_SIZE] __aligned(4096);
/* Fidelity full: ports and MSRs that raise #VC */
static u8 all_ports[IOPM_SIZE] __aligned(4096);
static u8 vc_msrs[MSRPM_SIZE] __aligned(4096);
static struct vmcb vmcbs[MAX_CPUS][VMPLS] __aligned(4096);
static u8 host_save[MAX_CPUS][PAGE_SIZE] __aligned(4096);

/* exits/msr.c handles these at every fidelity. */
static const u32 own_msrs[] = {
	MSR_APIC_BASE, MSR_EFER, MSR_VM_CR, MSR_VM_HSAVE_PA, MSR_GHCB, MSR_SEV_STATUS,
};

/* MSRs that KVM passes through to an SEV-ES guest. All others raise #VC at full fidelity. */
static const u32 passthrough_msrs[] = {
	0x10, 0x48, 0x49, 0x174, 0x175, 0x176, 0x277, 0xda0, 0xc0000081, 0xc0000082, 0xc0000083,
	0xc0000084, 0xc0000100, 0xc0000101, 0xc0000102, 0xc0000103,
};

static u32 msrpm_bit(u32 msr)
{
	if (msr >= 0xc0010000)
		return (MSRPM_C001 + msr - 0xc0010000) * 2;
	if (msr >= 0xc0000000)
		return (MSRPM_C000 + msr - 0xc0000000) * 2;
	return msr * 2;
}

static void msr_intercept(u8 *map, u32 msr)
{
	u32 bit = msrpm_bit(msr);

	map[bit / 8] |= 3 << bit % 8;
}

static void msr_pass(u8 *map, u32 msr)
{
	u32 bit = msrpm_bit(msr);

	map[bit / 8] &= ~(3 << bit % 8);
}

/* What the host itself looks at */
static void intercept_own(u8 *map)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(own_msrs); i++)
		msr_intercept(map, own_msrs[i]);
	/* The host handles INIT and SIPI. */
	if (apic_has_x2apic())
		msr_intercept(map, MSR_X2APIC_ICR);
}

/* The local APIC is the guest's; VMPL 0 asks the host for another one (vapic.c). */
static void init_vmpl0_bitmap(void)
{
	memcpy(msrpm_vmpl0, fidelity_full() ? vc_msrs : msrpm, sizeof(msrpm));
	for (u32 msr = MSR_X2APIC; msr <= MSR_X2APIC_LAST; msr++)
		msr_intercept(msrpm_vmpl0, msr);
}

/* Others may change their ports' bits of the same byte, and QEMU look at it, meanwhile. */
static void watch_port(u32 port)
{
	__atomic_or_fetch(&iopm[port / 8], 1 << port % 8, __ATOMIC_SEQ_CST);
}

/* Intercept accesses to these ports at every fidelity. */
void svm_watch_ports(const u16 *ports, size_t n)
{
	for (size_t i = 0; i < n; i++)
		watch_port(ports[i]);
}

/* The same of @n ports in a row. */
void svm_watch_range(u16 first, u32 n)
{
	for (u32 port = first; port < first + n; port++)
		watch_port(port);
}

/* Accesses to them are the guest's again. */
void svm_leave_range(u16 first, u32 n)
{
	for (u32 port = first; port < first + n; port++)
		__atomic_and_fetch(&iopm[port / 8], ~(1 << port % 8), __ATOMIC_SEQ_CST);
}

static void init_bitmaps(void)
{
	static bool done;

	if (done)
		return;
	done = true;
	memset(all_ports, 0xff, sizeof(all_ports));
	memset(vc_msrs, 0xff, sizeof(vc_msrs));
	for (unsigned int i = 0; i < ARRAY_SIZE(passthrough_msrs); i++)
		msr_pass(vc_msrs, passthrough_msrs[i]);
	intercept_own(vc_msrs);
	intercept_own(msrpm);
	init_vmpl0_bitmap();
}

/* GIF stays clear in the hypervisor, except where it waits (vectors.S). */
void svm_enable(struct vcpu *v)
{
	u32 r[4];

	cpuid(0x80000001, 0, r);
	if (!(r[2] & 4))
		hv_panic("this CPU has no SVM: QEMU needs -cpu with +svm");
	cpuid(0x8000000a, 0, r);
	if (!(r[3] & 1))
		hv_panic("this CPU has no nested paging: QEMU needs -cpu with +npt");
	wrmsr(MSR_EFER, rdmsr(MSR_EFER) | EFER_SVME);
	wrmsr(MSR_VM_HSAVE_PA, (u64)host_save[v->index]);
	asm volatile("clgi");
	for (u32 i = 0; i < VMPLS; i++) {
		v->ctx[i].vmcb = &vmcbs[v->index][i];
		v->ctx[i].vmcb_pa = (u64)v->ctx[i].vmcb;
	}
	context_init(v);
	if (!v->cur)
		v->cur = vcpu_guest(v);
}

static u64 tsc_offset;

/* The guest's TSC is this machine's plus this offset. */
u64 svm_tsc_offset(void)
{
	return tsc_offset;
}

/* A new VM's TSC begins at 0. */
void svm_restart_tsc(void)
{
	tsc_offset = -rdtsc();
}

void svm_init_vmcb(struct context *c)
{
	struct vmcb *m = c->vmcb;

	init_bitmaps();
	memset(m, 0, sizeof(*m));
	m->intercept_exc = BIT_ULL(EXC_UD);
	m->intercept_misc1 = MISC1_NMI | MISC1_CPUID | MISC1_HLT | MISC1_INVLPGA | MISC1_IOIO |
			     MISC1_MSR | MISC1_SHUTDOWN;
	m->intercept_misc2 = MISC2_SVM_INSNS;
	if (fidelity_full()) {
		m->intercept_dr = host_is(HOST_DEBUG_SWAP) ? 0 : INTERCEPT_DR7;
		m->intercept_misc2 |= MISC2_WBINVD;
	}
	if (!c->vmpl)
		m->msrpm_pa = (u64)msrpm_vmpl0;
	else
		m->msrpm_pa = (u64)(fidelity_full() ? vc_msrs : msrpm);
	/* What arrives for the guest waits while VMPL 0 runs, whatever its IF. */
	if (!c->vmpl)
		m->int_ctl = V_INTR_MASKING;
	m->iopm_pa = (u64)(fidelity_full() ? all_ports : iopm);
	m->tsc_offset = tsc_offset;
	m->asid = 1;
	m->np_ctl = NP_ENABLE;
}
