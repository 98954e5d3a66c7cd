// SPDX-License-Identifier: GPL-2.0
/* VMSAs that the guest makes. */
#include "snp.h"

/* The guest's VMPL, in flat 64-bit code there; paging and tables are the caller's to add. */
void vmsa_flat(struct vmsa *v, u64 rip)
{
	memset(v, 0, sizeof(*v));
	v->cs = (struct vmsa_seg){ 0x10, 0xa9b, 0xffffffff, 0 };
	v->ds = (struct vmsa_seg){ 0x18, 0xc93, 0xffffffff, 0 };
	v->es = v->ds;
	v->ss = v->ds;
	v->tr = (struct vmsa_seg){ 0, 0x8b, 0xffff, 0 };
	v->ldtr = (struct vmsa_seg){ 0, 0x82, 0xffff, 0 };
	v->vmpl = GUEST_VMPL;
	v->dr6 = 0xffff0ff0;
	v->dr7 = 0x400;
	v->rflags = 2;
	v->rip = rip;
	v->g_pat = 0x0007040600070406UL;
	v->xcr0 = 1;
	v->mxcsr = 0x1f80;
	v->x87_fcw = 0x37f;
}

/* The same, with all else as this CPU has it, and on that stack */
void vmsa_like_here(struct vmsa *v, u64 rip, u64 rsp)
{
	struct table_register gdt = trap_gdt(), idt = trap_idt();
	u64 cr0, cr4;

	asm volatile("mov %%cr0, %0" : "=r"(cr0));
	asm volatile("mov %%cr4, %0" : "=r"(cr4));
	vmsa_flat(v, rip);
	v->gdtr = (struct vmsa_seg){ .limit = gdt.limit, .base = gdt.base };
	v->idtr = (struct vmsa_seg){ .limit = idt.limit, .base = idt.base };
	v->efer = rdmsr(MSR_EFER) | EFER_SVME;
	v->cr0 = cr0;
	v->cr3 = page_root();
	v->cr4 = cr4;
	v->rsp = rsp;
	v->sev_features = rdmsr(MSR_SEV_STATUS) >> 2;
}
