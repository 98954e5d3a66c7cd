// SPDX-License-Identifier: GPL-2.0
/*
 * What PVALIDATE and RMPADJUST do to the RMP. Its entries are of 4 KiB here. An operation
 * on 2 MiB is one on 512 entries that have all one state, as an entry of 2 MiB has.
 */
#include "machine/rmp.h"
#include "machine/rmp_insn.h"
#include "machine/svm.h"

static u64 count_pages(bool large)
{
	return large ? PAGES_PER_2M : 1;
}

/* The first page of an operand that is not assigned to the guest, or ~0 */
u64 rmp_not_assigned(u64 gpa, bool large)
{
	for (u64 i = 0; i < count_pages(large); i++) {
		enum page_state state = page_state(gpa + (i << PAGE_SHIFT));

		if (state != PAGE_PRIVATE && state != PAGE_VALID)
			return gpa + (i << PAGE_SHIFT);
	}
	return ~0UL;
}

static bool one_state(u64 gfn, u64 n)
{
	for (u64 i = 1; i < n; i++)
		if ((rmp[gfn + i] & PAGE_STATE) != (rmp[gfn] & PAGE_STATE))
			return false;
	return true;
}

enum rmp_result rmp_pvalidate(u64 gpa, bool large, bool validate, bool *changed)
{
	u64 gfn = gpa >> PAGE_SHIFT, n = count_pages(large);
	u8 state = validate ? PAGE_VALID : PAGE_PRIVATE;

	*changed = false;
	if (!one_state(gfn, n))
		return RMP_FAIL_SIZE;
	*changed = (rmp[gfn] & PAGE_STATE) != state;
	for (u64 i = 0; *changed && i < n; i++)
		page_set(gfn + i, (rmp[gfn + i] & ~PAGE_STATE) | state);
	return RMP_DONE;
}

/* VMPL 0 executes this; it has all rights itself. */
enum rmp_result rmp_adjust(u64 gpa, bool large, u32 vmpl, u32 rights, bool vmsa)
{
	u64 gfn = gpa >> PAGE_SHIFT, n = count_pages(large);

	if (vmpl >= VMPLS)
		return RMP_FAIL_INPUT;
	if (!vmpl)
		return RMP_FAIL_PERMISSION;
	if (!one_state(gfn, n))
		return RMP_FAIL_SIZE;
	for (u64 i = 0; i < n; i++)
		if (rmp[gfn + i] & PAGE_IN_USE)
			return RMP_FAIL_IN_USE;
	for (u64 i = 0; i < n; i++)
		page_set_rights(gfn + i, vmpl, rights, vmsa);
	return RMP_DONE;
}
