/* SPDX-License-Identifier: GPL-2.0 */
/* The local APIC of a program at VMPL 0: virtual, and in x2APIC mode only. */
#ifndef SNPSIM_VAPIC_H
#define SNPSIM_VAPIC_H

#include "machine/vcpu.h"

void vapic_reset(struct vcpu *v);
bool vapic_msr(struct vcpu *v, u32 msr, u64 *val, bool write, bool *gp);
bool vapic_is_pending(const struct vcpu *v);
bool vapic_ends_halt(const struct vcpu *v);
bool vapic_send_ipi(struct vcpu *v, u64 icr);
void vapic_before_entry(struct vcpu *v);

#endif
