/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The layout of physical memory, for C and assembly. The CLI has the same numbers in its
 * Layout class.
 *
 * Guest RAM starts at 0; what does not fit below HV_BASE starts at 4 GiB. The last 256 MiB
 * of low RAM are the hypervisor's, and no guest sees them. For the guest, firmware's image
 * ends at 4 GiB.
 */
#ifndef SNPSIM_LAYOUT_H
#define SNPSIM_LAYOUT_H

#define HV_BASE			0x70000000	/* link address of the hypervisor, see hv.lds */
#define HV_SIZE			0x10000000
#define HV_CONFIG		0x77fff000	/* struct sim_config, placed by the CLI */
#define HV_DEBUG_BOX		0x77ffe000	/* requests of the CLI, see debug/box.h */
#define HV_IMAGES		0x78000000	/* from the CLI: kernel and initrd, or firmware */
#define HV_ROM			0x79000000	/* firmware's image as the guest has it */
#define HV_ROM_SIZE		0x1000000
#define HV_LIST_ROM		0x7f000000	/* the same, behind a list of a launch */

/* The header at HV_BASE, read by the boot ROM (rom.S). */
#define HV_HDR_ENTRY		0x0		/* 32-bit entry of the first CPU */
#define HV_HDR_AP_ENTRY		0x4		/* 32-bit entry after INIT and SIPI */
#define HV_HDR_RUNNING		0x8		/* set once the hypervisor runs */

#define SIPI_VECTOR		0xf0		/* page number of the boot ROM below 1 MiB */

/* Launch data of a Linux image in guest memory. */
#define GUEST_CC_PAGE		0x8000		/* setup_data node, CC blob, RSDP */
#define GUEST_CPUID_PAGE	0x9000
#define GUEST_SECRETS_PAGE	0xa000
#define GUEST_CA_PAGE		0xb000		/* calling area of the boot vCPU at launch */
#define GUEST_UNACCEPTED_PAGE	0xc000		/* EFI unaccepted-memory table, two pages */
#define GUEST_EFI_PAGE		0xe000		/* system and runtime tables, memory map */
#define GUEST_EFI_CODE_PAGE	0xf000		/* runtime services */
#define GUEST_RESERVED_END	0x10000
#define GUEST_BOOT_PARAMS	0x10000
#define GUEST_CMDLINE		0x11000
#define GUEST_GDT		0x12000
#define GUEST_PAGE_TABLES	0x13000		/* PML4, PDPT, four PDs */
#define GUEST_KERNEL		0x1000000
#define GUEST_ACPI_SIZE		0x40000		/* ACPI tables at the top of low guest RAM */

#define CPU_STACK_SHIFT		14
#define CPU_STACK_SIZE		0x4000
#define MAX_CPUS		32

/* Platform. */
#define PM_BASE			0x600
#define PORT_DEBUGCON		0x402
#define PORT_DEBUG_EXIT		0x501
#define PCIEXBAR_BASE		0xb0000000

/* Offsets into struct context that vmenter.S uses. */
#define CONTEXT_REG(n)		((n) * 8)
#define CONTEXT_VMCB_PA		128

#endif
