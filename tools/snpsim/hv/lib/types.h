/* SPDX-License-Identifier: GPL-2.0 */
/* Types and small helpers for freestanding code. */
#ifndef SNPSIM_TYPES_H
#define SNPSIM_TYPES_H

#include <stdbool.h>
#include <stddef.h>

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long u64;
typedef signed long s64;

/* __packed, __printf(), static_assert() and their like come from the command line (Makefile). */

#define BIT_ULL(n)		(1UL << (n))
#define GENMASK_ULL(h, l)	((~0UL >> (63 - (h))) & (~0UL << (l)))
#define min(a, b)		({ typeof(a) _a = (a); typeof(b) _b = (b); _a < _b ? _a : _b; })

/* a is a power of two. */
static inline u64 align_up(u64 x, u64 a)
{
	return (x + a - 1) & ~(a - 1);
}

#define PAGE_SHIFT		12
#define PAGE_SIZE		4096UL
#define PAGE_MASK		(~(PAGE_SIZE - 1))
#define PAGES_PER_2M		512UL

/* CPUs access shared state only through these. */
#define READ_ONCE(x)		__atomic_load_n(&(x), __ATOMIC_ACQUIRE)
#define WRITE_ONCE(x, v)	__atomic_store_n(&(x), (v), __ATOMIC_RELEASE)
/* Orders stores before later loads, which the two above do not. */
#define smp_mb()		__atomic_thread_fence(__ATOMIC_SEQ_CST)

#endif
