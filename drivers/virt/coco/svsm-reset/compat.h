/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Everything that depends on the version of the kernel.
 *
 * Written against 6.12; each line says what is different elsewhere.
 */
#ifndef _SVSM_RESET_COMPAT_H
#define _SVSM_RESET_COMPAT_H

#include <linux/hrtimer.h>
#include <linux/module.h>
#include <linux/panic.h>
#include <linux/printk.h>
#include <linux/version.h>
#include <asm/msr.h>

/*
 * x86 machine_restart() runs the SYS_OFF_MODE_RESTART handlers since 7.1:
 * Debian's 6.17.13, 6.19.6 and 7.0.4 do not, its 7.1.3, 7.2 and 7.3.4 do.
 */
#define SVR_X86_RUNS_RESTART_HANDLERS					\
	(LINUX_VERSION_MAJOR > 7 ||					\
	 (LINUX_VERSION_MAJOR == 7 && LINUX_VERSION_PATCHLEVEL >= 1))

/* panic_force_cpu= came with 7.0: a CPU that panics may leave it to another one */
#define SVR_PANIC_MAY_BE_REDIRECTED	(LINUX_VERSION_MAJOR >= 7)

/*
 * panic_in_progress() came with 6.18, and with 6.12.110. Older kernels export nothing that
 * tells of a panic; there oops_in_progress stands in. A panic, and an oops that goes to a
 * crash kernel, set it before they stop the other CPUs and never clear it. The kernel also
 * sets it while it prints any other oops: a stop by somebody else in that time is taken for
 * ours.
 */
#if LINUX_VERSION_MAJOR > 6 || LINUX_VERSION_PATCHLEVEL >= 18 ||	\
	(LINUX_VERSION_PATCHLEVEL == 12 && LINUX_VERSION_SUBLEVEL >= 110)
#define svr_panic_in_progress()		panic_in_progress()
#else
#define svr_panic_in_progress()		(READ_ONCE(oops_in_progress) != 0)
#endif

/* hrtimer_setup() came with 6.13; hrtimer_init() is gone in 6.15 */
#if LINUX_VERSION_MAJOR > 6 || LINUX_VERSION_PATCHLEVEL >= 13
#define svr_hrtimer_setup(timer, expired, clock, mode)			\
	hrtimer_setup(timer, expired, clock, mode)
#else
static inline void
svr_hrtimer_setup(struct hrtimer *timer,
		  enum hrtimer_restart (*expired)(struct hrtimer *timer),
		  clockid_t clock, enum hrtimer_mode mode)
{
	hrtimer_init(timer, clock, mode);
	timer->function = expired;
}
#endif

/* cpuid() is in asm/cpuid/api.h since 6.16, before that in asm/cpuid.h, which processor.h has */
#if LINUX_VERSION_MAJOR > 6 || LINUX_VERSION_PATCHLEVEL >= 16
#include <asm/cpuid/api.h>
#endif

/* wrmsrq_safe() was wrmsrl_safe() until 6.15 */
#if LINUX_VERSION_MAJOR > 6 || LINUX_VERSION_PATCHLEVEL >= 16
#define svr_wrmsr_safe(msr, val)	wrmsrq_safe(msr, val)
#else
#define svr_wrmsr_safe(msr, val)	wrmsrl_safe(msr, val)
#endif

/*
 * snp_msg_alloc() maps the secrets page; it came with 6.14. Before that a
 * platform device says where it is.
 */
#define SVR_HAS_SNP_MSG_ALLOC						\
	(LINUX_VERSION_MAJOR > 6 || LINUX_VERSION_PATCHLEVEL >= 14)

/* MODULE_IMPORT_NS() takes a string since 6.13 */
#if LINUX_VERSION_MAJOR > 6 || LINUX_VERSION_PATCHLEVEL >= 13
#define SVR_IMPORT_EFIVAR()	MODULE_IMPORT_NS("EFIVAR")
#else
#define SVR_IMPORT_EFIVAR()	MODULE_IMPORT_NS(EFIVAR)
#endif

#endif /* _SVSM_RESET_COMPAT_H */
