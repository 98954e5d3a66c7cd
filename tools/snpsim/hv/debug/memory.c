// SPDX-License-Identifier: GPL-2.0
/*
 * Memory as VMPL 0 of a vCPU has it mapped. Validated or not, gdb sees what is there: only
 * devices and what no table maps it does not see.
 */
#include "debug/debug.h"
#include "lib/lib.h"
#include "lib/x86.h"
#include "machine/gmem.h"

#define FOUR_GIB		BIT_ULL(32)
#define SIGN_SHIFT		47

/* context_walk() takes no notice of bits that no table has. */
static bool is_address(const struct context *c, u64 va)
{
	s64 sign = (s64)va >> SIGN_SHIFT;

	if (!(c->vmcb->save.cr0 & CR0_PG))
		return va < FOUR_GIB;
	return sign == 0 || sign == -1;
}

/* A pointer to what the program has at va, or NULL */
u8 *debug_byte(const struct vcpu *v, u64 va)
{
	const struct context *c = &v->ctx[0];
	u64 pa, size;

	/* Without a VMSA it has never run. */
	if (!c->vmsa || !is_address(c, va))
		return NULL;
	return context_walk(c, va, &pa, &size) ? NULL : gpa_ptr(pa, 1);
}

/* Both return how many bytes there were. */
u64 debug_read(const struct vcpu *v, u64 va, u8 *buf, u64 n)
{
	for (u64 i = 0; i < n; i++) {
		const u8 *p = debug_byte(v, va + i);

		if (!p)
			return i;
		buf[i] = *p;
	}
	return n;
}

u64 debug_write(const struct vcpu *v, u64 va, const u8 *buf, u64 n)
{
	for (u64 i = 0; i < n; i++) {
		u8 *p = debug_byte(v, va + i);

		if (!p)
			return i;
		*p = buf[i];
	}
	return n;
}
