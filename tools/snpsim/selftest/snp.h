/* SPDX-License-Identifier: GPL-2.0 */
/* An SNP guest's interfaces: GHCB (AMD 56421), SVSM (AMD 58019), page states. */
#ifndef SELFTEST_SNP_H
#define SELFTEST_SNP_H

#include "cpu.h"

#define CBIT			BIT(47)
#define GUEST_VMPL		2

/* ---- page.c: memory ---- */

/* Every page is mapped twice: at its own address with the C-bit, and here without. */
#define SHARED_BASE		0x8000000000UL
#define MMIO_BASE		0xc0000000UL	/* no C-bit from here on in the first mapping */

static inline void *shared(u64 pa)
{
	return (void *)(SHARED_BASE + pa);
}

static inline void *private(u64 pa)
{
	return (void *)pa;
}

enum psc_op { PSC_PRIVATE = 1, PSC_SHARED = 2 };

void page_init(void);
u64 page_root(void);
u64 page_alloc(void);			/* part of the image: validated at launch */
u64 page_far(void);			/* unused RAM: private, not validated */
u64 page_far_huge(void);		/* 2 MiB of the same */
u64 page_top(void);			/* first address after all RAM */
bool page_accept(u64 pa);		/* validate a page_far() */
bool page_share(u64 pa);		/* validated private -> shared */

/* ---- ghcb.c ---- */

#define GHCB_MSR_RUN_VMPL	0x016
#define GHCB_MSR_RUN_VMPL_RESP	0x017
#define GHCB_MSR_RESET_HOLD	0x006
#define GHCB_MSR_TERMINATE	0x100

#define GHCB_MMIO_READ		0x80000001
#define GHCB_MMIO_WRITE		0x80000002
#define GHCB_NMI_COMPLETE	0x80000003
#define GHCB_RESET_HOLD		0x80000004
#define GHCB_AP_CREATION	0x80000013
#define GHCB_RUN_VMPL		0x80000018
#define GHCB_TERMINATE		0x8000fffe

#define AP_CREATE_ON_INIT	0
#define AP_CREATE		1
#define AP_DESTROY		2

struct ghcb_call {
	u64 code, info1, info2;
	u64 rax, rbx, rcx, rdx;
	u64 scratch;
};

u64 ghcb_msr(u64 request);
u32 ghcb_psc_msr(u64 pa, enum psc_op op);
bool ghcb_init(void);
u64 ghcb_page_alloc(void);
bool ghcb_register(u64 pa);
bool ghcb_event(struct ghcb_call *call);
void ghcb_prepare(struct ghcb_call *call);
u64 ghcb_answer(void);
void ghcb_event_raw(u64 ghcb_pa, struct ghcb_call *call);
u64 ghcb_buffer(void);
void ghcb_terminate(unsigned int set, unsigned int code) __noreturn;

/* ---- svsm.c ---- */

#define SVSM_SUCCESS			0UL
#define SVSM_INCOMPLETE			0x80000000UL
#define SVSM_UNSUPPORTED_PROTOCOL	0x80000001UL
#define SVSM_UNSUPPORTED_CALL		0x80000002UL
#define SVSM_INVALID_ADDRESS		0x80000003UL
#define SVSM_INVALID_FORMAT		0x80000004UL
#define SVSM_INVALID_PARAMETER		0x80000005UL
#define SVSM_INVALID_REQUEST		0x80000006UL
#define SVSM_BUSY			0x80000007UL
#define SVSM_PVALIDATE_NO_UPDATE	0x80001010UL
#define SVSM_VCPU_IN_USE		0x80001003UL

#define PROTO_CORE			0
#define PROTO_ATTEST			1
#define PROTO_REBOOT			5

#define CORE_REMAP_CA			0
#define CORE_PVALIDATE			1
#define CORE_CREATE_VCPU		2
#define CORE_DELETE_VCPU		3
#define CORE_DEPOSIT_MEM		4
#define CORE_WITHDRAW_MEM		5
#define CORE_QUERY_PROTOCOL		6
#define CORE_CONFIGURE_VTOM		7

/* QUERY_PROTOCOL: maximum and minimum version are 1 */
#define SVSM_VERSION_1			(BIT(32) | 1)

#define SVSM_CALL(proto, call)		((u64)(proto) << 32 | (call))

struct svsm_args {
	u64 rax, rcx, rdx, r8, r9;
	/* What the call left, in addition to the registers */
	u64 response;		/* GHCB MSR afterwards */
	u8 pending;		/* call_pending afterwards */
};

enum { SVSM_BY_GHCB = 1, SVSM_NOT_PENDING = 2 };

void svsm_init(void *boot_params);
u64 svsm_base(void);
u64 svsm_boot_ca(void);
u64 svsm_secrets(void);
u64 svsm_cpuid_page(void);
void svsm_exchange(struct svsm_args *a, unsigned int flags);
u64 svsm_call(u32 proto, u32 call, u64 rcx, u64 rdx, u64 r8);
u64 svsm_query(u32 proto, u32 version);
u64 svsm_reboot(void);

#define PV_HUGE				BIT(0)
#define PV_VALIDATE			BIT(2)
#define PV_IGNORE_CF			BIT(3)

struct pvalidate_list {
	u16 num, next;
	u32 reserved;
	u64 entry[];
};

struct pvalidate_list *svsm_list(void);	/* in the calling area */
u64 svsm_list_call(void);
u64 svsm_pvalidate(u64 pa, u64 flags);

/* VMCB save area of an encrypted guest (APM volume 2, table B-4) */
struct vmsa_seg {
	u16 selector, attrib;
	u32 limit;
	u64 base;
} __packed;

struct vmsa {
	struct vmsa_seg es, cs, ss, ds, fs, gs, gdtr, ldtr, idtr, tr;
	u8 reserved_a0[42];
	u8 vmpl, cpl;
	u8 reserved_cc[4];
	u64 efer;
	u8 reserved_d8[112];
	u64 cr4, cr3, cr0, dr7, dr6, rflags, rip;
	u8 reserved_180[88];
	u64 rsp;
	u8 reserved_1e0[24];
	u64 rax;
	u8 reserved_200[104];
	u64 g_pat;
	u8 reserved_270[120];
	u32 pkru, tsc_aux;
	u8 reserved_2f0[24];
	u64 rcx, rdx, rbx;
	u8 reserved_320[8];
	u64 rbp, rsi, rdi, r8, r9;
	u8 reserved_350[96];
	u64 sev_features;
	u8 reserved_3b8[8];
	u64 exit_code;
	u8 reserved_3c8[32];
	u64 xcr0;
	u8 reserved_3f0[24];
	u32 mxcsr;
	u16 x87_ftw, x87_fsw, x87_fcw;
	u8 reserved_412[14];
	u8 x87[8][10], xmm[16][16], ymm[16][16];
	u8 reserved_670[2448];
} __packed;

static_assert(offsetof(struct vmsa, vmpl) == 0xca, "VMSA layout");
static_assert(offsetof(struct vmsa, efer) == 0xd0, "VMSA layout");
static_assert(offsetof(struct vmsa, cr4) == 0x148, "VMSA layout");
static_assert(offsetof(struct vmsa, rsp) == 0x1d8, "VMSA layout");
static_assert(offsetof(struct vmsa, rax) == 0x1f8, "VMSA layout");
static_assert(offsetof(struct vmsa, g_pat) == 0x268, "VMSA layout");
static_assert(offsetof(struct vmsa, rcx) == 0x308, "VMSA layout");
static_assert(offsetof(struct vmsa, r8) == 0x340, "VMSA layout");
static_assert(offsetof(struct vmsa, sev_features) == 0x3b0, "VMSA layout");
static_assert(offsetof(struct vmsa, exit_code) == 0x3c0, "VMSA layout");
static_assert(offsetof(struct vmsa, xcr0) == 0x3e8, "VMSA layout");
static_assert(offsetof(struct vmsa, pkru) == 0x2e8, "VMSA layout");
static_assert(offsetof(struct vmsa, mxcsr) == 0x408, "VMSA layout");
static_assert(offsetof(struct vmsa, xmm) == 0x470, "VMSA layout");
static_assert(sizeof(struct vmsa) == PAGE_SIZE, "VMSA layout");

#endif
