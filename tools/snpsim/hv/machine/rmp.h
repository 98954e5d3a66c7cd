/* SPDX-License-Identifier: GPL-2.0 */
/* Page states, as the RMP and the SVSM record them. */
#ifndef SNPSIM_RMP_H
#define SNPSIM_RMP_H

#include "lib/lib.h"

/* State of a guest page. */
enum page_state {
	PAGE_NOT_RAM,
	PAGE_SHARED,			/* not assigned to the guest */
	PAGE_PRIVATE,			/* assigned, not validated */
	PAGE_VALID,			/* assigned and validated */
	PAGE_HV,			/* the simulator's own memory */
	PAGE_SVSM,			/* deposited: the guest's VMPL has no access */
	PAGE_UNTOUCHED,			/* device registers, not used in this boot yet */
};

#define PAGE_STATE		0x07
#define PAGE_IN_USE		0x08		/* a VMSA that a vCPU runs on: no access */
#define PAGE_LAUNCH		0x10		/* part of the launch image */
#define PAGE_GUEST		0x20		/* validated or shared by the guest itself */
#define PAGE_VMSA		0x40		/* a registered VMSA: read-only */
#define PAGE_WALK		0x80		/* reachable with C=0 for table walks */

/* Rights of a VMPL, as in RMPADJUST */
#define RIGHT_READ		1U
#define RIGHT_WRITE		2U
#define RIGHT_USER_EXEC		4U
#define RIGHT_SUPER_EXEC	8U
#define RIGHTS_ALL		15U

/* Protects page states, the host and the SVSM. Exits that need none of them do not take it. */
extern struct lock sim_lock;

extern u8 *rmp;
void rmp_init(void);
enum page_state page_state(u64 gpa);
u8 page_flags(u64 gpa);
bool page_is_ram(u64 gpa);
bool page_is_private_valid(u64 gpa);
void page_set(u64 gfn, u8 state_and_flags);
u32 page_rights(u64 gfn);
void page_set_rights(u64 gfn, u32 vmpl, u32 rights, bool vmsa);
u64 rmp_pages(void);
u64 ram_low_top(void);
u64 ram_high_top(void);
void page_poison(u64 gfn);
void page_zero(u64 gfn);

#endif
