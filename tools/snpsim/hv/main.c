// SPDX-License-Identifier: GPL-2.0
/*
 * snpsim: a bare-metal hypervisor that makes a kernel believe that it is an
 * SEV-SNP guest at VMPL 2 under an SVSM. Calls go down only, in this order:
 *
 *   loop.c    a CPU's loop; rebuild.c: a host that builds the VM anew
 *   launch/   what starts, and starts again after EXECUTE
 *   exits/    what a #VMEXIT leads to
 *   host/     what the host does for the guest (GHCB)
 *   svsm/     what the SVSM does for the guest (protocols)
 *   debug/    what gdb asks for (--gdb)
 *   machine/  SVM, nested page tables, page states, vCPUs
 *   psp/      firmware that answers messages; efi/: the guest's runtime services
 *   lib/      strings, time, events, memory
 *
 * See Documentation/snpsim/index.rst. A static test checks the order.
 */
#include "debug/debug.h"
#include "host/host.h"
#include "launch/launch.h"
#include "lib/config.h"
#include "lib/layout.h"
#include "lib/lib.h"
#include "loop.h"
#include "machine/apic.h"
#include "machine/iommu.h"
#include "machine/npt.h"
#include "machine/rmp.h"
#include "machine/rom.h"
#include "machine/svm.h"
#include "machine/timers.h"
#include "machine/trap.h"
#include "machine/vcpu.h"

static const char *fidelity_name(void)
{
	switch (config->fidelity) {
	case FIDELITY_FAST:
		return "fast";
	case FIDELITY_STRICT:
		return "strict";
	case FIDELITY_FULL_ONCE:
		return "full-once";
	default:
		return "full";
	}
}

void hv_main(void)
{
	struct vcpu *boot = this_vcpu();

	if (config->magic != CONFIG_MAGIC || config->cpus > MAX_CPUS || !config->cpus)
		hv_panic("no configuration at %x: start the simulator by the snpsim command",
			 HV_CONFIG);
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
	debug_init();
	rom_init();
	host_init();
	rebuild_init();
	svm_enable(boot);
	rmp_init();
	npt_init();
	iommu_init();
	launch_init();
	cpus_init();
	boot->relaunch = true;
	vcpu_main(boot);
}
