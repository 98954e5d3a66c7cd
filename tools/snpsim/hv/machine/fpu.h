/* SPDX-License-Identifier: GPL-2.0 */
/* The FPU state of a context, in an XSAVE area. */
#ifndef SNPSIM_FPU_H
#define SNPSIM_FPU_H

#include "machine/vmsa.h"

void fpu_reset(struct context *c);
void fpu_to_cpu(const struct context *c);
bool xcr0_valid(u64 xcr0);
void fpu_from_vmsa(struct context *c, const struct vmsa *p);

#endif
