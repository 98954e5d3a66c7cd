/* SPDX-License-Identifier: GPL-2.0 */
/* The simulator's types, and what this guest needs in addition. */
#ifndef SELFTEST_TYPES_H
#define SELFTEST_TYPES_H

#include <stdarg.h>

#include "lib/types.h"

#define BIT(n)		(1UL << (n))
#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define HUGE_SIZE	0x200000UL

/* For memory that another CPU or the host changes. */
#define load(p)		__atomic_load_n(p, __ATOMIC_ACQUIRE)
#define store(p, v)	__atomic_store_n(p, v, __ATOMIC_RELEASE)

void *memcpy(void *to, const void *from, size_t n);
void *memset(void *to, int c, size_t n);
int memcmp(const void *a, const void *b, size_t n);
size_t strlen(const char *s);
int strncmp(const char *a, const char *b, size_t n);
char *strstr(const char *s, const char *what);
u64 parse_number(const char *s);

#endif
