/* SPDX-License-Identifier: GPL-2.0 */
/* Skip an instruction, or inject an event. */
#ifndef SNPSIM_INJECT_H
#define SNPSIM_INJECT_H

#include "machine/vcpu.h"

void skip_insn(struct vcpu *v, int len);
void inject_exception(struct vcpu *v, int vector, bool has_err, u32 err);
void inject_interrupt(struct vcpu *v, int vector);
void inject_again(struct vcpu *v);

#endif
