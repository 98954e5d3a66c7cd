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

/* Would XSETBV accept it? Zero is the reset value. */
bool xcr0_valid(u64 xcr0)
{
	if (!xcr0)
		return true;
	return (xcr0 & XSTATE_X87) && !(xcr0 & ~(u64)all_states()) &&
	       (!(xcr0 & XSTATE_AVX) || (xcr0 & XSTATE_SSE));
}
