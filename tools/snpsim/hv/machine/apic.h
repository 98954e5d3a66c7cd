/* SPDX-License-Identifier: GPL-2.0 */
/* The local APIC of the calling CPU, and the I/O APIC. */
#ifndef SNPSIM_APIC_H
#define SNPSIM_APIC_H

#include "machine/vcpu.h"

void apic_check(void);
bool my_apic_is_bsp(void);
u32 apic_read(u32 reg);
void apic_write(u32 reg, u32 v);
void apic_ipi(u32 apic_id, u32 icr);
u32 apic_vectors(u32 base, u32 i);
u32 apic_count(u32 base);
u32 apic_lvt_unmasked(void);
bool apic_enabled(void);
bool apic_is_level(u8 vector);
void apic_reset(struct vcpu *v);
void apic_power_on(struct vcpu *v);
u64 apic_base(const struct vcpu *v);
int apic_set_base(struct vcpu *v, u64 val);
const char *apic_mode_name(const struct vcpu *v);

/* ioapic.c */
u32 ioapic_unmasked(void);
void ioapic_reset(void);

#endif
