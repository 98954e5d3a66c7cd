/* SPDX-License-Identifier: GPL-2.0 */
/* What a #VMEXIT leads to: one switch, and a function for each that is more than a line. */
#ifndef SNPSIM_EXITS_H
#define SNPSIM_EXITS_H

#include "machine/vcpu.h"

/* vmexit.c: entry from the loop */
void vmexit(struct vcpu *v);

/* hlt.c, insn.c, msr.c, swint.c */
void exit_hlt(struct vcpu *v);
void exit_msr(struct vcpu *v);
void exit_swint(struct vcpu *v);
void exit_ud(struct vcpu *v);
void exit_vmmcall(struct vcpu *v);

#endif
