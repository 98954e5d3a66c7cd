// SPDX-License-Identifier: GPL-2.0-only
/*
 * The way into another kernel: kdump, kexec.
 *
 * A kernel that starts without firmware talks to the SVSM through the calling
 * area that the secrets page names. The kernel before it has moved on to one of
 * its own (SVSM_CORE_REMAP_CA, and one for each AP), and no kernel that was
 * looked at moves back: nobody hears the new kernel's first call, and it dies
 * without a word. So the driver moves back, with the last call of all, on the CPU
 * that starts the new kernel.
 *
 * The kernel has no interface for this. A kprobe on machine_kexec() leads here,
 * and one on kernel_kexec() refuses what cannot work. Both are optional: where a
 * kprobe cannot be set, one line says so, and the rest of the driver works.
 *
 * kprobes do not nest: a crash inside another kprobe's handler passes ours by,
 * and the capture kernel dies as it would without this driver. The same happens
 * where somebody disarms the kprobes (debugfs kprobes/enabled) or turns off
 * ftrace, by which they are made (sysctl kernel.ftrace_enabled).
 *
 * Where the kernel has given its GHCBs back, a log line or an interrupt to
 * another CPU would be fatal; the driver calls the SVSM by the GHCB MSR alone.
 */
#define pr_fmt(fmt) "svsm-reset: " fmt

#include <linux/cpufeature.h>
#include <linux/cpumask.h>
#include <linux/crash_dump.h>
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/gfp.h>
#include <linux/io.h>
#include <linux/irqflags.h>
#include <linux/kallsyms.h>
#include <linux/kexec.h>
#include <linux/kprobes.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/percpu.h>
#include <linux/rcupdate.h>
#include <linux/smp.h>
#include <linux/string.h>
#include <linux/time64.h>
#include <asm/ptrace.h>
#include <asm/sev.h>

#include "crash/crash.h"
#include "lib/crash-block.h"
#include "lib/crash-log.h"
#include "record/record.h"
#include "reset/reset.h"
#include "reset/wait.h"
#include "svsm-reset.h"
#include "svsm/svsm.h"

/* From the kernel's stop to the evidence of all other CPUs */
#define SVR_CRASH_PARK_US	(100 * USEC_PER_MSEC)

static struct {
	u64 caa;			/* that the secrets page names */
	struct svr_crash_block *block;
	unsigned int room;		/* CPUs that fit */
	bool clears_up;			/* the kernel does, before a kexec */
	bool jump_probed;
	bool kexec_probed;
	struct kimage *image;
	bool leaving;			/* the BSP makes the jump */
} svr_kdump;

static struct svr_request svr_crash = { .cause = SVR_CAUSE_KDUMP, .cpu = -1 };

static void svr_find_cause(int cpu)
{
	const struct svr_request *panic = svr_cause_panic();
	const char *log;
	size_t len;

	svr_crash.cpu = svr_redirect_origin(cpu);
	if (panic) {
		svr_crash.cpu = panic->cpu;
		strscpy(svr_crash.message, panic->message);
		return;
	}
	len = svr_log_tail(&log);
	svr_crash_log_find(log, len, svr_crash.message,
			   sizeof(svr_crash.message));
}

static bool svr_others_parked(void)
{
	int cpu;

	for_each_cpu_or(cpu, svr_cpus_online(), svr_cpus_moving())
		if (cpu != raw_smp_processor_id() && !svr_cpu_parked(cpu))
			return false;
	return true;
}

static enum svr_fate svr_crash_fate(int cpu)
{
	/* What was sent to wake it may still come, and find another kernel in its memory */
	if (cpu == svr_bsp_cpu() && svr_handover_unanswered())
		return SVR_FATE_RUNNING;
	if (svr_cpu_parked(cpu))
		return SVR_FATE_PARKED;
	/* CPU hotplug may have been half-way: then it may be running */
	if (!cpumask_test_cpu(cpu, svr_cpus_online()) &&
	    !cpumask_test_cpu(cpu, svr_cpus_moving()) && !cpu_online(cpu))
		return SVR_FATE_OFFLINE;
	return SVR_FATE_RUNNING;
}

/* The block lists this CPU as well: the capture kernel knows which CPU is its own */
static void svr_write_block(void)
{
	struct svr_crash_block *block = svr_kdump.block;
	int cpu;

	svr_crash_block_begin(block, svr_crash.cpu, svr_crash.message);
	for_each_present_cpu(cpu)
		svr_crash_block_add(block, svr_kdump.room,
				    per_cpu(x86_cpu_to_apicid, cpu),
				    svr_crash_fate(cpu), svr_vmsa_page(cpu));
	svr_crash_block_seal(block);
	svr_write_crash(&svr_crash, __pa(block));
}

/* The last call to the SVSM */
static int svr_remap_back(struct svr_cpu *c)
{
	const struct svr_call call = {
		.rax = SVSM_CORE_CALL(SVSM_CORE_REMAP_CA),
		.rcx = svr_kdump.caa,
	};
	struct svr_call answer;
	int err;

	/* The kernel may never have moved */
	if (c->ca && __pa(c->ca) == svr_kdump.caa)
		return 0;
	err = svr_transport_repeat(c->ca, &call, &answer,
				   svr_kdump.clears_up ? 0 : SVR_BUSY_PAUSE_US);
	if (err)
		return err;
	if (svr_parse_result(answer.rax) != SVR_VERDICT_SUCCESS)
		return -EIO;
	/* Should this CPU come back: nobody listens at the old calling area */
	c->ca = NULL;
	return 0;
}

/*
 * An interrupt that is still requested in the local APIC reaches the next kernel as soon as
 * that one enables interrupts, long before it sets its local APIC up. The stop of a restart
 * in which this crash happened would halt it for good. So the local APIC is emptied here,
 * except where the kernel has given its GHCBs back: then no access to it is possible.
 */
static int svr_leave(struct svr_cpu *c)
{
	if (!svr_kdump.clears_up)
		svr_lapic_quiet();
	if (svr_kdump.image->type == KEXEC_TYPE_CRASH)
		svr_write_block();
	return svr_remap_back(c);
}

static void svr_leave_here(void)
{
	int err = svr_leave(this_cpu_ptr(&svr_cpus));

	/*
	 * Without GHCBs even this line would be fatal. With them it is the last
	 * line that anybody sees, so the consoles are tried.
	 */
	if (err && !svr_kdump.clears_up)
		svr_err("the SVSM did not move the calling area back (%pe), the next kernel will not come up\n",
			ERR_PTR(err));
}

static struct kprobe svr_jump_probe;

/*
 * Runs on the BSP, called from svr_park(), while the CPU that crashed is
 * parked. The BSP is still inside the NMI that stopped it, as if it had
 * panicked there. The jump runs into the kprobe once more.
 */
static void __nocfi svr_jump_from_bsp(struct svr_cpu *bsp)
{
	void (*jump)(struct kimage *image) = (void *)svr_jump_probe.addr;

	WRITE_ONCE(svr_kdump.leaving, true);
	if (!svr_leave(bsp))
		jump(svr_kdump.image);
	WRITE_ONCE(svr_kdump.leaving, false);
}

/* With IBT the code behind the ENDBR cannot be called; and waking the BSP takes a GHCB */
static bool svr_can_hand_jump_over(void)
{
	return !svr_kdump.clears_up && !cpu_feature_enabled(X86_FEATURE_IBT);
}

/**
 * svr_kdump_keeps_bsp - does a crash leave the BSP where it has parked?
 *
 * Context: any, NMI included.
 *
 * Return: true when there is a crash kernel that starts on the CPU that crashed.
 */
bool svr_kdump_keeps_bsp(void)
{
	return svr_kdump.jump_probed && kexec_crash_loaded() &&
	       !svr_can_hand_jump_over();
}

/*
 * A capture kernel that starts on an AP leaves the real BSP alone, and so does
 * the kernel after the reset, which then has one CPU fewer.
 */
static void svr_hand_jump_over(void)
{
	int bsp = svr_bsp_cpu();

	if (!svr_can_hand_jump_over() || bsp < 0 || bsp == raw_smp_processor_id() ||
	    !svr_cpu_parked(bsp) || !per_cpu(svr_cpus, bsp).ca)
		return;
	svr_log_info("handing the jump into the crash kernel over to the BSP, CPU %d\n",
		     bsp);
	/* Returns only if the BSP could not make the jump */
	svr_handover_request(svr_jump_from_bsp);
	svr_log_err("the BSP, CPU %d, did not make the jump, making it here\n",
		    bsp);
}

/*
 * A kernel that has given its GHCBs back has waited itself, and has ended its APs. (After a
 * crash on an AP the BSP is parked or lost.) It may be unable to read the TSC: RDTSC is a
 * #VC if the host wants it to be.
 */
static void svr_await_others(void)
{
	struct svr_wait wait;

	if (svr_kdump.clears_up)
		return;
	wait = svr_wait_begin(SVR_CRASH_PARK_US);
	while (!svr_others_parked() && svr_wait_on(&wait))
		;
}

/* machine_kexec(image): the other CPUs are stopped, interrupts are off */
static int svr_before_jump(struct kprobe *probe, struct pt_regs *regs)
{
	struct kimage *image = (struct kimage *)regs->di;
	unsigned long flags;

	/* The BSP's own jump comes here again; and a kernel that comes back needs nothing */
	if (READ_ONCE(svr_kdump.leaving) || image->preserve_context)
		return 0;

	local_irq_save(flags);
	svr_kdump.image = image;
	if (image->type == KEXEC_TYPE_CRASH) {
		svr_find_cause(raw_smp_processor_id());
		svr_await_others();
		svr_hand_jump_over();
	}
	svr_leave_here();
	local_irq_restore(flags);
	return 0;
}

static struct kprobe svr_jump_probe = {
	.symbol_name = "machine_kexec",
	.pre_handler = svr_before_jump,
};

/* Runs in place of kernel_kexec() */
static int svr_kexec_refused(void)
{
	pr_err("kexec refused: this kernel is not known to clear up before it starts another, which would not come up\n");
	return -EOPNOTSUPP;
}

/* At the entry of kernel_kexec(): its caller calls our function instead */
static int svr_refuse_kexec(struct kprobe *probe, struct pt_regs *regs)
{
	regs->ip = (unsigned long)svr_kexec_refused;
	return 1;
}

/* With a post handler the kernel does not optimize the probe: see kprobes.rst */
static void svr_refuse_kexec_post(struct kprobe *probe, struct pt_regs *regs,
				  unsigned long flags)
{
}

static struct kprobe svr_kexec_probe = {
	.symbol_name = "kernel_kexec",
	.pre_handler = svr_refuse_kexec,
	.post_handler = svr_refuse_kexec_post,
};

/*
 * snp_kexec_finish() (seen in 7.3, not in 6.12) makes shared pages private,
 * ends the APs and gives the GHCBs back. A probe that is never armed finds out
 * whether it is there.
 */
static int svr_kernel_clears_up(void)
{
	struct kprobe probe = {
		.symbol_name = "snp_kexec_finish",
		.flags = KPROBE_FLAG_DISABLED,
	};
	int err = register_kprobe(&probe);

	if (!err)
		unregister_kprobe(&probe);
	return svr_policy_clears_up(err);
}

static int svr_block_alloc(void)
{
	svr_kdump.caa = svr_secrets_caa();
	if (!svr_kdump.caa)
		return -ENODEV;
	svr_kdump.room = min(num_possible_cpus(), SVR_CRASH_MAX_CPUS);
	/* In one piece: the capture kernel gets one physical address */
	svr_kdump.block = alloc_pages_exact(svr_crash_block_size(svr_kdump.room),
					    GFP_KERNEL | __GFP_ZERO);
	return svr_kdump.block ? 0 : -ENOMEM;
}

static void svr_block_free(void)
{
	if (svr_kdump.block)
		free_pages_exact(svr_kdump.block,
				 svr_crash_block_size(svr_kdump.room));
	svr_kdump.block = NULL;
}

/* Is the probe at the function's first instruction, or at the one behind its ENDBR? */
static bool svr_at_entry(const struct kprobe *probe)
{
	size_t len = strlen(probe->symbol_name);
	char text[KSYM_SYMBOL_LEN];

	sprint_symbol(text, (unsigned long)probe->addr);
	return !strncmp(text, probe->symbol_name, len) &&
	       (!strncmp(text + len, "+0x0/", 5) ||
		!strncmp(text + len, "+0x4/", 5));
}

static int svr_probe_entry(struct kprobe *probe)
{
	int err;

	err = register_kprobe(probe);
	if (err || svr_at_entry(probe))
		return err;
	unregister_kprobe(probe);
	return -ENOEXEC;
}

/**
 * svr_kdump_on - does the driver prepare the way into a crash kernel?
 *
 * Context: any.
 *
 * Return: true unless the administrator said no, or this is the crash kernel.
 */
bool svr_kdump_on(void)
{
	return svr_kdump_wanted() && !is_kdump_kernel();
}

static void svr_follow_jump(void)
{
	int err = svr_block_alloc();

	if (err) {
		pr_warn("no crash kernel will come up, there is no calling area or memory for it (%pe)\n",
			ERR_PTR(err));
		return;
	}
	err = svr_probe_entry(&svr_jump_probe);
	if (err) {
		svr_block_free();
		pr_warn("no crash kernel will come up, machine_kexec() cannot be followed (%pe)\n",
			ERR_PTR(err));
		return;
	}
	svr_kdump.jump_probed = true;
	svr_redirect_install();
}

/**
 * svr_kdump_init - make crash kernels come up, and refuse kexec where it cannot
 *
 * A failure is logged. Does nothing in a capture kernel, from which there is no
 * way into another.
 *
 * Context: process, may sleep; after svr_park_install().
 */
void svr_kdump_init(void)
{
	int err;

	if (!svr_kdump_on())
		return;
	err = svr_kernel_clears_up();
	if (err < 0) {
		pr_warn("no crash kernel will come up, this kernel does not tell whether it clears up before it starts one (%pe)\n",
			ERR_PTR(err));
	} else {
		svr_kdump.clears_up = err;
		svr_follow_jump();
	}
	if (svr_kdump.clears_up)
		return;
	err = svr_probe_entry(&svr_kexec_probe);
	if (err)
		pr_warn("kexec -e cannot be refused, and will not work (%pe)\n",
			ERR_PTR(err));
	else
		svr_kdump.kexec_probed = true;
}

/**
 * svr_kdump_exit - undo svr_kdump_init()
 *
 * Context: process, may sleep.
 */
void svr_kdump_exit(void)
{
	if (svr_kdump.kexec_probed) {
		unregister_kprobe(&svr_kexec_probe);
		/* A task may still be in svr_kexec_refused() */
		synchronize_rcu_tasks();
	}
	if (svr_kdump.jump_probed) {
		svr_redirect_uninstall();
		unregister_kprobe(&svr_jump_probe);
	}
	svr_block_free();
}
