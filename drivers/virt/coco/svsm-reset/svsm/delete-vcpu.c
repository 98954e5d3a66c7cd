// SPDX-License-Identifier: GPL-2.0-only
/*
 * Have the SVSM delete a vCPU, by the address of its VMSA. Only where the administrator
 * wants it (delete_vcpu), because the address comes from the kernel's BTF (find-vmsa.c).
 *
 * AMD 58019, "SVSM_CORE_DELETE_VCPU".
 */
#include <linux/errno.h>
#include <linux/percpu.h>
#include <linux/svsm-reboot.h>
#include <linux/types.h>

#include "reset/wait.h"
#include "svsm-reset.h"
#include "svsm/svsm.h"

/* From the moment that a CPU says it has parked until it has executed HLT */
#define SVR_HALT_US	20000

/**
 * svr_vmsa_to_delete - physical address of a CPU's VMSA, for the SVSM to delete it
 * @cpu: that CPU
 *
 * Context: any, NMI included.
 *
 * Return: as svr_vmsa_page(); 0 if the administrator does not want that.
 */
u64 svr_vmsa_to_delete(int cpu)
{
	return svr_delete_vcpu() ? svr_vmsa_page(cpu) : 0;
}

/**
 * svr_svsm_delete - have the SVSM delete a vCPU
 * @vmsa_pa: physical address of its VMSA, see svr_vmsa_to_delete()
 *
 * Only for a vCPU that cannot be running: COCONUT-SVSM waits without a bound
 * until the VMSA is not in use. Repeats the call, within bounds, while it is
 * INCOMPLETE or BUSY, and for SVR_HALT_US while the VMSA is in use: a CPU parks
 * some instructions before it halts.
 *
 * Context: any, NMI included, interrupts off, this CPU has a calling area.
 *
 * Return: 0 when it is gone for good; -EREMOTEIO when the SVSM refused, or as
 * svr_transport_call().
 */
int svr_svsm_delete(u64 vmsa_pa)
{
	struct svr_call call = svr_pack_delete(vmsa_pa), answer;
	struct svr_wait wait = svr_wait_begin(SVR_HALT_US);
	int err;

	do {
		err = svr_transport_repeat(this_cpu_read(svr_cpus.ca), &call,
					   &answer, SVR_BUSY_PAUSE_US);
		if (err)
			return err;
	} while (answer.rax == SVSM_RESULT_CORE_VCPU_IN_USE &&
		 svr_wait_on(&wait));
	return svr_parse_result(answer.rax) == SVR_VERDICT_SUCCESS ?
		0 : -EREMOTEIO;
}
