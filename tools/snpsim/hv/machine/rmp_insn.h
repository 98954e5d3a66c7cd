/* SPDX-License-Identifier: GPL-2.0 */
/* What PVALIDATE and RMPADJUST do to the RMP (APM volume 3). Called under sim_lock. */
#ifndef SNPSIM_RMP_INSN_H
#define SNPSIM_RMP_INSN_H

#include "lib/types.h"

enum rmp_result {
	RMP_DONE = 0, RMP_FAIL_INPUT = 1, RMP_FAIL_PERMISSION = 2, RMP_FAIL_IN_USE = 3,
	RMP_FAIL_SIZE = 6,
};

enum rmp_result rmp_pvalidate(u64 gpa, bool large, bool validate, bool *changed);
enum rmp_result rmp_adjust(u64 gpa, bool large, u32 vmpl, u32 rights, bool vmsa);
u64 rmp_not_assigned(u64 gpa, bool large);

#endif
