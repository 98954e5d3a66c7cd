// SPDX-License-Identifier: GPL-2.0
/* Guest memory as the hypervisor sees it, and the guest's own page tables. */
#include "lib/lib.h"
#include "lib/x86.h"
#include "machine/gmem.h"
#include "machine/rmp.h"
#include "machine/svm.h"
#include "machine/vcpu.h"

#define GUEST_PTE_ADDR		(GENMASK_ULL(CBIT - 1, 12))

/* A pointer to guest RAM, or NULL if any of it is not RAM. */
void *gpa_ptr(u64 gpa, u64 len)
{
	gpa &= ~CBIT_MASK;
	if (!len || gpa + len < gpa)
		return NULL;
	for (u64 p = gpa & PAGE_MASK; p < gpa + len; p += PAGE_SIZE)
		if (!page_is_ram(p))
			return NULL;
	return (void *)gpa;
}

/*
 * Translate an address by the guest's own tables: four-level long mode, or no paging at
 * all. *size is that of the page that maps it.
 */
int context_walk(const struct context *c, u64 va, u64 *pa, u64 *size)
{
	const struct vmcb_save *s = &c->vmcb->save;
	u64 e = s->cr3;

	if (!(s->cr0 & CR0_PG)) {
		*pa = va & 0xffffffff;
		*size = PAGE_SIZE;
		return 0;
	}
	if (!(s->efer & EFER_LMA))
		return -1;
	for (int shift = 39; ; shift -= 9) {
		u64 *table = gpa_ptr(e & GUEST_PTE_ADDR, PAGE_SIZE), offset = BIT_ULL(shift) - 1;

		if (!table)
			return -1;
		e = table[va >> shift & 511];
		if (!(e & PTE_PRESENT))
			return -1;
		if (shift == 12 || (shift < 39 && (e & PTE_LARGE))) {
			*pa = (e & GUEST_PTE_ADDR & ~offset) | (va & offset);
			*size = offset + 1;
			return 0;
		}
	}
}

int guest_walk(struct vcpu *v, u64 va, u64 *pa, u64 *size)
{
	return context_walk(v->cur, va, pa, size);
}

static int guest_translate(struct vcpu *v, u64 va, u64 *pa)
{
	u64 size;

	return guest_walk(v, va, pa, &size);
}

static int guest_access(struct vcpu *v, u64 va, void *buf, u64 n, bool write)
{
	while (n) {
		u64 pa, chunk = min(PAGE_SIZE - (va & ~PAGE_MASK), n);
		void *p;

		if (guest_translate(v, va, &pa))
			return -1;
		p = gpa_ptr(pa, chunk);
		if (!p)
			return -1;
		if (write)
			memcpy(p, buf, chunk);
		else
			memcpy(buf, p, chunk);
		va += chunk;
		buf += chunk;
		n -= chunk;
	}
	return 0;
}

int guest_read(struct vcpu *v, u64 va, void *buf, u64 n)
{
	return guest_access(v, va, buf, n, false);
}

int guest_write(struct vcpu *v, u64 va, const void *buf, u64 n)
{
	return guest_access(v, va, (void *)buf, n, true);
}

/* Compatibility mode is not 64-bit mode. */
bool in_64bit_mode(const struct vcpu *v)
{
	const struct vmcb_save *s = &v->cur->vmcb->save;

	return (s->efer & EFER_LMA) && (s->cs.attr & SEG_ATTR_L);
}

/* CS:RIP */
static u64 code_address(struct vcpu *v)
{
	struct vmcb_save *s = &v->cur->vmcb->save;

	return in_64bit_mode(v) ? s->rip : (u32)(s->cs.base + s->rip);
}

int guest_fetch(struct vcpu *v, u8 *buf, u64 n)
{
	return guest_read(v, code_address(v), buf, n);
}

/* A pointer to the next instruction, or NULL if it is not in RAM. */
u8 *guest_code_ptr(struct vcpu *v)
{
	u64 pa;

	return guest_translate(v, code_address(v), &pa) ? NULL : gpa_ptr(pa, 1);
}
