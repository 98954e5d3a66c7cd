// SPDX-License-Identifier: GPL-2.0
/*
 * x87, SSE, AVX, PKRU and XCR0 of a context. The hypervisor is built without them, so they
 * stay in the processor while the context runs; XSAVE takes them out, XRSTOR puts them in.
 */
#include "lib/lib.h"
#include "lib/x86.h"
#include "machine/fpu.h"
#include "machine/vmsa.h"

#define XSTATE_X87		BIT_ULL(0)
#define XSTATE_SSE		BIT_ULL(1)
#define XSTATE_AVX		BIT_ULL(2)
#define XSTATE_PKRU		BIT_ULL(9)
#define FCW_RESET		0x40		/* APM volume 2, table 14-1 */
#define FCW_INIT		0x37f
#define TAG_VALID		0
#define TAG_ZERO		1
#define TAG_SPECIAL		2
#define TAG_EMPTY		3

/* The standard format (APM volume 2, 11.5.2); PKRU is where CPUID says. */
struct xsave_area {
	u16 fcw, fsw;
	u8 ftw, rsvd0;			/* a bit for each register that is not empty */
	u16 fop;
	u64 rip, dp;
	u32 mxcsr, mxcsr_mask;
	u8 x87[8][16];
	u8 xmm[16][16];
	u8 rsvd1[96];
	u64 xstate_bv, xcomp_bv;
	u8 rsvd2[48];
	u8 ymm[16][16];
} __packed;

static_assert(offsetof(struct xsave_area, xstate_bv) == 512, "xsave");
static_assert(offsetof(struct xsave_area, ymm) == 576, "xsave");

/* All that XCR0 may enable */
static u32 all_states(void)
{
	u32 r[4];

	cpuid(0xd, 0, r);
	return r[0];
}

static u32 *pkru(const struct context *c)
{
	u32 r[4];

	cpuid(0xd, 9, r);
	return (u32 *)(c->fpu + r[1]);
}

static void xsetbv(u64 xcr0)
{
	asm volatile("xsetbv" : : "c"(0), "a"((u32)xcr0), "d"((u32)(xcr0 >> 32)));
}

void fpu_reset(struct context *c)
{
	struct xsave_area *a = (struct xsave_area *)c->fpu;

	memset(a, 0, XSAVE_AREA_SIZE);
	a->fcw = FCW_RESET;
	a->mxcsr = MXCSR_RESET;
	/* All else is in its initial state. */
	a->xstate_bv = XSTATE_X87 | XSTATE_SSE;
	c->xcr0 = XSTATE_X87;
}

/* Runs on the context's own CPU. */
void fpu_to_cpu(const struct context *c)
{
	u32 all = all_states();

	write_cr4(read_cr4() | CR4_OSFXSR | CR4_OSXSAVE);
	xsetbv(all);
	asm volatile("fninit");
	asm volatile("xrstor %0" : : "m"(*c->fpu), "a"(all), "d"(0) : "memory");
	xsetbv(c->xcr0);
}

static u64 xgetbv(void)
{
	u32 lo, hi;

	asm volatile("xgetbv" : "=a"(lo), "=d"(hi) : "c"(0));
	return lo | (u64)hi << 32;
}

/* fpu_to_cpu() has enabled XSAVE on this CPU. */
void fpu_from_cpu(struct context *c)
{
	u32 all = all_states();

	c->xcr0 = xgetbv();
	xsetbv(all);
	asm volatile("xsave %0" : "+m"(*(struct xsave_area *)c->fpu)
		     : "a"(all), "d"(0) : "memory");
}

/* The VMSA has the tag word itself, XSAVE only which registers are not empty. */
static u8 short_tags(u16 tags)
{
	u8 used = 0;

	for (u32 i = 0; i < 8; i++)
		if ((tags >> 2 * i & 3) != TAG_EMPTY)
			used |= 1 << i;
	return used;
}

/* QEMU has no x87 instruction and data pointers. */
void fpu_from_vmsa(struct context *c, const struct vmsa *p)
{
	struct xsave_area *a = (struct xsave_area *)c->fpu;

	memset(a, 0, XSAVE_AREA_SIZE);
	a->fcw = p->x87_fcw;
	a->fsw = p->x87_fsw;
	a->ftw = short_tags(p->x87_ftw);
	a->mxcsr = p->mxcsr & MXCSR_BITS;
	for (u32 i = 0; i < 8; i++)
		memcpy(a->x87[i], p->x87[i], sizeof(p->x87[i]));
	memcpy(a->xmm, p->xmm, sizeof(a->xmm));
	memcpy(a->ymm, p->ymm, sizeof(a->ymm));
	a->xstate_bv = all_states();
	if (a->xstate_bv & XSTATE_PKRU)
		*pkru(c) = p->pkru;
	c->xcr0 = p->xcr0 ? p->xcr0 : XSTATE_X87;
}

/* What the tag word says of a register's contents */
static u32 tag_of(const u8 *st)
{
	u16 exponent = (st[8] | st[9] << 8) & 0x7fff;
	u64 mantissa;

	memcpy(&mantissa, st, sizeof(mantissa));
	if (!exponent && !mantissa)
		return TAG_ZERO;
	return exponent == 0x7fff || !(mantissa >> 63) ? TAG_SPECIAL : TAG_VALID;
}

/* Tags are by register, the contents by their place on the stack. */
static u16 long_tags(const struct xsave_area *a)
{
	u32 top = a->fsw >> 11 & 7, tags = 0;

	for (u32 i = 0; i < 8; i++) {
		u32 tag = a->ftw >> i & 1 ? tag_of(a->x87[(i - top) & 7]) : TAG_EMPTY;

		tags |= tag << 2 * i;
	}
	return tags;
}

/* What a component that XSAVE has found in its initial state looks like */
static void write_out_initial(struct xsave_area *a, u64 missing)
{
	if (missing & XSTATE_X87) {
		a->fcw = FCW_INIT;
		a->fsw = 0;
		a->ftw = 0;
		memset(a->x87, 0, sizeof(a->x87));
	}
	if (missing & XSTATE_SSE)
		memset(a->xmm, 0, sizeof(a->xmm));
	if (missing & XSTATE_AVX)
		memset(a->ymm, 0, sizeof(a->ymm));
}

/* The context has been taken out of the processor. */
void fpu_to_vmsa(const struct context *c, struct vmsa *p)
{
	struct xsave_area *a = (struct xsave_area *)c->fpu;
	u64 all = all_states();

	write_out_initial(a, all & ~a->xstate_bv);
	if (all & XSTATE_PKRU)
		p->pkru = a->xstate_bv & XSTATE_PKRU ? *pkru(c) : 0;
	p->x87_fcw = a->fcw;
	p->x87_fsw = a->fsw;
	p->x87_ftw = long_tags(a);
	p->mxcsr = a->mxcsr;
	for (u32 i = 0; i < 8; i++)
		memcpy(p->x87[i], a->x87[i], sizeof(p->x87[i]));
	memcpy(p->xmm, a->xmm, sizeof(a->xmm));
	memcpy(p->ymm, a->ymm, sizeof(a->ymm));
	p->xcr0 = c->xcr0;
}

/* Would XSETBV accept it? Zero is the reset value. */
bool xcr0_valid(u64 xcr0)
{
	if (!xcr0)
		return true;
	return (xcr0 & XSTATE_X87) && !(xcr0 & ~(u64)all_states()) &&
	       (!(xcr0 & XSTATE_AVX) || (xcr0 & XSTATE_SSE));
}

/* Of what a VMSA holds: is it the same in both areas? */
bool fpu_differs(const struct context *c, const struct context *d)
{
	const struct xsave_area *a = (const struct xsave_area *)c->fpu;
	const struct xsave_area *b = (const struct xsave_area *)d->fpu;

	if (a->fcw != b->fcw || a->fsw != b->fsw || a->ftw != b->ftw || a->mxcsr != b->mxcsr)
		return true;
	for (u32 i = 0; i < 8; i++)
		if (memcmp(a->x87[i], b->x87[i], 10))
			return true;
	return memcmp(a->xmm, b->xmm, sizeof(a->xmm)) || memcmp(a->ymm, b->ymm, sizeof(a->ymm));
}
