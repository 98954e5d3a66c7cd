/* SPDX-License-Identifier: GPL-2.0 */
/* The two views of guest memory, and which one a vCPU has. */
#ifndef SNPSIM_NPT_H
#define SNPSIM_NPT_H

#include "machine/vcpu.h"

/* npt.c */
void npt_init(void);
void npt_map_mmio(void);
void npt_update(u64 gfn);
u64 npt_root(const struct vcpu *v, bool paging);
bool npt_has_walk_aliases(void);
void npt_drop_walk_aliases(void);
bool npt_all_private(const struct vcpu *v);
bool npt_map_high_mmio(u64 gpa);
void npt_grant_walk_alias(u64 gpa);
bool npt_allows(const struct vcpu *v, u64 gpa, bool c, u64 err);

/* view.c */
void pick_view(struct vcpu *v);

#endif
