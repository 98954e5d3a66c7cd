/* SPDX-License-Identifier: GPL-2.0 */
/* Interrupt other vCPUs, and flush what they have cached. */
#ifndef SNPSIM_SHOOTDOWN_H
#define SNPSIM_SHOOTDOWN_H

#include "machine/vcpu.h"

void tlb_stale(u32 vmpl);
void tlb_shootdown(struct vcpu *self);
void tlb_broadcast(struct vcpu *self);
void vcpu_kick(struct vcpu *v);
void vcpu_ask(struct vcpu *v);
void vcpu_nmi(struct vcpu *v);
void vcpu_wake(struct vcpu *v);

#endif
