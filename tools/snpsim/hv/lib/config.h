/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The configuration: one structure in memory at HV_CONFIG. The CLI has checked every value
 * and packs the same layout (class Config).
 */
#ifndef SNPSIM_CONFIG_H
#define SNPSIM_CONFIG_H

#include "lib/types.h"

#define CONFIG_MAGIC		0x3130474643534e53UL	/* "SNSCFG01" */

/* FULL_ONCE: full until the first reset, which makes it strict */
enum fidelity { FIDELITY_FAST, FIDELITY_STRICT, FIDELITY_FULL, FIDELITY_FULL_ONCE };
enum svsm_variant { SVSM_DRAFT, SVSM_NOREBOOT, SVSM_OCP };

/* Which vCPU starts again when an AP calls EXECUTE? */
enum ap_execute { AP_EXECUTE_CALLER, AP_EXECUTE_BSP, AP_EXECUTE_REFUSE };

/* The local APIC that the guest is offered: with x2APIC mode, or xAPIC mode alone. */
enum apic_kind { APIC_X2APIC, APIC_XAPIC };

/* Does EXECUTE restore firmware's image and its SEC_MEM sections, or keep them? */
enum image { IMAGE_PRISTINE, IMAGE_KEEP };

/* Does PVALIDATE clear a page, or keep its contents? */
enum ram { RAM_CLEAR, RAM_KEEP };

/* Does EXECUTE keep the secrets page, or restore it? */
enum secrets { SECRETS_KEEP, SECRETS_PRISTINE };

/* What the host does at one step of a vCPU's path (host/fault.c) */
enum fault {
	FAULT_NONE, FAULT_REFUSE, FAULT_DROP, FAULT_LIE, FAULT_REPLAY, FAULT_SHORT,
	FAULT_NMI_BEFORE, FAULT_NMI_AFTER,
};

#define FAULT_AT_EXECUTE	0xffffffffU	/* as a step: the call itself, whichever it is */
#define FAULT_AT_IOAPIC		0xfffffffeU	/* the first access to the I/O APIC */

#define OPT_PENDING		BIT_ULL(0)	/* EXECUTE leaves call_pending set */
#define OPT_NOATTEST		BIT_ULL(1)	/* no attestation protocol */
#define OPT_KEEPVMSA		BIT_ULL(2)	/* EXECUTE leaves VMSAs that can be run */
#define OPT_RESULT		BIT_ULL(3)	/* execute_result is set */
#define OPT_EFIVARS		BIT_ULL(4)	/* firmware and host have EFI variables */
#define OPT_SAVE		BIT_ULL(5)	/* the run ends when its state is saved */
#define OPT_GDB			BIT_ULL(6)	/* gdb debugs VMPL 0 */

#define HOST_DESTROY_REFUSE	BIT_ULL(0)	/* AP destruction returns an error */
#define HOST_DESTROY_LIE	BIT_ULL(1)	/* AP destruction succeeds, but is not done */
#define HOST_NO_AP_CREATION	BIT_ULL(2)	/* no AP creation at all */
#define HOST_RESUME		BIT_ULL(3)	/* an AP of the last boot runs again */
#define HOST_IMPLICIT		BIT_ULL(4)	/* C=1 accesses make shared pages private */
#define HOST_DEBUG_SWAP		BIT_ULL(5)	/* DebugSwap: DR7 is the guest's own */
#define HOST_NO_WAKE		BIT_ULL(6)	/* a vCPU halted with IF=0 gets no NMI */
#define HOST_VNMI		BIT_ULL(7)	/* virtual NMIs: an IRET unmasks NMIs */
#define HOST_NO_GHCB_BACK	BIT_ULL(8)	/* the previous GHCB cannot be registered again */
#define HOST_KVM_PV		BIT_ULL(9)	/* KVM's paravirtual features */
#define HOST_NO_CONVERT		BIT_ULL(10)	/* pages between firmware's sections stay private */
#define HOST_DEVICE_HANGS	BIT_ULL(11)	/* the stuck device hangs when it is stopped */
#define HOST_FUZZ		BIT_ULL(12)	/* answers to a module are drawn from fuzz_seed */
#define HOST_REBUILD		BIT_ULL(16)	/* a reset request builds the VM anew */

/* Firmware's SEV metadata (edk2, OvmfPkg/ResetVector/X64/OvmfSevMetadata.asm). */
#define MAX_SECTIONS		16
#define HASH_SIZE		32

enum section_type {
	SECTION_SEC_MEM = 1, SECTION_SECRETS = 2, SECTION_CPUID = 3, SECTION_SVSM_CAA = 4,
	SECTION_KERNEL_HASHES = 0x10,
};

struct sev_section {
	u32 gpa, size, type;
} __packed;

struct sim_config {
	u64 magic;
	u64 memory;
	u64 kernel, kernel_len;
	u64 initrd, initrd_len;
	u32 cpus;
	u32 fidelity;
	u32 svsm;
	u32 options;
	u32 reboot_protocol;
	u32 manifest_size, manifest_version, manifest_flags;
	u32 busy, incomplete, foreign, in_use;
	u32 ap_execute, secrets, apic;
	u64 execute_result;
	char svsm_name[16];
	char append[2048];
	u32 host;
	u32 nmi_call, nmi_call_any;
	char host_name[64];
	u32 nmi_answer;
	u32 stuck_device;		/* PCI_FUNCTION(), 0: none */
	u32 fault, fault_cpu, fault_step;
	u32 fuzz_seed;			/* 0: none is changed yet */
	u32 image, ram;
	/* Firmware at HV_IMAGES. With length 0 a kernel is started directly. */
	u64 firmware_len;
	u32 with_kernel;		/* QEMU's fw_cfg has a kernel, with a command line */
	u32 hash_table;			/* address of the table of hashes, or 0 */
	u32 sections;
	struct sev_section section[MAX_SECTIONS];
	u8 kernel_hash[HASH_SIZE], initrd_hash[HASH_SIZE];
	/* A launch at VMPL 0, whose list is at HV_IMAGES; 0: the built-in SVSM */
	u64 launch_list_len;
} __packed;

extern const struct sim_config *config;

static inline bool option(u32 opt)
{
	return config->options & opt;
}

/* Does a program run at VMPL 0, in place of the built-in SVSM? */
static inline bool vmpl0_is_guest(void)
{
	return config->launch_list_len;
}

static inline bool host_is(u32 what)
{
	return config->host & what;
}

static inline bool apic_has_x2apic(void)
{
	return config->apic == APIC_X2APIC;
}

static inline bool fidelity_full(void)
{
	return config->fidelity >= FIDELITY_FULL;
}

#endif
