/* SPDX-License-Identifier: GPL-2.0 */
/* The frequency of the TSC: for the hypervisor, and for the program at VMPL 0. */
#ifndef SNPSIM_TSC_H
#define SNPSIM_TSC_H

#include "lib/types.h"

u64 tsc_measure(u16 port, u64 *begin);

#endif
