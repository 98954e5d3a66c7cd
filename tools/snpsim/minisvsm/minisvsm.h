/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A program at VMPL 0 that tests what the simulator gives to an SVSM. It shares what it can
 * with the self-test guest at VMPL 2.
 */
#ifndef MINISVSM_H
#define MINISVSM_H

#include "report.h"
#include "snp.h"

#define STATUS_RESTRICTED	BIT(5)	/* of SEV_STATUS: restricted injection */

/* Where the launch has put things: tools/snpsim/pack-igvm and tools/testing/lib/vmpl0.py */
#define REQUIRED_BASE		0x8000000UL
#define REQUIRED_SIZE		0x1000000UL
#define HEAP			0x8800000UL	/* required memory that nothing is in */
#define FIRMWARE_PAGE		0xfffff000UL	/* the last one below 4 GiB */
#define FIRMWARE_VA		0x20000000000UL	/* where this program maps firmware's image */
#define LAUNCH_INFO_MAGIC	0x304c504d564e53UL	/* "SNVMPL0" */

/* RSP points to it at first. Addresses of pages. */
struct launch_info {
	u64 magic, base, size;
	u64 general, memory_map, madt, device_tree;
	u64 cpuid, secrets, unmeasured, zero, large;
	u64 firmware;			/* where its image begins, which ends at 4 GiB */
	u64 reserved;
};

/* In which state the boot CPU has started: start.S relies on the order. */
struct start_state {
	u64 rax, rsp, rsi, cr0, efer;
};

extern struct start_state start_state;

static inline const struct launch_info *launch_info(void)
{
	return private(start_state.rsp);
}

/* snp0.c: the instructions of VMPL 0 */
enum snp_result {
	SNP_DONE = 0, SNP_FAIL_INPUT = 1, SNP_FAIL_PERMISSION = 2, SNP_FAIL_IN_USE = 3,
	SNP_FAIL_SIZE = 6,
};

#define RIGHT_READ		BIT(8)
#define RIGHT_WRITE		BIT(9)
#define RIGHT_USER_EXEC		BIT(10)
#define RIGHT_SUPER_EXEC	BIT(11)
#define RIGHTS_ALL		(15 * BIT(8))
#define RIGHT_VMSA		BIT(16)

u32 pvalidate(u64 va, bool large, bool validate, bool *changed);
u64 rmpadjust(u64 va, bool large, u32 vmpl, u64 rights);

/* guest.c: VMPL 2 */
#define PTE_PRESENT_RW		3UL
#define PTE_LARGE		0x80UL

u64 *map_page(u64 va, u64 pa);
struct cpu *guest_cpu(void);
struct vmsa *guest_vmsa(u64 pa, void (*rip)(void));
void guest_seal(u64 pa);
bool guest_create(u32 apic_id, u64 pa, unsigned int type);
bool guest_create_with(u32 apic_id, u64 pa, unsigned int type, u64 features);
u64 guest_prepare(void (*rip)(void));
u32 run_vmpl(u32 vmpl);
u64 page_alloc_vmsa(void);
bool cpu_start(unsigned int index, void (*work)(void));
void cpu_main(void);
void cpu_entry(void);		/* payload.S */

/* payload.S: what VMPL 2 runs, and what it has found */
void payload_registers(void);
void payload_stores(void);
void payload_spins(void);
void payload_halts(void);
extern u64 payload_count;
extern char payload_gave_way[];
extern u64 payload_found[6];

/* minisvsm.lds */
extern char __loader_start[], __image_end[];

/* fwcfg.c: a file of QEMU's fw_cfg; returns its size, or 0 if there is none that fits */
u32 fwcfg_read(const char *name, void *to, u32 room);
/* As text; returns "" if there is none */
const char *fwcfg_text(const char *name);
u16 fwcfg_find(const char *name, u32 *size);	/* its selector; 0 if there is none */
u32 fwcfg_number(u16 selector);			/* an item of 32 bits */
bool fwcfg_fetch(u16 selector, void *to, u64 size, u64 bounce, u64 room);

#endif
