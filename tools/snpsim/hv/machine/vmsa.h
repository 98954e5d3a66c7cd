/* SPDX-License-Identifier: GPL-2.0 */
/* A VMSA: the state of a context in a page of guest memory (APM volume 2, table B-4). */
#ifndef SNPSIM_VMSA_H
#define SNPSIM_VMSA_H

#include "lib/types.h"
#include "machine/vcpu.h"

struct vmsa {
	struct vmcb_seg es, cs, ss, ds, fs, gs, gdtr, ldtr, idtr, tr;
	u64 pl0_ssp, pl1_ssp, pl2_ssp, pl3_ssp, u_cet;
	u8 rsvd0[2];
	u8 vmpl, cpl;
	u8 rsvd1[4];
	u64 efer;
	u8 rsvd2[104];
	u64 xss, cr4, cr3, cr0, dr7, dr6, rflags, rip;
	u64 dr[4], dr_addr_mask[4];
	u8 rsvd3[24];
	u64 rsp, s_cet, ssp, isst_addr, rax;
	u64 star, lstar, cstar, sfmask, kernel_gs_base;
	u64 sysenter_cs, sysenter_esp, sysenter_eip, cr2;
	u8 rsvd4[32];
	u64 pat, dbgctl, br_from, br_to, lastexcp_from, lastexcp_to;
	u8 rsvd5[72];
	u64 spec_ctrl;
	u32 pkru, tsc_aux;
	u8 rsvd6[24];
	u64 gpr[15];			/* RCX to R15; the fourth slot is reserved */
	u8 rsvd7[16];
	u64 exit_info1, exit_info2, exit_int_info, nrip;
	u64 sev_features, vintr_ctrl, exit_code, vtom, tlb_id, pcpu_id;
	u64 event_inj, xcr0;
	u8 rsvd8[16];
	u64 x87_dp;
	u32 mxcsr;
	u16 x87_ftw, x87_fsw, x87_fcw, x87_fop, x87_ds, x87_cs;
	u64 x87_rip;
	u8 x87[8][10], xmm[16][16], ymm[16][16];
	u8 rsvd9[4096 - 0x670];
} __packed;

static_assert(offsetof(struct vmsa, vmpl) == 0xca, "vmsa");
static_assert(offsetof(struct vmsa, efer) == 0xd0, "vmsa");
static_assert(offsetof(struct vmsa, xss) == 0x140, "vmsa");
static_assert(offsetof(struct vmsa, dr) == 0x180, "vmsa");
static_assert(offsetof(struct vmsa, rsp) == 0x1d8, "vmsa");
static_assert(offsetof(struct vmsa, pat) == 0x268, "vmsa");
static_assert(offsetof(struct vmsa, spec_ctrl) == 0x2e0, "vmsa");
static_assert(offsetof(struct vmsa, gpr) == 0x308, "vmsa");
static_assert(offsetof(struct vmsa, exit_info1) == 0x390, "vmsa");
static_assert(offsetof(struct vmsa, exit_code) == 0x3c0, "vmsa");
static_assert(offsetof(struct vmsa, xcr0) == 0x3e8, "vmsa");
static_assert(offsetof(struct vmsa, x87) == 0x420, "vmsa");
static_assert(offsetof(struct vmsa, ymm) == 0x570, "vmsa");
static_assert(sizeof(struct vmsa) == 4096, "vmsa");

/* An MSR of a context that the VMCB does not have: where it is in a VMSA (reset.c) */
struct vmsa_msr {
	u32 msr;
	u16 offset, size;
};

extern const struct vmsa_msr vmsa_msrs[CONTEXT_MSRS];

/* reset.c */
void vcpu_load(struct vcpu *v, struct context *c, const struct vmsa *p, u64 gpa);
void context_load(struct context *c, const struct vmsa *p);
/* vmsa.c */
void vmsa_load(struct context *c, const struct vmsa *p);
void vmsa_save(const struct context *c, struct vmsa *p, u64 exit_code);

#endif
