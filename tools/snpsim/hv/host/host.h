/* SPDX-License-Identifier: GPL-2.0 */
/* The host: everything it may do for a guest that asks by VMGEXIT (AMD 56421). */
#ifndef SNPSIM_HOST_H
#define SNPSIM_HOST_H

#include "lib/config.h"
#include "machine/path.h"
#include "machine/vcpu.h"

/* Hypervisor features, AMD 56421 section 2.2.12. */
#define HV_FEATURE_SNP			BIT_ULL(0)
#define HV_FEATURE_AP_CREATION		BIT_ULL(1)
#define HV_FEATURE_RESTRICTED		BIT_ULL(2)	/* injection */
#define HV_FEATURE_APIC_IDS		BIT_ULL(4)
#define HV_FEATURE_MULTI_VMPL		BIT_ULL(5)

#define GHCB_MSR_INFO		0xfffUL	/* the request; 0: the MSR has a GHCB's address */
#define GHCB_MSR_RUN_VMPL	0x016
#define FOREIGN_RESPONSE	0x007	/* AP reset hold: what an NMI's exit could leave */

/* Offsets in a GHCB page; registers lie where a VMSA has them. */
#define GHCB_RAX		0x1f8
#define GHCB_RCX		0x308
#define GHCB_RDX		0x310
#define GHCB_RBX		0x318
#define GHCB_SW_EXITCODE	0x390
#define GHCB_SW_EXITINFO1	0x398
#define GHCB_SW_EXITINFO2	0x3a0
#define GHCB_SW_SCRATCH		0x3a8
#define GHCB_VALID_BITMAP	0x3f0
#define GHCB_VALID_BYTES	16

/* Non-automatic exits. */
#define VMGEXIT_RDTSC		0x06e
#define VMGEXIT_MMIO_READ	0x80000001
#define VMGEXIT_MMIO_WRITE	0x80000002
#define VMGEXIT_NMI_COMPLETE	0x80000003
#define VMGEXIT_AP_HLT_LOOP	0x80000004
#define VMGEXIT_AP_JUMP_TABLE	0x80000005
#define VMGEXIT_PSC		0x80000010
#define VMGEXIT_GUEST_REQUEST	0x80000011
#define VMGEXIT_EXT_REQUEST	0x80000012
#define VMGEXIT_AP_CREATION	0x80000013
#define VMGEXIT_DOORBELL	0x80000014
#define VMGEXIT_HV_IPI		0x80000015
#define VMGEXIT_APIC_IDS	0x80000017
#define VMGEXIT_RUN_VMPL	0x80000018
#define VMGEXIT_HV_FEATURES	0x8000fffd
#define VMGEXIT_TERM_REQUEST	0x8000fffe

/* SW_EXITINFO1 = 2: malformed input, reason in SW_EXITINFO2. */
#define GHCB_ERR_INVALID_SCRATCH	3
#define GHCB_ERR_INVALID_INPUT		5
#define GHCB_ERR_INVALID_EVENT		6

static inline u64 ghcb_get(const u8 *ghcb, u32 off)
{
	return *(const u64 *)(ghcb + off);
}

void ghcb_set(u8 *ghcb, u32 off, u64 v);
void ghcb_error(u8 *ghcb, u64 reason);

/* callbacks.c */
void host_init(void);
/*
 * reset.c: the code that builds the VM anew lies above and registers itself. begin() takes
 * sim_lock, or does not return. build() is called under the lock.
 */
struct host_builder {
	void (*begin)(void);
	void (*build)(void) __noreturn;
};

void host_builds_with(const struct host_builder *b);
void report_host_reset(struct vcpu *v, const char *how) __noreturn;
/* vmgexit.c: entry from the exits */
void vmgexit(struct vcpu *v);
/* ghcb_msr.c, ghcb_page.c */
void ghcb_msr_request(struct vcpu *v);
void ghcb_page_request(struct vcpu *v);
/* cpuid.c: CPUID as an SNP guest sees it */
void guest_cpuid(struct vcpu *v, u32 fn, u32 sub, u32 *r);
void fill_cpuid_page(void *page);
void answer_cpuid_page(void *page);
/* vmpl.c: a program at VMPL 0 */
bool host_run_vmpl(struct vcpu *v, u32 vmpl);
void host_stop_guest(struct vcpu *v);
void host_hold_guest(struct vcpu *v);
void host_change_guest(struct vcpu *v);
bool host_release_vmsa(u64 gpa);
const char *host_create_vmpl(struct vcpu *v, struct vcpu *t, u32 vmpl, u64 vmsa);
const char *host_destroy_vmpl(struct vcpu *v, struct vcpu *t, u32 vmpl);
/* psc.c */
int psc_one(struct vcpu *v, u64 gfn, int op);
void psc_page(struct vcpu *v, u8 *ghcb);
/* quirks.c: a host that misbehaves */
u64 host_features(void);
bool host_nmi_before_call(struct vcpu *v);
bool host_counts_answer(struct vcpu *v);
void host_nmi_after_call(struct vcpu *v);
void host_pick_parked(const struct vcpu *self);
void host_after_launch(const struct vcpu *launched);
bool host_converts(u64 gpa);
/* fault.c: one fault at one step */
#define VMGEXIT_LEN		4	/* bytes */
enum fault host_fault(struct vcpu *v, enum path_kind kind, u64 code, u64 detail);
bool fault_keeps_from(struct vcpu *v, enum fault f, u32 insn_len);
bool fault_repeats(const struct vcpu *v, enum fault f);
void fault_answers_page(struct vcpu *v, enum fault f, u8 *ghcb, const u64 *asked);
u64 fault_answers_msr(struct vcpu *v, enum fault f, u64 answer, u64 done, u64 refused);
/* fuzz.c: answers to a module, drawn from a seed */
bool fuzz_begins(struct vcpu *v, bool page, u64 code);
bool fuzz_drops(bool begun);
u64 fuzz_msr(struct vcpu *v, bool begun, u64 asked, u64 right);
void fuzz_page(struct vcpu *v, bool begun, u8 *ghcb);
/* gap.c: pages between the sections of firmware */
void host_shares_in(u64 start, u64 end);
bool host_shares(u64 gpa);
bool host_has_stuck_device(void);
u32 host_device_sticks(u16 port, u32 val);
bool host_device_hangs(u16 port, u32 val);

/* dma.c */
void dma_begin_anew(void);
void dma_touched(u64 gpa);
void dma_touched_port(u16 port);
bool dma_watches(void);
void dma_poll(struct vcpu *v);

/* apic.c: INIT, SIPI and their MSRs */
bool host_takes_ipi(struct vcpu *v, u32 dest, u32 icr);
bool host_apic_msr(struct vcpu *v, u32 msr, u64 *val, bool write, bool *gp);
/* pv.c, pv_write.c: KVM's paravirtual features */
#define MSR_KVM_FIRST		0x4b564d00
#define MSR_KVM_LAST		0x4b564dff
u32 pv_features(void);
bool pv_msr(struct vcpu *v, u32 msr, u64 *val, bool write, bool *gp);
void pv_reset(struct vcpu *v);
void pv_begin_anew(void);
void pv_before_entry(struct vcpu *v);
void pv_after_exit(struct vcpu *v);
void pv_after_halt(struct vcpu *v, u8 vector);
void pv_event_list(void);
void pv_event_writes(void);
/* ap.c */
void host_vcpu_reset(struct vcpu *v);
void ap_creation(struct vcpu *v, u8 *ghcb, u64 info1, u64 vmsa);
void ap_reset_hold(struct vcpu *v);
/* ap_list.c */
void ap_ids(u8 *ghcb, u64 gpa);
void ap_jump_table(u8 *ghcb, u64 request, u64 address);
/* doorbell.c */
void ghcb_doorbell(struct vcpu *v, u8 *ghcb, u64 request, u64 gpa);
void ghcb_hv_ipi(struct vcpu *v, u8 *ghcb, u64 icr);
/* ghcb_io.c: port, memory and MSR accesses on behalf of the guest */
void *shared_ptr(u64 gpa, u64 len);
void *ghcb_scratch(const u8 *ghcb, u64 len);
void ghcb_ioio(struct vcpu *v, u8 *ghcb, u64 info1, u64 info2);
void ghcb_mmio(struct vcpu *v, u8 *ghcb, u64 pa, u64 size, bool write);
void ghcb_msr_access(struct vcpu *v, u8 *ghcb, bool write);
/* save.c */
#define PORT_SAVE		0x563		/* the guest writes any byte */
void host_save(struct vcpu *v);
/* guest_request.c: messages for the PSP */
void guest_request(struct vcpu *v, u8 *ghcb, u64 request, u64 response);
void ext_guest_request(struct vcpu *v, u8 *ghcb, u64 request, u64 response);
/* ports.c: ports that the host watches */
void ports_init(void);
u32 port_access(struct vcpu *v, u16 port, int size, bool in, u32 val);
/* moves.c: writes to ports, some of which change QEMU's map of the memory */
void moves_address(u32 address);
void moves_port_out(struct vcpu *v, u16 port, int size, u32 val);
/* fw_cfg.c: QEMU's fw_cfg, as firmware finds it */
void fw_cfg_init(void);
void fw_cfg_serve(u16 selector, const void *data, u32 len);
bool fw_cfg_port(u16 port);
void fw_cfg_watch(void);
u32 fw_cfg_access(u16 port, int size, bool in, u32 val);
/* efivars.c */
u32 efivar_port(struct vcpu *v, u16 port, int size, bool in, u32 val);

#endif
