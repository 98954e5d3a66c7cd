/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Everything that depends on the version of the kernel.
 *
 * Written against 6.12; each line says what is different elsewhere.
 */
#ifndef _SVSM_RESET_COMPAT_H
#define _SVSM_RESET_COMPAT_H

#include <linux/version.h>

/*
 * x86 machine_restart() runs the SYS_OFF_MODE_RESTART handlers: seen in 7.3,
 * not in 6.12. Where it does not, or where nobody has looked, the last moment
 * is the kmsg dump right before machine_restart().
 */
#define SVR_X86_RUNS_RESTART_HANDLERS					\
	(LINUX_VERSION_MAJOR > 7 ||					\
	 (LINUX_VERSION_MAJOR == 7 && LINUX_VERSION_PATCHLEVEL >= 3))

#endif /* _SVSM_RESET_COMPAT_H */
