/* SPDX-License-Identifier: GPL-2.0 */
/* #VMEXIT: one switch, and a function for each exit that needs more than a line. */
#ifndef SNPSIM_EXITS_H
#define SNPSIM_EXITS_H

#include "machine/vcpu.h"

/* vmexit.c: entry from the loop */
void vmexit(struct vcpu *v);

/* next.c */
bool next_is_for_ghcb(struct vcpu *v, u64 last);

/* vc.c */
void deliver_vc(struct vcpu *v, u64 code);
/* vc32.c */
bool deliver_vc_32(struct vcpu *v, u64 code);

/* cpuid.c, cr0.c, hlt.c, insn.c, ioio.c, msr.c, npf.c, swint.c */
void exit_cpuid(struct vcpu *v);
void exit_cr0_write(struct vcpu *v);
void exit_cr8_write(struct vcpu *v);
void exit_hlt(struct vcpu *v);
void wait_halted(struct vcpu *v);
void exit_ioio(struct vcpu *v);
void exit_msr(struct vcpu *v);
void exit_npf(struct vcpu *v);
void exit_swint(struct vcpu *v);
void exit_ud(struct vcpu *v);
void exit_vmmcall(struct vcpu *v);
/* snp_insn.c: at VMPL 0 */
void exit_pvalidate(struct vcpu *v);
void exit_rmpadjust(struct vcpu *v);
void exit_invlpgb(struct vcpu *v);
void exit_tlbsync(struct vcpu *v);

#endif
