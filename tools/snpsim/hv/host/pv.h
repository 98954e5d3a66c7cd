/* SPDX-License-Identifier: GPL-2.0 */
/* KVM's paravirtual areas (--host kvm-pv): what pv.c and pv_write.c share. */
#ifndef SNPSIM_PV_H
#define SNPSIM_PV_H

#include "lib/types.h"

enum pv_kind { PV_CLOCK, PV_STEAL, PV_EOI, PV_ASYNC_PF, PV_KINDS };

#define PV_ENABLED		BIT_ULL(0)	/* in each of the MSRs */
#define PV_ASYNC_PF_AS_INT	BIT_ULL(3)
#define PV_CLOCK_SIZE		32UL		/* of an area, which lies in one page */

struct pv_area {
	u64 msr;			/* what the guest has written */
	u64 boot;			/* the boot that wrote it */
};

struct pv_vcpu {
	struct pv_area area[PV_KINDS];
	u64 async_pf_int;
	int clock_due;			/* set by any vCPU */
	u64 scheduled;			/* when it last ran again, in ns */
	bool steal_due, async_pf_due;
	u8 vector;			/* of an interrupt that is about to be injected, or 0 */
};

extern struct pv_vcpu pv_vcpus[];

u64 pv_gpa(const struct pv_area *a, enum pv_kind kind);
bool pv_is_on(const struct pv_area *a, enum pv_kind kind);
bool pv_is_memory(u64 gpa);
void pv_clocks_are_due(void);

/* pv_write.c */
void pv_write_wall_clock(struct vcpu *v, u64 gpa);

#endif
