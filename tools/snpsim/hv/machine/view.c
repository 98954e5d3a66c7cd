// SPDX-License-Identifier: GPL-2.0
/*
 * Which view of memory a vCPU has. Without paging hardware takes every access as private,
 * so the vCPU uses the private root. Its CR0 writes are intercepted to see paging switched
 * on, and where firmware runs also to see it switched off. With paging the C-bit of each
 * mapping decides; page tables are private whatever CR3 and their entries say (npt.c).
 */
#include "lib/config.h"
#include "lib/lib.h"
#include "lib/x86.h"
#include "machine/npt.h"
#include "machine/rmp.h"
#include "machine/shootdown.h"
#include "machine/rom.h"
#include "machine/svm.h"
#include "machine/vcpu.h"

static bool paging(const struct context *c)
{
	return c->vmcb->save.cr0 & CR0_PG;
}

/* Does a vCPU still run on tables that are reached without the C-bit? */
static bool any_without_cbit(void)
{
	for (u32 i = 0; i < config->cpus; i++) {
		const struct vcpu *v = &vcpus[i];

		if (vcpu_is_gone(v))
			continue;
		if (!paging(vcpu_guest(v)) || !(vcpu_guest(v)->vmcb->save.cr3 & CBIT_MASK))
			return true;
	}
	return false;
}

/*
 * TCG flushes its whole TLB, and its cache of translated code, when VMRUN or #VMEXIT changes
 * one of these bits. So the hypervisor has them as the guest does. They change nothing for
 * it: all of its own pages are supervisor pages, in 1 GiB pages that are not global.
 */
#define CR4_ALIKE		(CR4_PSE | CR4_PGE | CR4_SMEP | CR4_SMAP)

static void be_alike(const struct vmcb *m)
{
	u64 cr4 = read_cr4(), wanted = (cr4 & ~CR4_ALIKE) | (m->save.cr4 & CR4_ALIKE);

	if (cr4 != wanted)
		write_cr4(wanted);
}

void pick_view(struct vcpu *v)
{
	struct vmcb *m = v->cur->vmcb;
	u64 root = npt_root(v, paging(v->cur));

	if (m->ncr3 != root) {
		m->ncr3 = root;
		v->flush = 1;
	}
	be_alike(m);
	m->intercept_cr = paging(v->cur) && !rom_is_there() ? 0 : INTERCEPT_CR0_WRITE;
	/* An interrupt may be due then; and TCG (10.0.2) crashes if V_IRQ is set. */
	if (!v->cur->vmpl)
		m->intercept_cr |= INTERCEPT_CR8_WRITE;
	/*
	 * exits/swint.c reads the guest's code, and gmem.c knows only long mode's tables. Of a
	 * program that gdb debugs it reads it before that: its breakpoints are INT3.
	 */
	if ((m->save.efer & EFER_LMA) || (option(OPT_GDB) && !v->cur->vmpl))
		m->intercept_misc1 |= MISC1_SWINT;
	else
		m->intercept_misc1 &= ~MISC1_SWINT;
	if (npt_has_walk_aliases() && !any_without_cbit()) {
		lock(&sim_lock);
		npt_drop_walk_aliases();
		tlb_shootdown(v);
		unlock(&sim_lock);
	}
}
