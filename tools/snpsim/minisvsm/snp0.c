// SPDX-License-Identifier: GPL-2.0
/* The instructions that change the RMP. The assembler need not know them. */
#include "minisvsm.h"

u32 pvalidate(u64 va, bool large, bool validate, bool *changed)
{
	bool carry;
	u64 rc;

	asm volatile(".byte 0xf2, 0x0f, 0x01, 0xff"
		     : "=a"(rc), "=@ccc"(carry) : "a"(va), "c"(large), "d"(validate) : "memory");
	if (changed)
		*changed = !carry;
	return rc;
}

u64 rmpadjust(u64 va, bool large, u32 vmpl, u64 rights)
{
	u64 rc;

	asm volatile(".byte 0xf3, 0x0f, 0x01, 0xfe"
		     : "=a"(rc) : "a"(va), "c"(large), "d"(rights | vmpl) : "memory", "cc");
	return rc;
}

/* The self-test guest asks its SVSM for this; here is the SVSM. */
u64 svsm_pvalidate(u64 pa, u64 flags)
{
	bool changed;
	u32 rc = pvalidate((u64)private(pa), flags & PV_HUGE, flags & PV_VALIDATE, &changed);

	if (rc)
		return 0x80001000UL + rc;
	return changed || (flags & PV_IGNORE_CF) ? SVSM_SUCCESS : SVSM_PVALIDATE_NO_UPDATE;
}
