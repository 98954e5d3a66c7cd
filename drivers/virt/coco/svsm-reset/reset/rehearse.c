// SPDX-License-Identifier: GPL-2.0-only
/*
 * A rehearsal: would a reset work?
 *
 * Nobody comes back from the way of a reset: the kernel's stop is a one-shot, and a CPU
 * that has parked has lost what was in its local APIC. So nothing is stopped here. Each
 * part is tried by itself, as far as it leaves no trace: the SVSM is asked, the stores are
 * written with what they have, the BSP makes a call at another CPU's request, and each CPU
 * takes an NMI by the handler that would park it.
 *
 * A reset waits for none of this, and has nothing to undo. A rehearsal leaves the state as
 * it is, but looks at it before each act, and ends at the first sign of a reset, a panic or
 * a shutdown. What is under way then ends by itself: one call to the SVSM, one write to a
 * store, or NMIs. A reset that comes right after these gives them the time that it gives
 * its own (quiesce.c).
 */
#define pr_fmt(fmt) "svsm-reset: " fmt

#include <linux/cpu.h>
#include <linux/cpufeature.h>
#include <linux/cpumask.h>
#include <linux/crash_dump.h>
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/irqflags.h>
#include <linux/jiffies.h>
#include <linux/ktime.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/smp.h>
#include <linux/string.h>
#include <linux/sysfs.h>
#include <linux/time64.h>
#include <linux/timekeeping.h>
#include <asm/apic.h>
#include <asm/irq_vectors.h>

#include "compat.h"
#include "record/record.h"
#include "reset/reset.h"
#include "svsm-reset.h"
#include "svsm/svsm.h"

/* From an interrupt to the BSP to its answer */
#define SVR_REHEARSE_BSP_US	(1 * USEC_PER_SEC)
/* From an NMI to its answer: as long as a reset waits for a CPU to park by one */
#define SVR_REHEARSE_NMI_US	(1 * USEC_PER_SEC)
/* Between two looks */
#define SVR_REHEARSE_LOOK_US	100

/* "secrets:unwritable,cmos:unwritable,efi:unreadable", and some more of the kind */
#define SVR_STORES_SAY		96

/**
 * struct svr_rehearsal - a rehearsal, and what came of it
 * @time:    when it ended, seconds since 1970
 * @uptime:  the same, seconds since the kernel started
 * @took_us: microseconds it took
 * @done:    there has been one
 * @steps:   what came of each step
 * @stores:  a word for each store
 * @asked:   CPUs that were to answer an NMI
 * @silent:  those of them that did not
 */
struct svr_rehearsal {
	u64 time;
	u64 uptime;
	u64 took_us;
	bool done;
	enum svr_check steps[SVR_NR_STEPS];
	char stores[SVR_STORES_SAY];
	cpumask_t asked;
	cpumask_t silent;
};

/* One at a time; too large for a stack */
static DEFINE_MUTEX(svr_rehearsing);
static struct svr_rehearsal svr_rehearsal;
/* The last one that has ended */
static DEFINE_MUTEX(svr_rehearsed_lock);
static struct svr_rehearsal svr_rehearsed;
/* An NMI or an interrupt of the last rehearsal is still on its way to our code */
static bool svr_stays_loaded;

/* The call that the BSP makes, and its answer: static, since it may come late */
static struct {
	struct svr_call call;
	struct svr_call answer;
	int err;
	bool answered;
	bool given_up;
} svr_at_bsp = { .answered = true };

/* May a rehearsal begin, or go on? Whatever ends this kernel comes first */
static int svr_rehearsal_may(void)
{
	if (svr_panic_in_progress() || system_state != SYSTEM_RUNNING)
		return -EBUSY;
	return svr_policy_rehearse(svr_state_get());
}

/* Waits for @come: 0, -ETIMEDOUT, or -ECANCELED when a reset has begun */
static int svr_rehearsal_await(bool (*come)(void), unsigned int us)
{
	unsigned long end = jiffies + usecs_to_jiffies(us);
	bool late;

	for (;;) {
		/* The time first: this task may have been kept from the CPU since the last look */
		late = time_after(jiffies, end);
		if (come())
			return 0;
		if (svr_rehearsal_may())
			return -ECANCELED;
		if (late)
			return -ETIMEDOUT;
		fsleep(SVR_REHEARSE_LOOK_US);
	}
}

/* For svr_probe_versions_again(): does not go on asking a busy SVSM once a reset begins */
static int svr_ask_while_may(const struct svr_call *call, struct svr_call *answer)
{
	return svr_rehearsal_may() ? -ECANCELED : svr_ask_here(call, answer);
}

static enum svr_check svr_rehearse_version(void)
{
	int err = svr_probe_versions_again(svr_ask_while_may);

	if (!err)
		return SVR_CHECK_OK;
	if (err == -ECANCELED)
		return SVR_CHECK_GAVE_WAY;
	pr_warn("rehearsal: the SVSM does not have the protocol as it had at load (%pe)\n",
		ERR_PTR(err));
	return SVR_CHECK_FAILED;
}

static enum svr_check svr_rehearse_service(void)
{
	char why[96];
	int err;

	/* The kernel asks without a bound: only an SVSM that has just answered */
	if (svr_rehearsal.steps[SVR_STEP_VERSION] != SVR_CHECK_OK)
		return SVR_CHECK_SKIPPED;
	err = svr_probe_service_again(why, sizeof(why));
	if (err == -EOPNOTSUPP)
		return SVR_CHECK_SKIPPED;
	if (!err)
		return SVR_CHECK_OK;
	pr_warn("rehearsal: %s\n", why);
	return SVR_CHECK_FAILED;
}

static enum svr_check svr_rehearse_record(void)
{
	struct svr_rehearsal *r = &svr_rehearsal;
	enum svr_check check = svr_stores_rehearse(svr_boot_tag(),
						   svr_rehearsal_may, r->stores,
						   sizeof(r->stores));

	if (check == SVR_CHECK_FAILED)
		pr_warn("rehearsal: the record of a reset would not be kept (%s)\n",
			r->stores[0] ? r->stores : "no store");
	return check;
}

/* Runs on the BSP, interrupts off, mostly in an interrupt: a hand-over with another call */
static void svr_bsp_asks(void *unused)
{
	/* It may run late, when a reset is on its way or nobody waits for it */
	if (READ_ONCE(svr_at_bsp.given_up) || svr_rehearsal_may())
		svr_at_bsp.err = -ECANCELED;
	else
		svr_at_bsp.err = svr_transport_call(this_cpu_read(svr_cpus.ca),
						    &svr_at_bsp.call,
						    &svr_at_bsp.answer);
	/* After the answer: pairs with svr_bsp_answered() */
	smp_store_release(&svr_at_bsp.answered, true);
}

static bool svr_bsp_answered(void)
{
	/* Before the answer: pairs with svr_bsp_asks() */
	return smp_load_acquire(&svr_at_bsp.answered);
}

/* -ENODEV where this CPU is the BSP, or there is none to be asked */
static int svr_bsp_interrupt(void)
{
	static call_single_data_t csd = CSD_INIT(svr_bsp_asks, NULL);
	int err = -ENODEV;

	preempt_disable();
	if (svr_bsp_cpu() >= 0 && svr_bsp_cpu() != smp_processor_id() &&
	    cpu_online(svr_bsp_cpu())) {
		svr_at_bsp.answered = false;
		err = smp_call_function_single_async(svr_bsp_cpu(), &csd);
		if (err)
			svr_at_bsp.answered = true;
	}
	preempt_enable();
	return err;
}

/* For svr_probe_versions_again(); CPUs neither come nor go */
static int svr_ask_bsp(const struct svr_call *call, struct svr_call *answer)
{
	int err = svr_rehearsal_may();

	if (err)
		return -ECANCELED;
	/* The last interrupt has not come there yet */
	if (!svr_bsp_answered())
		return -ETIMEDOUT;
	svr_at_bsp.call = *call;
	WRITE_ONCE(svr_at_bsp.given_up, false);
	err = svr_bsp_interrupt();
	if (err)
		return err;
	err = svr_rehearsal_await(svr_bsp_answered, SVR_REHEARSE_BSP_US);
	if (err) {
		WRITE_ONCE(svr_at_bsp.given_up, true);
		return err;
	}
	*answer = svr_at_bsp.answer;
	return svr_at_bsp.err;
}

static enum svr_check svr_rehearse_handover(void)
{
	int err;

	cpus_read_lock();
	err = svr_probe_versions_again(svr_ask_bsp);
	cpus_read_unlock();
	switch (err) {
	case 0:
		return SVR_CHECK_OK;
	case -ENODEV:
		return SVR_CHECK_SKIPPED;
	case -ECANCELED:
		return SVR_CHECK_GAVE_WAY;
	}
	pr_warn("rehearsal: the BSP, CPU %d, did not ask the SVSM (%pe)\n",
		svr_bsp_cpu(), ERR_PTR(err));
	return SVR_CHECK_FAILED;
}

/* False when a reset has begun. A CPU to which one is on its way gets no other */
static bool svr_send_nmi(int cpu)
{
	struct svr_cpu *c = per_cpu_ptr(&svr_cpus, cpu);
	unsigned long flags;
	bool may;

	if (READ_ONCE(c->nmi_asked))
		return !svr_rehearsal_may();
	/* Interrupts off: the stop of a reset cannot come between the mark and the NMI */
	local_irq_save(flags);
	/* Full barrier: either this sees the reset, or the reset sees what is on its way */
	smp_store_mb(c->nmi_asked, true);
	may = !svr_rehearsal_may();
	if (may)
		__apic_send_IPI_mask(cpumask_of(cpu), NMI_VECTOR);
	else
		WRITE_ONCE(c->nmi_asked, false);
	local_irq_restore(flags);
	return may;
}

/* Have all CPUs answered? Those that have not are in @silent */
static bool svr_none_is_silent(void)
{
	struct svr_rehearsal *r = &svr_rehearsal;
	int cpu;

	cpumask_clear(&r->silent);
	for_each_cpu(cpu, &r->asked)
		if (READ_ONCE(per_cpu(svr_cpus, cpu).nmi_asked))
			cpumask_set_cpu(cpu, &r->silent);
	return cpumask_empty(&r->silent);
}

/*
 * The CPU that begins a reset gets no NMI from it, so it is not asked. Nor is a CPU that
 * has been offline: the kernel leaks its GHCB there, every later #VC uses the backup, and
 * an NMI in the middle of that is a panic (__sev_get_ghcb(), Linux 6.12). A rehearsal is
 * not worth that.
 */
static bool svr_is_asked(int cpu)
{
	return cpu != smp_processor_id() &&
	       !READ_ONCE(per_cpu(svr_cpus, cpu).was_offline);
}

/* With preemption off; CPUs neither come nor go. False when a reset has begun */
static bool svr_send_nmis(struct svr_rehearsal *r)
{
	int cpu;

	for_each_online_cpu(cpu) {
		if (!svr_is_asked(cpu))
			continue;
		if (!svr_send_nmi(cpu))
			return false;
		cpumask_set_cpu(cpu, &r->asked);
	}
	return true;
}

/* CPUs neither come nor go */
static enum svr_check svr_ask_for_nmis(struct svr_rehearsal *r)
{
	bool sent;

	preempt_disable();
	sent = svr_send_nmis(r);
	preempt_enable();
	if (!sent)
		return SVR_CHECK_GAVE_WAY;
	if (cpumask_empty(&r->asked))
		return SVR_CHECK_SKIPPED;
	switch (svr_rehearsal_await(svr_none_is_silent, SVR_REHEARSE_NMI_US)) {
	case 0:
		return SVR_CHECK_OK;
	case -ECANCELED:
		return SVR_CHECK_GAVE_WAY;
	default:
		return SVR_CHECK_FAILED;
	}
}

static enum svr_check svr_rehearse_nmi(void)
{
	struct svr_rehearsal *r = &svr_rehearsal;
	enum svr_check check;

	/* There is only this CPU, which nobody has to stop */
	if (!boot_cpu_has(X86_FEATURE_APIC))
		return SVR_CHECK_SKIPPED;
	cpus_read_lock();
	check = svr_ask_for_nmis(r);
	cpus_read_unlock();
	if (check == SVR_CHECK_FAILED)
		pr_warn("rehearsal: CPU %*pbl did not answer an NMI\n",
			cpumask_pr_args(&r->silent));
	return check;
}

static void svr_rehearse_steps(struct svr_rehearsal *r)
{
	static enum svr_check (* const steps[SVR_NR_STEPS])(void) = {
		[SVR_STEP_VERSION]  = svr_rehearse_version,
		[SVR_STEP_SERVICE]  = svr_rehearse_service,
		[SVR_STEP_RECORD]   = svr_rehearse_record,
		[SVR_STEP_HANDOVER] = svr_rehearse_handover,
		[SVR_STEP_NMI]	    = svr_rehearse_nmi,
	};
	u64 start = ktime_get_ns();
	unsigned int i;

	memset(r, 0, sizeof(*r));
	for (i = 0; i < SVR_NR_STEPS; i++)
		r->steps[i] = svr_rehearsal_may() ? SVR_CHECK_GAVE_WAY : steps[i]();
	r->took_us = div_u64(ktime_get_ns() - start, NSEC_PER_USEC);
	r->time = ktime_get_real_seconds();
	r->uptime = ktime_get_boottime_seconds();
	r->done = true;
}

/* The module has to stay while an NMI or an interrupt is on its way to it */
static bool svr_still_expects(void)
{
	int cpu;

	/* A CPU that is offline drops it: see exc_nmi() */
	for_each_online_cpu(cpu)
		if (READ_ONCE(per_cpu(svr_cpus, cpu).nmi_asked))
			return true;
	return !svr_bsp_answered();
}

static void svr_rehearsal_report(const struct svr_rehearsal *r)
{
	enum svr_check all = svr_policy_rehearsed(r->steps);

	if (all == SVR_CHECK_OK)
		pr_info("rehearsal: ok, CPU %*pbl answered an NMI, %llu us in all\n",
			cpumask_pr_args(&r->asked), r->took_us);
	else if (all == SVR_CHECK_GAVE_WAY)
		pr_info("rehearsal: given up for a reset, a panic or a shutdown\n");
	if (svr_stays_loaded)
		pr_info("rehearsal: the module cannot be unloaded before that CPU has answered\n");
}

/* Has a reference to the module, and keeps it while something is on its way here */
static int svr_rehearse_once(void)
{
	struct svr_rehearsal *r = &svr_rehearsal;

	svr_rehearse_steps(r);
	svr_stays_loaded = svr_still_expects();
	svr_rehearsal_report(r);
	mutex_lock(&svr_rehearsed_lock);
	svr_rehearsed = *r;
	mutex_unlock(&svr_rehearsed_lock);
	if (!svr_stays_loaded)
		module_put(THIS_MODULE);
	return svr_policy_rehearsed(r->steps) == SVR_CHECK_GAVE_WAY ?
		-ECANCELED : 0;
}

/* Before anything is touched */
static int svr_rehearse_begin(void)
{
	int err = svr_rehearsal_may();

	if (!err && is_kdump_kernel())
		err = -EOPNOTSUPP;
	if (err)
		pr_err("rehearsal refused: a reset is under way or disabled, or this is a crash kernel (%pe)\n",
		       ERR_PTR(err));
	/* The last rehearsal may have kept its reference: then that one is used */
	else if (!svr_stays_loaded && !try_module_get(THIS_MODULE))
		err = -ENODEV;
	return err;
}

/**
 * svr_rehearse - see how far a reset would get
 * @text: "1"
 *
 * Context: process, may sleep. Takes at most SVR_REHEARSE_BSP_US for each call of the BSP,
 * SVR_REHEARSE_NMI_US, what the stores and a CPU on its way up or down take, and what the
 * SVSM takes for its calls: SVR_BUSY_TRIES times SVR_BUSY_PAUSE_US for each where it is
 * busy. The call that asks it to vouch for the service, which the kernel makes, has no
 * bound.
 *
 * Return: 0 when it has come to its end, whatever came of it (svr_rehearsal_show());
 * -ECANCELED when it gave way to a reset, a panic or a shutdown; and before anything is
 * touched -EINVAL for another @text, -EALREADY when there is one under way, -EBUSY when
 * a reset is, -EOPNOTSUPP when resets are disabled or this is a crash kernel, -ENODEV when
 * the module is being unloaded.
 */
int svr_rehearse(const char *text)
{
	int err;

	if (!text || !sysfs_streq(text, "1")) {
		pr_err("rehearse: the only value allowed is 1\n");
		return -EINVAL;
	}
	if (!mutex_trylock(&svr_rehearsing))
		return -EALREADY;
	err = svr_rehearse_begin();
	if (!err)
		err = svr_rehearse_once();
	mutex_unlock(&svr_rehearsing);
	return err;
}

/**
 * svr_rehearsal_show - what the last rehearsal showed
 * @buf: a page, receives one line: "none", or words with values
 *
 * Context: process, may sleep.
 *
 * Return: its length.
 */
ssize_t svr_rehearsal_show(char *buf)
{
	const struct svr_rehearsal *r = &svr_rehearsed;
	char time[SVR_TIME_TEXT];
	unsigned int i;
	int len;

	mutex_lock(&svr_rehearsed_lock);
	if (!r->done) {
		len = sysfs_emit(buf, "none\n");
		goto out;
	}
	svr_time_text(r->time, time, sizeof(time));
	len = sysfs_emit(buf, "result=%s time=%s uptime=%llu took_us=%llu",
			 svr_check_name(svr_policy_rehearsed(r->steps)), time,
			 r->uptime, r->took_us);
	for (i = 0; i < SVR_NR_STEPS; i++)
		len += sysfs_emit_at(buf, len, " %s=%s", svr_step_name(i),
				     svr_check_name(r->steps[i]));
	len += sysfs_emit_at(buf, len, " stores=%s cpus=%*pbl silent=%*pbl\n",
			     r->stores, cpumask_pr_args(&r->asked),
			     cpumask_pr_args(&r->silent));
out:
	mutex_unlock(&svr_rehearsed_lock);
	return len;
}
