/* SPDX-License-Identifier: GPL-2.0 */
/* Guest memory as the hypervisor sees it. */
#ifndef SNPSIM_GMEM_H
#define SNPSIM_GMEM_H

#include "machine/vcpu.h"

void *gpa_ptr(u64 gpa, u64 len);
int context_walk(const struct context *c, u64 va, u64 *pa, u64 *size);
int guest_walk(struct vcpu *v, u64 va, u64 *pa, u64 *size);
int guest_read(struct vcpu *v, u64 va, void *buf, u64 n);
int guest_write(struct vcpu *v, u64 va, const void *buf, u64 n);
int guest_fetch(struct vcpu *v, u8 *buf, u64 n);
u8 *guest_code_ptr(struct vcpu *v);
bool in_64bit_mode(const struct vcpu *v);

#endif
