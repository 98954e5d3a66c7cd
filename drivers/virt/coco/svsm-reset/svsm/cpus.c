// SPDX-License-Identifier: GPL-2.0-only
/*
 * What there is to know of each CPU before anything goes wrong: where its
 * calling area is, and whether it is the BSP.
 *
 * The address of a calling area comes out of MSR_SVSM_CAA, which Linux itself
 * answers in its #VC handler (AMD 58019, "Calling Area"). Reading it takes a
 * GHCB, so this is done here once, and never while a reset is under way.
 */
#define pr_fmt(fmt) "svsm-reset: " fmt

#include <linux/cpu.h>
#include <linux/cpuhotplug.h>
#include <linux/io.h>
#include <linux/mm.h>
#include <asm/msr.h>
#include <asm/sev.h>

#include "reset/reset.h"
#include "svsm-reset.h"
#include "svsm/svsm.h"

DEFINE_PER_CPU(struct svr_cpu, svr_cpus);

static struct cpumask svr_online;
/* On their way up or down */
static struct cpumask svr_moving;
static enum cpuhp_state svr_cpuhp, svr_cpuhp_moves;
static int svr_bsp = -1;
/* Loading is over: from now on a CPU without a calling area is no error */
static bool svr_sealed;

static int svr_rdmsr(u32 msr, u64 *val)
{
	u32 lo, hi;
	int err;

	err = rdmsr_safe(msr, &lo, &hi);
	if (!err)
		*val = (u64)hi << 32 | lo;
	return err;
}

static struct svsm_ca *svr_find_ca(unsigned int cpu)
{
	u64 pa;

	if (svr_rdmsr(MSR_SVSM_CAA, &pa)) {
		pr_err("CPU %u: MSR_SVSM_CAA cannot be read\n", cpu);
		return NULL;
	}
	if (!svr_caa_plausible(pa) || !pfn_valid(PHYS_PFN(pa))) {
		pr_err("CPU %u: no calling area at 0x%llx\n", cpu, pa);
		return NULL;
	}
	return __va(pa);
}

/*
 * The host says which CPU is the BSP, and there can be only one: the first.
 * Returns false if a second one has to keep the driver from loading.
 */
static bool svr_accept_bsp(unsigned int cpu)
{
	int bsp = svr_bsp;

	if (bsp < 0) {
		WRITE_ONCE(svr_bsp, cpu);
		return true;
	}
	pr_err("the host says that CPU %u is the BSP, but CPU %d already is\n", cpu, bsp);
	return svr_sealed;
}

/*
 * Runs on the CPU that has come online. What is known does not change, so a CPU
 * that comes back is not asked again. The kernel leaks a GHCB each time that an
 * SNP guest's CPU goes offline (seen in 6.12), and has two: the fewer #VCs
 * there are from then on, the longer the CPU lives.
 */
static int svr_cpu_online(unsigned int cpu)
{
	struct svr_cpu *c = this_cpu_ptr(&svr_cpus);
	u64 apicbase;

	if (!c->ca) {
		c->ca = svr_find_ca(cpu);
		if (!c->ca && !svr_sealed)
			return -ENODEV;

		if (!svr_rdmsr(MSR_IA32_APICBASE, &apicbase) &&
		    (apicbase & MSR_IA32_APICBASE_BSP) && !svr_accept_bsp(cpu))
			return -ENODEV;
		svr_park_hear_nmis();
	}
	/* An NMI that was on its way when this CPU went offline is lost */
	WRITE_ONCE(c->nmi_asked, false);
	cpumask_set_cpu(cpu, &svr_online);
	cpumask_clear_cpu(cpu, &svr_moving);
	return 0;
}

static int svr_cpu_offline(unsigned int cpu)
{
	WRITE_ONCE(per_cpu(svr_cpus, cpu).was_offline, true);
	cpumask_set_cpu(cpu, &svr_moving);
	cpumask_clear_cpu(cpu, &svr_online);
	return 0;
}

/* Runs on another CPU, before this one is started; the next, once it is gone */
static int svr_cpu_comes(unsigned int cpu)
{
	cpumask_set_cpu(cpu, &svr_moving);
	return 0;
}

static int svr_cpu_gone(unsigned int cpu)
{
	cpumask_clear_cpu(cpu, &svr_moving);
	return 0;
}

/**
 * svr_cpus_init - get to know every CPU, now and when it comes online
 *
 * Context: process, may sleep.
 *
 * Return: 0; -ENODEV when a CPU's calling area cannot be found, or the host
 * names two BSPs; or another negative errno. It has been logged.
 */
int svr_cpus_init(void)
{
	int ret;

	ret = cpuhp_setup_state_nocalls(CPUHP_BP_PREPARE_DYN,
					"virt/svsm-reset:prepare",
					svr_cpu_comes, svr_cpu_gone);
	if (ret < 0)
		goto err_log;
	svr_cpuhp_moves = ret;
	ret = cpuhp_setup_state(CPUHP_AP_ONLINE_DYN, "virt/svsm-reset:online",
				svr_cpu_online, svr_cpu_offline);
	if (ret < 0)
		goto err_moves;
	svr_cpuhp = ret;

	if (svr_bsp_cpu() < 0)
		pr_warn("no CPU of this kernel is the BSP; the call would come from an AP\n");
	else if (svr_bsp_cpu())
		pr_info("the BSP is CPU %d\n", svr_bsp_cpu());
	return 0;

err_moves:
	cpuhp_remove_state_nocalls(svr_cpuhp_moves);
err_log:
	if (ret != -ENODEV)
		pr_err("CPU hotplug cannot be followed: %d\n", ret);
	return ret;
}

/**
 * svr_cpus_seal - loading is over
 *
 * A CPU that comes online from now on without a calling area is reported, but
 * it is not kept from coming online. Context: process.
 */
void svr_cpus_seal(void)
{
	cpus_read_lock();
	svr_sealed = true;
	cpus_read_unlock();
}

/**
 * svr_cpus_exit - undo svr_cpus_init()
 *
 * Context: process, may sleep.
 */
void svr_cpus_exit(void)
{
	cpuhp_remove_state_nocalls(svr_cpuhp);
	cpuhp_remove_state_nocalls(svr_cpuhp_moves);
}

/**
 * svr_bsp_cpu - which CPU is the BSP?
 *
 * Context: any.
 *
 * Return: its number, -1 when it is no CPU of this kernel.
 */
int svr_bsp_cpu(void)
{
	return READ_ONCE(svr_bsp);
}

/**
 * svr_cpus_online - CPUs that are online, going by CPU hotplug alone
 *
 * Unlike cpu_online_mask it keeps the CPUs that a restart has stopped, so it
 * tells whom to look for. Context: any.
 *
 * Return: the mask.
 */
const struct cpumask *svr_cpus_online(void)
{
	return &svr_online;
}

/**
 * svr_cpus_moving - CPUs that are on their way up or down
 *
 * They may be running, whatever the masks of the kernel say. Context: any.
 *
 * Return: the mask.
 */
const struct cpumask *svr_cpus_moving(void)
{
	return &svr_moving;
}
