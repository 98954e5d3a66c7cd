// SPDX-License-Identifier: GPL-2.0
/* Memory and strings; the compiler calls some of these by itself. */
#include "lib/lib.h"

void *memcpy(void *dst, const void *src, size_t n)
{
	u64 *d = dst;
	const u64 *s = src;
	u8 *db;
	const u8 *sb;

	for (; n >= 8; n -= 8)
		*d++ = *s++;
	db = (u8 *)d;
	sb = (const u8 *)s;
	while (n--)
		*db++ = *sb++;
	return dst;
}

void *memset(void *dst, int c, size_t n)
{
	u64 pattern = 0x0101010101010101UL * (u8)c;
	u64 *d = dst;
	u8 *db;

	for (; n >= 8; n -= 8)
		*d++ = pattern;
	db = (u8 *)d;
	while (n--)
		*db++ = c;
	return dst;
}

int memcmp(const void *a, const void *b, size_t n)
{
	const u8 *x = a, *y = b;

	for (; n; n--, x++, y++)
		if (*x != *y)
			return *x - *y;
	return 0;
}

size_t strlen(const char *s)
{
	size_t n = 0;

	while (s[n])
		n++;
	return n;
}

int strcmp(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	return (u8)*a - (u8)*b;
}

/* Copies as much as fits and always terminates; returns the length of src. */
size_t copy_string(char *dst, const char *src, size_t size)
{
	size_t len = strlen(src), n;

	if (size) {
		n = min(len, size - 1);
		memcpy(dst, src, n);
		dst[n] = 0;
	}
	return len;
}

/* dst takes at least 21 bytes. */
void put_decimal(char *dst, u64 v)
{
	char digits[20];
	int n = 0;

	do {
		digits[n++] = '0' + v % 10;
		v /= 10;
	} while (v);
	while (n)
		*dst++ = digits[--n];
	*dst = 0;
}
