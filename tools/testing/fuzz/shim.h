/* SPDX-License-Identifier: GPL-2.0 */
/*
 * As much of the kernel as the pure parts of the driver use, for a program.
 *
 * Included before each file; the headers of the kernel that they ask for and
 * that there are not in user space are empty (see the Makefile).
 */
#ifndef _SVSM_RESET_FUZZ_SHIM_H
#define _SVSM_RESET_FUZZ_SHIM_H

#include <assert.h>
#include <ctype.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <linux/types.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int32_t s32;

#define U8_MAX			UINT8_MAX
#define U16_MAX			UINT16_MAX
#define U32_MAX			UINT32_MAX
#define U64_MAX			UINT64_MAX
#define SZ_4K			0x1000
#define MAX_ERRNO		4095

#define notrace
#define BIT(nr)			(1UL << (nr))
#define ARRAY_SIZE(array)	(sizeof(array) / sizeof((array)[0]))
#define IS_ALIGNED(value, to)	(!((value) & ((to) - 1)))

#define min_t(type, a, b)						\
	({								\
		type _a = (a), _b = (b);				\
		_a < _b ? _a : _b;					\
	})

#define min(a, b)							\
	({								\
		__auto_type _a = (a);					\
		__auto_type _b = (b);					\
		_a < _b ? _a : _b;					\
	})

#define struct_size_t(type, member, count)	offsetof(type, member[count])
#define strscpy(to, from)	snprintf(to, sizeof(to), "%s", from)

/* This runs where the driver does: little endian */
#define cpu_to_le16(value)	(value)
#define cpu_to_le32(value)	(value)
#define cpu_to_le64(value)	(value)
#define le16_to_cpu(value)	(value)
#define le32_to_cpu(value)	(value)
#define le64_to_cpu(value)	(value)

static inline u64 shim_get(const u8 *from, int bytes)
{
	u64 value = 0;

	memcpy(&value, from, bytes);
	return value;
}

static inline void shim_put(u64 value, u8 *to, int bytes)
{
	memcpy(to, &value, bytes);
}

#define get_unaligned_le16(from)	((u16)shim_get(from, 2))
#define get_unaligned_le24(from)	((u32)shim_get(from, 3))
#define get_unaligned_le32(from)	((u32)shim_get(from, 4))
#define get_unaligned_le64(from)	shim_get(from, 8)
#define put_unaligned_le16(value, to)	shim_put(value, to, 2)
#define put_unaligned_le24(value, to)	shim_put(value, to, 3)
#define put_unaligned_le32(value, to)	shim_put(value, to, 4)
#define put_unaligned_le64(value, to)	shim_put(value, to, 8)

/* Most of what a fuzzer does here: so not bit by bit */
static inline u32 crc32_le(u32 crc, const u8 *data, size_t len)
{
	static u32 table[256];
	u32 i, bit;

	for (i = 0; i < 256 && !table[255]; i++)
		for (table[i] = i, bit = 0; bit < 8; bit++)
			table[i] = table[i] >> 1 ^
				   (table[i] & 1 ? 0xedb88320 : 0);
	while (len--)
		crc = crc >> 8 ^ table[(crc ^ *data++) & 0xff];
	return crc;
}

static inline const void *memchr_inv(const void *from, int value, size_t len)
{
	const u8 *byte = from;

	for (; len; byte++, len--)
		if (*byte != (u8)value)
			return byte;
	return NULL;
}

/* What the fuzzer is to find: not only bytes that are not the driver's */
#define expect(condition)						\
	do {								\
		if (!(condition)) {					\
			fprintf(stderr, "%s:%d: not so: %s\n",		\
				__FILE__, __LINE__, #condition);	\
			abort();					\
		}							\
	} while (0)

/* By the name under which libFuzzer calls it */
int fuzz_one(const u8 *data, size_t len) __asm__("LLVMFuzzerTestOneInput");

#endif /* _SVSM_RESET_FUZZ_SHIM_H */
