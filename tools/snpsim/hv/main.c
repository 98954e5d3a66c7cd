// SPDX-License-Identifier: GPL-2.0
/*
 * snpsim: a bare-metal hypervisor that makes a kernel believe that it is an
 * SEV-SNP guest at VMPL 2 under an SVSM. Read it from here down:
 *
 *   machine/  SVM, nested page tables, page states, vCPUs
 *   host/     what the host does for the guest (GHCB)
 *   svsm/     what the SVSM does for the guest (protocols)
 *   launch/   what is started, and started again
 */
#include "launch.h"
#include "machine.h"

extern char __hv_end[];
void hv_main(void) __noreturn;

const struct sim_config *config = (const struct sim_config *)HV_CONFIG;

static u64 heap;

/* Never freed: all of it is for the life of the run. */
void *alloc_pages(u64 n)
{
	u8 *p;

	if (!heap)
		heap = align_up((u64)__hv_end, PAGE_SIZE);
	p = (u8 *)heap;
	heap += n * PAGE_SIZE;
	if (heap > HV_CONFIG)
		hv_panic("out of hypervisor memory");
	return memset(p, 0, n * PAGE_SIZE);
}

static const char *fidelity_name(void)
{
	switch (config->fidelity) {
	case FIDELITY_FAST:
		return "fast";
	case FIDELITY_STRICT:
		return "strict";
	default:
		return "full";
	}
}

void hv_main(void)
{
	struct vcpu *boot = this_vcpu();

	if (config->magic != CONFIG_MAGIC || config->cpus > MAX_CPUS || !config->cpus)
		hv_panic("no configuration at %x: start me by the snpsim command", HV_CONFIG);
	trap_init();
	apic_check();
	platform_init();
	time_init();
	rtc_init();
	event_begin("start");
	event_u64("version", 1);
	event_u64("cpus", config->cpus);
	event_u64("memory", config->memory);
	event_str("fidelity", fidelity_name());
	event_str("apic", apic_has_x2apic() ? "x2apic" : "xapic");
	event_str("svsm", config->svsm_name);
	event_str("host", config->host_name);
	event_end();
	svm_enable(boot);
	rom_init();
	rmp_init();
	npt_init();
	iommu_init();
	launch_init();
	cpus_init();
	boot->relaunch = true;
	vcpu_main(boot);
}
