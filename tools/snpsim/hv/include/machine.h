/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The machine: SVM, nested page tables, page states, exits. What the host and
 * the SVSM may use of it.
 */
#ifndef SNPSIM_MACHINE_H
#define SNPSIM_MACHINE_H

#include "config.h"
#include "lib.h"
#include "vcpu.h"
#include "x86.h"

#define CBIT			47
#define CBIT_MASK		BIT_ULL(CBIT)
#define GUEST_VMPL		2
#define SEV_STATUS_SEV_ES	3UL		/* SEV, SEV-ES; above them the features */
#define SEV_STATUS_FEATURES	2

/* As in a VMSA: what the guest is launched with */
static inline u64 sev_features(void)
{
	return SEV_FEATURE_SNP | (host_is(HOST_DEBUG_SWAP) ? SEV_FEATURE_DEBUG_SWAP : 0);
}

/* State of a guest page, as the RMP and the SVSM's own books have it. */
enum page_state {
	PAGE_NOT_RAM,
	PAGE_SHARED,			/* not assigned to the guest */
	PAGE_PRIVATE,			/* assigned, not validated */
	PAGE_VALID,			/* assigned and validated */
	PAGE_HV,			/* the simulator's own memory */
	PAGE_SVSM,			/* deposited: the guest's VMPL has no access */
	PAGE_UNTOUCHED,			/* registers of a device of the last boot */
};

#define PAGE_STATE		0x07
#define PAGE_IN_USE		0x08		/* a VMSA that a vCPU runs on: no access */
#define PAGE_LAUNCH		0x10		/* part of the launch image */
#define PAGE_GUEST		0x20		/* validated or shared by the guest itself */
#define PAGE_VMSA		0x40		/* a registered VMSA: read-only */
#define PAGE_WALK		0x80		/* reachable with C=0 for table walks */

/* One lock for page states, the host and the SVSM; exits without them don't take it. */
extern struct lock sim_lock;

/* rmp.c: page states */
extern u8 *rmp;
void rmp_init(void);
enum page_state page_state(u64 gpa);
u8 page_flags(u64 gpa);
bool page_is_ram(u64 gpa);
bool page_is_private_valid(u64 gpa);
void page_set(u64 gfn, u8 state_and_flags);
u64 rmp_pages(void);
u64 ram_low_top(void);
u64 ram_high_top(void);
void page_poison(u64 gfn);
void page_zero(u64 gfn);

/* npt.c: the two views of guest memory */
void npt_init(void);
void npt_update(u64 gfn);
u64 npt_root_paged(void);
u64 npt_root_private(void);
bool npt_has_walk_aliases(void);
void npt_drop_walk_aliases(void);
void npt_fault(struct vcpu *v);

/* iommu.c: what devices may reach */
struct iommu_fault {
	u64 gpa;			/* of the page */
	u32 function;			/* PCI_FUNCTION() */
	bool write;
	bool kept_out;			/* by iommu_let() */
};

void iommu_init(void);
bool iommu_present(void);
void iommu_update(u64 gfn);
void iommu_sync(void);
void iommu_let(u32 function, bool let);
bool iommu_take_fault(struct iommu_fault *f);

/* shootdown.c: make other vCPUs notice */
void tlb_stale(void);
void tlb_shootdown(struct vcpu *self);
void vcpu_kick(struct vcpu *v);
void vcpu_destroy(struct vcpu *v);
void vcpu_ask(struct vcpu *v);
void vcpu_nmi(struct vcpu *v);
void vcpu_wake(struct vcpu *v);

/* gmem.c: guest memory as the hypervisor sees it */
void *gpa_ptr(u64 gpa, u64 len);
int guest_read(struct vcpu *v, u64 va, void *buf, u64 n);
int guest_write(struct vcpu *v, u64 va, const void *buf, u64 n);
int guest_fetch(struct vcpu *v, u8 *buf, u64 n);
u8 *guest_code_ptr(struct vcpu *v);
bool in_64bit_mode(const struct vcpu *v);

/* vcpu.c */
struct vcpu *vcpu_by_apic(u32 apic_id);
struct vcpu *this_vcpu(void);
void vcpu_set_state(struct vcpu *v, enum vcpu_state state);
const char *vcpu_state_name(enum vcpu_state state);
bool vcpu_runnable(const struct vcpu *v);
void vmsa_in_use(u64 vmsa, bool in_use);
bool vcpu_is_gone(const struct vcpu *v);
void vcpu_start(struct vcpu *v, u64 vmsa, u64 ca);
void vcpu_resume(struct vcpu *v, u64 vmsa);
void vcpu_stop(struct vcpu *v);
void vcpu_relaunch(struct vcpu *v);
void vcpu_freeze_others(struct vcpu *self);
void vcpu_thaw_all(void);
void vcpu_note_init(struct vcpu *v);
void vcpu_hlt(struct vcpu *v);
void vcpu_count_reset(void);
void cpus_init(void);
void vcpu_main(struct vcpu *v) __noreturn;

/* reset.c */
void vcpu_reset(struct vcpu *v);
void vcpu_power_on(struct vcpu *v);
void vcpu_created(struct vcpu *v);
void vcpu_load_vmsa(struct vcpu *v);
bool xcr0_valid(u64 xcr0);

/* nmi.c */
bool nmi_take(struct vcpu *v);
bool nmi_deliverable(const struct vcpu *v);
void nmi_drop(struct vcpu *v);
void nmi_complete(struct vcpu *v);
void nmi_without_vmsa(struct vcpu *v);
void nmi_after_exit(struct vcpu *v);
void nmi_before_entry(struct vcpu *v);
void exit_iret(struct vcpu *v);

/* svm.c */
void svm_enable(struct vcpu *v);
void svm_init_vmcb(struct vcpu *v);
u64 svm_tsc_offset(void);
void svm_restart_tsc(void);
void vmenter(struct vcpu *v);

/* vmexit.c */
void vmexit(struct vcpu *v);
void skip_insn(struct vcpu *v, int len);
void inject_exception(struct vcpu *v, int vector, bool has_err, u32 err);
void inject_interrupt(struct vcpu *v, int vector);

/* cpuid.c, msr.c, insn.c, swint.c, view.c, vc.c */
void guest_cpuid(struct vcpu *v, u32 fn, u32 sub, u32 *r);
void fill_cpuid_page(void *page);
void exit_cpuid(struct vcpu *v);
void exit_msr(struct vcpu *v);
void exit_ud(struct vcpu *v);
void exit_swint(struct vcpu *v);
void exit_vmmcall(struct vcpu *v);
void exit_cr0_write(struct vcpu *v);
void pick_view(struct vcpu *v);
void deliver_vc(struct vcpu *v, u64 code);

/* apic.c: the local APIC of the calling CPU */
void apic_check(void);
bool my_apic_is_bsp(void);
u32 apic_read(u32 reg);
void apic_write(u32 reg, u32 v);
void apic_ipi(u32 apic_id, u32 icr);
u32 apic_count(u32 base);
u32 apic_lvt_unmasked(void);
bool apic_enabled(void);
bool apic_is_level(u8 vector);
void apic_reset(struct vcpu *v);
void apic_power_on(struct vcpu *v);
u64 apic_base(const struct vcpu *v);
int apic_set_base(struct vcpu *v, u64 val);
const char *apic_mode_name(const struct vcpu *v);

/* pci.c */
#define PCI_BUSES		256
#define PCI_FUNCTION(bus, dev, fn)	((bus) << 8 | (dev) << 3 | (fn))
#define PCI_BUS(function)	((function) >> 8)
#define PCI_ADDRESS		0xcf8
#define PCI_DATA		0xcfc
#define PCI_ADDRESS_ENABLE	BIT_ULL(31)

struct pci_function {
	u32 number;			/* PCI_FUNCTION() */
	u32 vendor, device, class;
	bool bus_master, msi, msix;	/* enabled */
	u32 msi_at, msix_at;		/* capabilities, 0: none */
};

typedef void pci_visit(const struct pci_function *f);
u32 pci_read(u32 function, u32 reg);
void pci_write(u32 function, u32 reg, u32 v);
void pci_for_each(pci_visit *visit);
u32 pci_live_bits(u32 function, u32 reg);
void event_bdf(const char *name, u32 function);

/* timers.c */
#define RTC_UPDATE		BIT_ULL(4)
#define RTC_ALARM		BIT_ULL(5)
#define RTC_PERIODIC		BIT_ULL(6)
u32 hpet_interrupts(void);
void cmos_note_write(u16 port, int size, u32 val);
u8 rtc_interrupts(void);
void rtc_init(void);
u64 rtc_at_start(void);

/* ioapic.c */
u32 ioapic_unmasked(void);
void ioapic_reset(void);

/* entry.S, trap.c */
struct trap_frame {
	u64 vector, error, rip, cs, rflags, rsp, ss;
};

extern char cpu_stacks[], hv_vectors[], wait_begin[], wait_end[];
extern char msr_try_read[], msr_try_write[], msr_try_failed[];
void hv_trap_c(struct trap_frame *f);
void trap_init(void);
void wait_for_nmi(void);
void wait_for_interrupt(void);
void take_nmi(void);
int msr_try(u32 msr, u64 *val, int write);

/* rebuild.c: a host that builds the VM anew */
void rebuild_begin(void);
void rebuild(void) __noreturn;

/* outcome.c: how a run ends */
struct violation {
	const char *kind;
	const char *access;		/* or NULL */
	u64 gpa;
	s64 ap;				/* or -1 */
};

void report_violation(struct vcpu *v, const struct violation *what) __noreturn;
void report_host_reset(struct vcpu *v, const char *how) __noreturn;
void report_vm_lost(struct vcpu *v, const char *how) __noreturn;
void report_terminate(struct vcpu *v, u64 set, u64 code) __noreturn;
void report_poweroff(struct vcpu *v);
void report_switches(void);

#endif
