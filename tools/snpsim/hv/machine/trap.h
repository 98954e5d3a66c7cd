/* SPDX-License-Identifier: GPL-2.0 */
/* Exceptions, NMIs and interrupts in the hypervisor, and how it waits for them. */
#ifndef SNPSIM_TRAP_H
#define SNPSIM_TRAP_H

#include "lib/types.h"

/* vectors.S, trap.c */
struct trap_frame {
	u64 vector, error, rip, cs, rflags, rsp, ss;
};

extern char hv_vectors[], wait_begin[], wait_end[];
extern char msr_try_read[], msr_try_write[], msr_try_failed[];
void hv_trap_c(struct trap_frame *f);
void trap_init(void);
void wait_for_nmi(void);
void wait_for_interrupt(void);
void take_nmi(void);
int msr_try(u32 msr, u64 *val, int write);

#endif
