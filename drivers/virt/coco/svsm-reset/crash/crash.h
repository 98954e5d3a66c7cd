/* SPDX-License-Identifier: GPL-2.0-only */
/* The way into a crash kernel, and the work in it; nothing without SVR_HAS_KDUMP */
#ifndef _SVSM_RESET_CRASH_H
#define _SVSM_RESET_CRASH_H

#include <linux/types.h>

#include "lib/request.h"
#include "lib/policy.h"
#include "svsm-reset.h"

#if SVR_HAS_KDUMP
/* jump.c: the way into a crash kernel */
bool svr_kdump_on(void);
bool svr_kdump_keeps_bsp(void);
void svr_kdump_init(void);
void svr_kdump_exit(void);

/* vmcore.c: in it, the memory of the kernel that crashed */
void svr_vmcore_init(void);
void svr_vmcore_exit(void);
int svr_vmcore_read(u64 pa, void *buf, size_t len);
bool svr_vmcore_hide(u64 pa);

/* capture-cpus.c: in it, the CPUs of the kernel that crashed */
void svr_capture_init(void);
void svr_capture_exit(void);
const struct svr_request *svr_capture_cause(bool emergency);
enum svr_fate svr_capture_account(void);
#else
static inline bool svr_kdump_on(void) { return false; }
static inline bool svr_kdump_keeps_bsp(void) { return false; }
static inline void svr_kdump_init(void) {}
static inline void svr_kdump_exit(void) {}
static inline void svr_vmcore_init(void) {}
static inline void svr_vmcore_exit(void) {}
static inline void svr_capture_init(void) {}
static inline void svr_capture_exit(void) {}

static inline const struct svr_request *svr_capture_cause(bool emergency)
{
	return NULL;
}

static inline enum svr_fate svr_capture_account(void)
{
	return SVR_FATE_DELETED;
}
#endif

#endif /* _SVSM_RESET_CRASH_H */
