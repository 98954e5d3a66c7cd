/* SPDX-License-Identifier: GPL-2.0 */
/* The FPU state of a context, in an XSAVE area. */
#ifndef SNPSIM_FPU_H
#define SNPSIM_FPU_H

#include "machine/vmsa.h"

void fpu_reset(struct context *c);
void fpu_to_cpu(const struct context *c);
void fpu_from_cpu(struct context *c);
bool xcr0_valid(u64 xcr0);
void fpu_from_vmsa(struct context *c, const struct vmsa *p);
bool fpu_differs(const struct context *c, const struct context *d);
void fpu_to_vmsa(const struct context *c, struct vmsa *p);

#endif
