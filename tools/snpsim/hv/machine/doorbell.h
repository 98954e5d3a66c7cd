/* SPDX-License-Identifier: GPL-2.0 */
/* #HV doorbell pages: how a host tells a context with restricted injection of an interrupt. */
#ifndef SNPSIM_DOORBELL_H
#define SNPSIM_DOORBELL_H

#include "machine/vcpu.h"

#define NO_DOORBELL		(~0UL)

void doorbell_set(const struct vcpu *v, u64 gpa);
u64 doorbell_page(const struct vcpu *v);
bool doorbell_is_free(const struct vcpu *v);
bool doorbell_ring(struct vcpu *v, u8 vector, bool *signal);

#endif
