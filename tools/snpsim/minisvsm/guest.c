// SPDX-License-Identifier: GPL-2.0
/* VMPL 2: its VMSA, its rights, and how it is run. It uses this program's page tables. */
#include "minisvsm.h"

#define WAIT_LOOPS	300000000UL

static bool rights_given;

static bool is_ghcb(u64 pa)
{
	for (unsigned int i = 0; i < MAX_CPUS; i++)
		if (cpu_nr(i)->ghcb == pa)
			return true;
	return false;
}

/* VMPL 2 runs this program's own code on its own tables: give it all of the image. */
static void give_rights(void)
{
	for (u64 pa = REQUIRED_BASE; pa < (u64)__image_end; pa += PAGE_SIZE) {
		if (is_ghcb(pa))
			continue;	/* shared */
		expect_eq("RMPADJUST", rmpadjust(pa, false, GUEST_VMPL, RIGHTS_ALL), SNP_DONE);
	}
	rights_given = true;
}

static u64 *table_in(u64 *entry)
{
	if (!*entry) {
		u64 pa = page_alloc();

		memset(private(pa), 0, PAGE_SIZE);
		*entry = pa | CBIT | PTE_PRESENT_RW;
	}
	return private(*entry & ~CBIT & PAGE_MASK);
}

/* Map a private page where nothing is mapped. Returns its page-table entry. */
u64 *map_page(u64 va, u64 pa)
{
	u64 *table = private(page_root() & ~CBIT);

	for (int shift = 39; shift > 12; shift -= 9)
		table = table_in(&table[va >> shift & 511]);
	table += va >> 12 & 511;
	*table = pa | CBIT | PTE_PRESENT_RW;
	return table;
}

/* A stack of VMPL 2's own, which this_cpu() finds as well */
struct cpu *guest_cpu(void)
{
	return cpu_nr(MAX_CPUS - 1);
}

/* 64-bit code at rip; the page is not a VMSA yet. */
struct vmsa *guest_vmsa(u64 pa, void (*rip)(void))
{
	struct vmsa *v = private(pa);

	if (!rights_given)
		give_rights();
	vmsa_like_here(v, (u64)rip, (u64)guest_cpu() + STACK_SIZE);
	v->cr4 |= CR4_OSXSAVE | CR4_PKE;
	v->xcr0 = 7;
	v->x87_ftw = 0xffff;
	return v;
}

/* Make the page a VMSA that VMPL 2 can read, as COCONUT-SVSM does. */
void guest_seal(u64 pa)
{
	expect_eq("RMPADJUST", rmpadjust(pa, false, GUEST_VMPL, RIGHT_READ | RIGHT_VMSA),
		  SNP_DONE);
}

/* AP creation of VMPL 2 on a CPU, with these SEV features. Returns true if the host does it. */
bool guest_create_with(u32 apic_id, u64 pa, unsigned int type, u64 features)
{
	struct ghcb_call call = {
		.code = GHCB_AP_CREATION,
		.info1 = (u64)apic_id << 32 | GUEST_VMPL << 16 | type,
		.info2 = pa,
		.rax = features,
	};

	return ghcb_event(&call);
}

bool guest_create(u32 apic_id, u64 pa, unsigned int type)
{
	return guest_create_with(apic_id, pa, type, rdmsr(MSR_SEV_STATUS) >> 2);
}

/* A page for a VMSA. The first page of 2 MiB is none: the host refuses that one. */
u64 page_alloc_vmsa(void)
{
	u64 pa = page_alloc();

	return pa & (HUGE_SIZE - 1) ? pa : page_alloc();
}

/* Start another CPU at VMPL 0. The VMSA is VMPL 1's to read, as COCONUT-SVSM has it. */
bool cpu_start(unsigned int index, void (*work)(void))
{
	struct cpu *c = cpu_nr(index);
	u64 pa = page_alloc_vmsa();
	struct ghcb_call call = {
		.code = GHCB_AP_CREATION, .info1 = (u64)index << 32 | AP_CREATE, .info2 = pa,
		.rax = rdmsr(MSR_SEV_STATUS) >> 2,
	};
	struct vmsa *v = private(pa);

	memset(c, 0, sizeof(*c));
	c->index = index;
	c->apic_id = index;
	c->work = work;
	c->dr7 = 0x400;
	vmsa_like_here(v, (u64)cpu_entry, (u64)c + STACK_SIZE);
	v->vmpl = 0;
	v->cr3 = page_root() & ~CBIT;
	expect_eq("RMPADJUST", rmpadjust(pa, false, 1, RIGHT_READ | RIGHT_VMSA), SNP_DONE);
	return expect(ghcb_event(&call), "the host does not start CPU %u", index) &&
	       expect(wait_for(&c->alive, 1), "CPU %u does not start", index);
}

/* A started CPU gets here, from payload.S. */
void cpu_main(void)
{
	struct cpu *c = this_cpu();

	ghcb_init();
	store(&c->alive, 1);
	c->work();
	halt_forever();
}

bool wait_for(u32 *flag, u32 value)
{
	for (u64 i = 0; i < WAIT_LOOPS; i++) {
		if (load(flag) == value)
			return true;
		cpu_relax();
	}
	return false;
}

/* A VMSA at which VMPL 2 of this CPU runs next; 0 if it cannot be made. */
u64 guest_prepare(void (*rip)(void))
{
	u64 pa = page_alloc_vmsa();

	guest_vmsa(pa, rip);
	guest_seal(pa);
	return expect(guest_create(this_cpu()->apic_id, pa, AP_CREATE_ON_INIT), "AP creation") ?
	       pa : 0;
}

/* Run another VMPL until it gives way. Returns the host's error, 0 if there is none. */
u32 run_vmpl(u32 vmpl)
{
	u64 r = ghcb_msr((u64)vmpl << 32 | GHCB_MSR_RUN_VMPL);

	expect_eq("RUN_VMPL's answer", r & 0xfff, GHCB_MSR_RUN_VMPL_RESP);
	return r >> 32;
}
