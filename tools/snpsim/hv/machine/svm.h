/* SPDX-License-Identifier: GPL-2.0 */
/* The VMCB (AMD APM volume 2, appendix B) and the exit codes (appendix C). */
#ifndef SNPSIM_SVM_H
#define SNPSIM_SVM_H

#include "lib/config.h"
#include "lib/types.h"

struct vmcb_seg {
	u16 sel, attr;
	u32 limit;
	u64 base;
} __packed;

/* State save area; an SNP VMSA begins with the same layout. */
struct vmcb_save {
	struct vmcb_seg es, cs, ss, ds, fs, gs, gdtr, ldtr, idtr, tr;
	u8 rsvd0[43];
	u8 cpl;
	u8 rsvd1[4];
	u64 efer;
	u8 rsvd2[112];
	u64 cr4, cr3, cr0, dr7, dr6, rflags, rip;
	u8 rsvd3[88];
	u64 rsp;
	u8 rsvd4[24];
	u64 rax, star, lstar, cstar, sfmask, kernel_gs_base;
	u64 sysenter_cs, sysenter_esp, sysenter_eip, cr2;
	u8 rsvd5[32];
	u64 pat;
	u64 dbgctl, br_from, br_to, lastexcp_from, lastexcp_to;
} __packed;

struct vmcb {
	u32 intercept_cr, intercept_dr, intercept_exc;
	u32 intercept_misc1, intercept_misc2, intercept_misc3;
	u8 rsvd0[0x40 - 24];
	u64 iopm_pa, msrpm_pa, tsc_offset;
	u32 asid;
	u8 tlb_ctl, rsvd1[3];
	u32 int_ctl, int_vec;
	u64 int_shadow;
	u64 exit_code, exit_info1, exit_info2;
	u32 exit_int_info, exit_int_err;
	u64 np_ctl;
	u8 rsvd2[16];
	u32 event_inj, event_err;
	u64 ncr3, lbr_ctl;
	u32 clean, rsvd3;
	u64 next_rip;
	u8 rsvd4[0x400 - 0xd0];
	struct vmcb_save save;
	u8 rsvd5[4096 - 0x400 - sizeof(struct vmcb_save)];
} __packed;

static_assert(offsetof(struct vmcb, exit_code) == 0x70, "vmcb");
static_assert(offsetof(struct vmcb, ncr3) == 0xb0, "vmcb");
static_assert(offsetof(struct vmcb_save, efer) == 0xd0, "vmcb");
static_assert(offsetof(struct vmcb_save, rip) == 0x178, "vmcb");
static_assert(offsetof(struct vmcb_save, rax) == 0x1f8, "vmcb");
static_assert(offsetof(struct vmcb_save, pat) == 0x268, "vmcb");
static_assert(sizeof(struct vmcb) == 4096, "vmcb");

/* Features in a VMSA, and in SEV_STATUS */
#define SEV_FEATURE_SNP		BIT_ULL(0)
#define SEV_FEATURE_RESTRICTED	BIT_ULL(3)	/* injection */
#define SEV_FEATURE_DEBUG_SWAP	BIT_ULL(5)

#define TLB_CTL_NOTHING		0
#define TLB_CTL_FLUSH_ALL	1

#define INTERCEPT_CR0_WRITE	BIT_ULL(16)
#define INTERCEPT_CR8_WRITE	BIT_ULL(24)
#define INTERCEPT_DR7		(BIT_ULL(7) | BIT_ULL(16 + 7))
#define MISC1_NMI		BIT_ULL(1)
#define MISC1_VINTR		BIT_ULL(4)
#define MISC1_CPUID		BIT_ULL(18)
#define MISC1_IRET		BIT_ULL(20)
#define MISC1_SWINT		BIT_ULL(21)
#define MISC1_HLT		BIT_ULL(24)
#define MISC1_INVLPGA		BIT_ULL(26)
#define MISC1_IOIO		BIT_ULL(27)
#define MISC1_MSR		BIT_ULL(28)
#define MISC1_SHUTDOWN		BIT_ULL(31)
#define MISC2_SVM_INSNS		0x7fUL		/* VMRUN .. SKINIT */
#define MISC2_WBINVD		BIT_ULL(9)

#define SEG_ATTR_L		BIT_ULL(9)

#define NP_ENABLE		BIT_ULL(0)

#define V_TPR			0xfU		/* of int_ctl */
#define V_IRQ			BIT_ULL(8)
#define V_IGN_TPR		BIT_ULL(20)
#define V_INTR_MASKING		BIT_ULL(24)

#define EVENT_TYPE_INTR		(0U << 8)
#define EVENT_TYPE_NMI		(2U << 8)
#define EVENT_TYPE_EXC		(3U << 8)
#define EVENT_TYPE_SOFT		(4U << 8)
#define EVENT_TYPE_MASK		(7U << 8)
#define EVENT_HAS_ERR		BIT_ULL(11)
#define EVENT_VALID		BIT_ULL(31)

#define EXIT_CR0_WRITE		0x010
#define EXIT_CR8_WRITE		0x018
#define EXIT_DR7_READ		0x027
#define EXIT_DR7_WRITE		0x037
#define EXIT_EXC_DB		0x041
#define EXIT_EXC_UD		0x046
#define EXIT_INTR		0x060
#define EXIT_NMI		0x061
#define EXIT_VINTR		0x064
#define EXIT_CPUID		0x072
#define EXIT_IRET		0x074
#define EXIT_SWINT		0x075
#define EXIT_HLT		0x078
#define EXIT_INVLPGA		0x07a
#define EXIT_IOIO		0x07b
#define EXIT_MSR		0x07c
#define EXIT_SHUTDOWN		0x07f
#define EXIT_VMRUN		0x080
#define EXIT_VMMCALL		0x081
#define EXIT_VMLOAD		0x082
#define EXIT_SKINIT		0x086
#define EXIT_WBINVD		0x089
#define EXIT_NPF		0x400
#define EXIT_VMGEXIT		0x403		/* in a VMSA: why it stopped */
#define EXIT_NOT_VALIDATED	0x404		/* only ever seen as the error code of a #VC */
#define EXIT_INVALID		(~0UL)
#define EXIT_INVALID_32		0xffffffffUL	/* as QEMU's TCG writes it */

#define IOIO_IN			BIT_ULL(0)
#define IOIO_STRING		BIT_ULL(2)
#define IOIO_REP		BIT_ULL(3)

#define NPF_WRITE		BIT_ULL(1)
#define NPF_FETCH		BIT_ULL(4)
#define NPF_TABLE_WALK		BIT_ULL(33)

/* What makes an SNP guest. */
#define CBIT			47
#define CBIT_MASK		BIT_ULL(CBIT)
#define GUEST_VMPL		2
#define VMPLS			4
#define SEV_STATUS_SEV_ES	3UL		/* SEV, SEV-ES; above them the features */
#define SEV_STATUS_FEATURES	2

/* The features that the guest is launched with, as in a VMSA */
static inline u64 sev_features(void)
{
	return SEV_FEATURE_SNP | (host_is(HOST_DEBUG_SWAP) ? SEV_FEATURE_DEBUG_SWAP : 0);
}

/* svm.c, vmenter.S */
struct context;
struct vcpu;
void svm_enable(struct vcpu *v);
void svm_init_vmcb(struct context *c);
void svm_watch_ports(const u16 *ports, size_t n);
void svm_watch_range(u16 first, u32 n);
void svm_leave_range(u16 first, u32 n);
u64 svm_tsc_offset(void);
void svm_restart_tsc(void);
void vmenter(struct context *c);

#endif
