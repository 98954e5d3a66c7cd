// SPDX-License-Identifier: GPL-2.0-only
/*
 * The record in the CMOS memory of the legacy real-time clock.
 *
 * It outlives a reset, every machine type has it, and two port accesses write a
 * byte of it when nothing else works. The host reads it and can forge it.
 */
#include <linux/cpumask.h>
#include <linux/errno.h>
#include <linux/irqflags.h>
#include <linux/kconfig.h>
#include <linux/mc146818rtc.h>
#include <linux/percpu.h>
#include <linux/smp.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/time64.h>
#include <asm/x86_init.h>

#include "record/record.h"
#include "reset/reset.h"
#include "reset/wait.h"
#include "svsm-reset.h"
#include "svsm/svsm.h"

/* Bytes that neither QEMU nor its firmware uses; somebody else may */
#define SVR_CMOS_FIRST	0x60
/* The BSP goes back to its HLT after a hand-over that came to nothing */
#define SVR_CMOS_SETTLE_US	(10 * USEC_PER_MSEC)

/* checkpatch takes spin_is_locked() for an assertion, and this is none */
#define svr_is_locked		spin_is_locked

/* The bytes were blank when they were read last, and nobody's */
static bool svr_cmos_was_blank;

static int svr_cmos_init(void)
{
	return x86_platform.legacy.rtc ? 0 : -ENODEV;
}

/* rtc_lock is held, or nobody can take it */
static void svr_cmos_get(u8 *raw)
{
	int i;

	for (i = 0; i < SVR_RECORD_SMALL; i++)
		raw[i] = CMOS_READ(SVR_CMOS_FIRST + i);
}

static bool svr_cmos_blank(const u8 *raw)
{
	return !memchr_inv(raw, 0x00, SVR_RECORD_SMALL) ||
	       !memchr_inv(raw, 0xff, SVR_RECORD_SMALL);
}

/* As svr_cmos_get(). Bytes that somebody else has taken since are left alone */
static int svr_cmos_put(const u8 *raw)
{
	u8 now[SVR_RECORD_SMALL];
	int i;

	if (svr_cmos_was_blank) {
		svr_cmos_get(now);
		if (!svr_cmos_blank(now))
			return -EEXIST;
	}
	svr_cmos_was_blank = false;
	for (i = 0; i < SVR_RECORD_SMALL; i++)
		CMOS_WRITE(raw[i], SVR_CMOS_FIRST + i);
	return 0;
}

static int svr_cmos_read(u8 *raw)
{
	unsigned long flags;

	spin_lock_irqsave(&rtc_lock, flags);
	svr_cmos_get(raw);
	spin_unlock_irqrestore(&rtc_lock, flags);
	svr_cmos_was_blank = svr_cmos_blank(raw);
	return 0;
}

/* At load: the owner of the lock is running, and gives it back */
static int svr_rtc_wait_for(svr_rtc_job_t job, const u8 *raw)
{
	unsigned long flags;
	int err;

	spin_lock_irqsave(&rtc_lock, flags);
	err = job(raw);
	spin_unlock_irqrestore(&rtc_lock, flags);
	return err;
}

/*
 * A CPU that has not parked has been sent an NMI that parks it. Only a host that withholds
 * the NMI, or has NMIs masked there, lets that CPU go on, between its two port accesses at
 * the worst; and the host chooses what is in CMOS memory anyway. A CPU that is offline is
 * on its way to the HLT.
 */
static bool svr_cmos_cpu_stays_out(int cpu)
{
	return svr_cpu_parked(cpu) || !cpu_online(cpu) ||
	       READ_ONCE(per_cpu(svr_cpus, cpu).nmi_park);
}

static bool svr_cmos_others_stay_out(void)
{
	int cpu, self = raw_smp_processor_id();

	for_each_cpu_or(cpu, svr_cpus_online(), svr_cpus_moving())
		if (cpu != self && !svr_cmos_cpu_stays_out(cpu))
			return false;
	return true;
}

/*
 * With PREEMPT_RT rtc_lock is a sleeping lock. Trying it may take the spinlock inside it,
 * which a CPU that an NMI stopped may hold, or the code that this NMI has interrupted;
 * giving it back may wake a task. So the driver does not take it, but looks at it: while
 * anybody is between the two port accesses, it has an owner or is on its way to the next
 * one. Nobody can take it after that look: interrupts are off here, and the other CPUs stay
 * out of the kernel.
 */
static int svr_rtc_while_free(svr_rtc_job_t job, const u8 *raw)
{
	struct svr_wait wait = svr_wait_begin(SVR_CMOS_SETTLE_US);

	while (!svr_cmos_others_stay_out())
		if (!svr_wait_on(&wait))
			return -EBUSY;
	if (svr_is_locked(&rtc_lock))
		return -EBUSY;
	return job(raw);
}

/**
 * svr_rtc_try - do something with the real-time clock, unless it is in use
 * @job: what to do; returns 0 or a negative errno
 * @raw: for @job
 *
 * Context: any, NMI included; with interrupts on it waits for the clock.
 *
 * Return: what @job returned, -EBUSY when the clock is in use.
 */
int svr_rtc_try(svr_rtc_job_t job, const u8 *raw)
{
	unsigned long flags;
	int err;

	if (!irqs_disabled())
		return svr_rtc_wait_for(job, raw);
	if (IS_ENABLED(CONFIG_PREEMPT_RT))
		return svr_rtc_while_free(job, raw);
	/* During a reset the owner of the lock may be a CPU that was stopped */
	if (!spin_trylock_irqsave(&rtc_lock, flags))
		return -EBUSY;
	err = job(raw);
	spin_unlock_irqrestore(&rtc_lock, flags);
	return err;
}

static int svr_cmos_write(const u8 *raw)
{
	return svr_rtc_try(svr_cmos_put, raw);
}

/* Record in RTC CMOS, bytes 0x60 to 0x6f */
const struct svr_store svr_store_cmos = {
	.name = "cmos",
	.size = SVR_RECORD_SMALL,
	.trust = SVR_TRUST_HOST,
	.shared = true,
	.in_place = true,
	.init = svr_cmos_init,
	.read = svr_cmos_read,
	.write = svr_cmos_write,
};
