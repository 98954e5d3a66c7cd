/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The program as an SVSM: it launches a Linux kernel at VMPL 2 and serves its calls. Written
 * from the SVSM specification (AMD 58019), the draft Reboot protocol, and the APM; not from
 * the simulator's built-in SVSM, which it is compared with.
 */
#ifndef MINISVSM_SVSM_H
#define MINISVSM_SVSM_H

#include "minisvsm.h"

#define HUGE_MASK		(~(HUGE_SIZE - 1))
#define PAGES_IN_HUGE		(HUGE_SIZE / PAGE_SIZE)

/* Where the program has its own things, behind the image: see REQUIRED_BASE */
#define PAGE_RECORDS		HEAP
#define PAGE_RECORDS_SIZE	0x500000UL	/* 20 GiB of memory */
#define BOUNCE			(HEAP + PAGE_RECORDS_SIZE)
#define BOUNCE_SIZE		0x100000UL	/* shared */

/* own.c: what the file has in the guest's memory, copied before the guest gets it */
extern struct own {
	struct launch_info info;
	u8 cpuid[PAGE_SIZE];
} own;

void own_init(void);
void own_give_back(void);
u32 svsm_cpus(void);

/* memory.c: which memory is whose. A record for each page, and flags */
enum page_record {
	PAGE_OTHERS,		/* no memory of the guest */
	PAGE_OPEN,		/* the guest's, not valid, as far as it is known here */
	PAGE_BY_LAUNCH,		/* the guest's, validated by the launch */
	PAGE_BY_GUEST,		/* the guest's, validated on its request */
};

#define PAGE_OWNER		3
#define PAGE_IS_VMSA		BIT(2)	/* registered: only VMPL 0 can write to it */
#define PAGE_IS_LENT		BIT(3)	/* deposited: VMPL 2 has no access */

#define FOUR_GIB		0x100000000UL

/* The memory map of an IGVM file, and of firmware; an entry of no pages ends it. */
struct memory_map_entry {
	u64 first, pages;
	u16 type, flags;
	u32 reserved;
} __packed;

void memory_init(void);
void memory_reserve(u64 start, u64 end);
u64 memory_low_top(void);
u64 memory_top(void);
u8 page_record(u64 pa);
void page_mark(u64 pa, u64 pages, u8 record);
bool page_is_ram(u64 pa);
void *guest_memory(u64 pa, u64 len);

/* pages.c: what the hardware and the host know about pages */
void pages_psc(u64 start, u64 end, enum psc_op op);
void pages_own(u64 start, u64 end);
void pages_launch(u64 start, u64 end);
u64 pages_take_back(void);
void page_rights(u64 pa, bool large, u64 rights);
u64 page_validate(u64 pa, bool large, bool *changed);
u64 page_rescind(u64 pa, bool large);
void flush_others(void);

/* A failure that nothing can be done about */
void svsm_fatal(const char *why, u64 number) __noreturn;

/* image.c: what is launched, kept in memory of the program's own */
struct image {
	const u8 *setup, *kernel, *initrd;
	u64 setup_size, kernel_size, initrd_size;
	char cmdline[2048];
	u8 *acpi;		/* tables linked for acpi_at */
	u64 acpi_at, rsdp;
};

#define ACPI_SIZE		0x40000UL

extern struct image image;

void image_load(void);
/* acpi.c */
void acpi_link(u8 *area, u64 at, u64 size, u64 *rsdp);

/* cmdline.c */
void cmdline_place(u32 boot);

/* special.c: pages that a launch fills in */
void secrets_place(u64 pa, u64 ca);
void cpuid_place(u64 pa);

/* ovmf.c: firmware's image, and what is said in it */
#define FIRMWARE_SECTIONS	16

enum firmware_section_type {
	FIRMWARE_MEMORY = 1, FIRMWARE_SECRETS = 2, FIRMWARE_CPUID = 3, FIRMWARE_CAA = 4,
	FIRMWARE_HASHES = 0x10,
};

struct firmware_section {
	u32 gpa, size, type;
} __packed;

extern struct firmware {
	u64 base, size, copy;
	u64 ca, map, map_size;
	u32 sections;
	struct firmware_section section[FIRMWARE_SECTIONS];
} firmware;

bool firmware_find(u64 base);

/* firmware.c: as it is launched */
void firmware_load(void);
void firmware_place(void);
void firmware_vmsa(struct vmsa *v);

/* linux.c, efi.c: the guest's memory at a launch */
#define GUEST_CC		0x8000UL	/* setup_data, and the CC blob */
#define GUEST_CC_BLOB		(GUEST_CC + 0x40)
#define GUEST_CPUID		0x9000UL
#define GUEST_SECRETS		0xa000UL
#define GUEST_CA		0xb000UL
#define GUEST_UNACCEPTED	0xc000UL	/* two pages */
#define GUEST_EFI		0xe000UL
#define GUEST_EFI_CODE		0xf000UL
#define GUEST_BOOT_PARAMS	0x10000UL
#define GUEST_CMDLINE		0x11000UL
#define GUEST_GDT		0x12000UL
#define GUEST_TABLES		0x13000UL	/* PML4, PDPT, four PDs */
#define GUEST_LOW_END		0x9f000UL
#define GUEST_KERNEL		0x1000000UL

/* Types of memory in EFI's map (UEFI 2.10, 7.2) */
enum efi_type {
	EFI_RESERVED = 0, EFI_RUNTIME_CODE = 5, EFI_RUNTIME_DATA = 6, EFI_CONVENTIONAL = 7,
	EFI_ACPI_RECLAIM = 9,
};

struct map_entry {
	u64 start, end;
	enum efi_type type;
};

#define MAX_MAP			16

extern struct map_entry guest_map[MAX_MAP];
extern unsigned int guest_map_len;

void linux_place(u32 boot);
bool unit_is_launched(u64 start);
void efi_place(u8 *boot_params);

/* guest_cpus.c: the guest's vCPUs */
#define SEV_FEATURE_SNP		BIT(0)

struct guest_vcpu {
	u64 vmsa, ca;
	u32 apic_id;
	bool used, boot;	/* boot: the VMSA is a page of this program's */
};

void guest_start_here(bool host_has_it);
struct guest_vcpu *guest_of(u32 cpu);
struct guest_vcpu *guest_by_vmsa(u64 vmsa);
bool guest_uses_page(u64 pa);
u64 guest_add(u64 vmsa, u64 ca, u32 apic_id, u64 features);
u64 guest_remove(struct guest_vcpu *g);
u64 guest_remove_others(struct guest_vcpu *self, u32 *n);
bool guest_area_is_free(u64 ca, u32 apic_id);

/* serve.c */
struct call {
	struct guest_vcpu *g;
	struct vmsa *v;
	u8 *ca;
	u32 protocol, number;
	bool restarted;		/* the registers are those of a new boot */
};

void svsm_main_loop(void) __noreturn;
bool svsm_has_firmware(void);
u32 svsm_launch(bool host_has_it);	/* returns which boot it is */

/* core.c, validate.c, deposit.c, attest.c, reboot.c: the protocols */
#define VERSION_1		1

bool protocol_is_known(u32 protocol);
u64 core_call(struct call *c);
u64 core_pvalidate(struct call *c);
u64 core_deposit(struct call *c);
u64 core_withdraw(struct call *c);
void deposit_forget(void);
u64 attest_call(struct call *c);
/* report.c */
#define REPORT_CERTIFICATES	0x4000UL	/* how many bytes of them are asked for */

struct psp_report_rsp;
const struct psp_report_rsp *report_get(const u8 *data, u32 vmpl, bool with_certificates);
u64 report_certificates(u8 *to);
u64 reboot_call(struct call *c);

#endif
