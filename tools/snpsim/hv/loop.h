/* SPDX-License-Identifier: GPL-2.0 */
/* Where CPUs enter the hypervisor, and the loop that they run. */
#ifndef SNPSIM_LOOP_H
#define SNPSIM_LOOP_H

#include "machine/vcpu.h"

/* main.c, loop.c: boot/entry.S enters these */
void hv_main(void) __noreturn;
void ap_main(void) __noreturn;

/* loop.c */
void cpus_init(void);
void vcpu_main(struct vcpu *v) __noreturn;

/* rebuild.c: a host that builds the VM anew */
void rebuild_init(void);

#endif
