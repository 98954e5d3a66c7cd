// SPDX-License-Identifier: GPL-2.0
/* Accesses that the host makes for the guest, on the vCPU's own CPU. */
#include "host/host.h"
#include "lib/lib.h"
#include "lib/x86.h"
#include "machine/apic.h"
#include "machine/gmem.h"
#include "machine/rmp.h"
#include "machine/svm.h"
#include "machine/trap.h"
#include "machine/vapic.h"
#include "machine/vcpu.h"

#define HV_MAPPED	(512UL << 30)	/* end of the hypervisor's page table (boot/entry.S) */
#define INJECT_GP	(BIT_ULL(31) | BIT_ULL(11) | 3 << 8 | EXC_GP)

/* A pointer to memory that the host may touch for the guest, all of it shared; or NULL. */
void *shared_ptr(u64 gpa, u64 len)
{
	gpa &= ~CBIT_MASK;
	if (!gpa_ptr(gpa, len))
		return NULL;
	for (u64 p = gpa & PAGE_MASK; p < gpa + len; p += PAGE_SIZE)
		if (page_state(p) != PAGE_SHARED)
			return NULL;
	return (void *)gpa;
}

void *ghcb_scratch(const u8 *ghcb, u64 len)
{
	return shared_ptr(ghcb_get(ghcb, GHCB_SW_SCRATCH), len);
}

/* AMD 56421, 4.1.2: like the IOIO exit's info; strings go through the scratch area. */
void ghcb_ioio(struct vcpu *v, u8 *ghcb, u64 info1, u64 info2)
{
	u32 port = info1 >> 16 & 0xffff, size = info1 >> 4 & 7;
	bool in = info1 & IOIO_IN, string = info1 & IOIO_STRING;
	u64 n = string ? info2 : 1, mask = size == 4 ? 0xffffffff : BIT_ULL(size * 8) - 1;
	u8 *p = ghcb + GHCB_RAX;

	if (size != 1 && size != 2 && size != 4) {
		ghcb_error(ghcb, GHCB_ERR_INVALID_INPUT);
		return;
	}
	if (string)
		p = n <= PAGE_SIZE ? ghcb_scratch(ghcb, n * size) : NULL;
	if (!p) {
		ghcb_error(ghcb, GHCB_ERR_INVALID_SCRATCH);
		return;
	}
	dma_touched_port(port);
	for (; n; n--, p += size) {
		u32 val = 0;

		if (!in)
			memcpy(&val, p, size);
		val = port_access(v, port, size, in, val);
		if (in)
			memcpy(p, &val, size);
	}
	if (in && !string)
		ghcb_set(ghcb, GHCB_RAX, ghcb_get(ghcb, GHCB_RAX) & mask);
}

static void mmio_copy(u64 pa, u8 *buf, u64 size, bool write)
{
	switch (size) {
	case 1:
		if (write)
			asm volatile("movb %0, (%1)" : : "q"(*buf), "r"(pa) : "memory");
		else
			asm volatile("movb (%1), %0" : "=q"(*buf) : "r"(pa) : "memory");
		break;
	case 2:
		if (write)
			asm volatile("movw %0, (%1)" : : "r"(*(u16 *)buf), "r"(pa) : "memory");
		else
			asm volatile("movw (%1), %0" : "=r"(*(u16 *)buf) : "r"(pa) : "memory");
		break;
	case 4:
		if (write)
			mmio_write32(pa, *(u32 *)buf);
		else
			*(u32 *)buf = mmio_read32(pa);
		break;
	case 8:
		if (write)
			asm volatile("movq %0, (%1)" : : "r"(*(u64 *)buf), "r"(pa) : "memory");
		else
			asm volatile("movq (%1), %0" : "=r"(*(u64 *)buf) : "r"(pa) : "memory");
		break;
	}
}

/*
 * The registers are in memory in xAPIC mode only. Otherwise KVM reads ones and drops
 * writes (apic_mmio_read(), Linux 6.12).
 */
static bool in_apic_hole(const struct vcpu *v, u64 pa)
{
	u64 mode = apic_base(v) & (APIC_BASE_ENABLE | APIC_BASE_X2APIC);

	return pa - APIC_BASE < PAGE_SIZE && mode != APIC_BASE_ENABLE;
}

void ghcb_mmio(struct vcpu *v, u8 *ghcb, u64 pa, u64 size, bool write)
{
	u8 *buf = ghcb_scratch(ghcb, 8);

	if (!buf) {
		ghcb_error(ghcb, GHCB_ERR_INVALID_SCRATCH);
		return;
	}
	dma_touched(pa);
	/* Only addresses that are no memory, neither the guest's nor the simulator's. */
	if ((size != 1 && size != 2 && size != 4 && size != 8) || pa >= HV_MAPPED - size ||
	    page_state(pa) != PAGE_NOT_RAM || page_state(pa + size - 1) != PAGE_NOT_RAM) {
		ghcb_error(ghcb, GHCB_ERR_INVALID_INPUT);
		return;
	}
	if (in_apic_hole(v, pa)) {
		if (!write)
			memset(buf, 0xff, size);
		return;
	}
	if (write && pa == APIC_BASE + APIC_ICR_LOW &&
	    host_takes_ipi(v, apic_read(APIC_ICR_HIGH) >> 24, *(u32 *)buf))
		return;
	mmio_copy(pa, buf, size, write);
}

void ghcb_msr_access(struct vcpu *v, u8 *ghcb, bool write)
{
	u64 val = (ghcb_get(ghcb, GHCB_RAX) & 0xffffffff) | ghcb_get(ghcb, GHCB_RDX) << 32;
	u32 msr = ghcb_get(ghcb, GHCB_RCX);
	bool gp;

	/* The guest must not see the hypervisor's own MSRs. */
	if (!vapic_msr(v, msr, &val, write, &gp) && !pv_msr(v, msr, &val, write, &gp) &&
	    !host_apic_msr(v, msr, &val, write, &gp))
		gp = msr == MSR_EFER || msr == MSR_VM_HSAVE_PA || msr_try(msr, &val, write);
	if (gp) {
		ghcb_set(ghcb, GHCB_SW_EXITINFO1, 1);
		ghcb_set(ghcb, GHCB_SW_EXITINFO2, INJECT_GP);
		return;
	}
	if (!write) {
		ghcb_set(ghcb, GHCB_RAX, val & 0xffffffff);
		ghcb_set(ghcb, GHCB_RDX, val >> 32);
	}
}
