/* SPDX-License-Identifier: GPL-2.0 */
/* Strings, locks, time, log and events. */
#ifndef SNPSIM_LIB_H
#define SNPSIM_LIB_H

#include "lib/types.h"

void *memcpy(void *dst, const void *src, size_t n);
void *memset(void *dst, int c, size_t n);
int memcmp(const void *a, const void *b, size_t n);
size_t strlen(const char *s);
int strcmp(const char *a, const char *b);
size_t copy_string(char *dst, const char *src, size_t size);
void put_decimal(char *dst, u64 v);

/* sha256.c */
#define SHA256_SIZE		32
void sha256(const void *data, size_t len, u8 *hash);

struct lock {
	int held;
	u64 owner;			/* the CPU that holds it, by its stack */
};

void lock(struct lock *l);
void unlock(struct lock *l);
bool lock_unless_ours(struct lock *l);

void time_init(void);
u64 now_ns(void);
u64 tsc_hz(void);
void udelay(u64 us);

/* Free text for the simulator's log. */
void hv_log(const char *fmt, ...) __printf(1, 2);

/* One event: begin, keys, end. event_begin() locks the console, event_end() unlocks it. */
struct vcpu;
void event_begin(const char *name);
void event_u64(const char *key, u64 v);
void event_hex(const char *key, u64 v);
void event_str(const char *key, const char *v);
void event_bool(const char *key, bool v);
void event_array_begin(const char *key);
void event_array_end(void);
void event_object_begin(const char *key);
void event_object_end(void);
void event_item_hex(u64 v);
void event_end(void);
/* Sets the boot number that later events carry. */
void event_set_boot(u64 boot);

/* Ends of a run. */
void hv_exit(void) __noreturn;
void hv_panic(const char *fmt, ...) __printf(1, 2) __noreturn;

/* alloc.c */
extern char __hv_end[];			/* hv.lds */
void *alloc_pages(u64 n);

#endif
