/* SPDX-License-Identifier: GPL-2.0 */
/* The path of each vCPU: what it leaves the guest for, from the guest's mark to EXECUTE. */
#ifndef SNPSIM_PATH_H
#define SNPSIM_PATH_H

#include "lib/types.h"

#define PORT_MARK		0x562		/* the guest writes any byte: from here on */

#define NO_STEP			(~0UL)		/* nothing is recorded */

enum path_kind { PATH_PAGE, PATH_MSR, PATH_HLT };

struct vcpu;

void path_mark(struct vcpu *v);
u64 path_step(struct vcpu *v, enum path_kind kind, u64 code, u64 detail);
const char *path_kind_name(enum path_kind kind);
void path_enter(struct vcpu *v);
void path_leave(struct vcpu *v);
void path_end(void);

#endif
