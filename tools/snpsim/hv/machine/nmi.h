/* SPDX-License-Identifier: GPL-2.0 */
/* NMIs of the guest. */
#ifndef SNPSIM_NMI_H
#define SNPSIM_NMI_H

#include "machine/vcpu.h"

bool nmi_take(struct vcpu *v);
bool nmi_deliverable(const struct context *c);
void nmi_drop(struct vcpu *v);
void nmi_complete(struct vcpu *v);
void nmi_without_vmsa(struct vcpu *v);
void nmi_after_exit(struct vcpu *v);
void nmi_before_entry(struct vcpu *v);
void exit_iret(struct vcpu *v);

#endif
