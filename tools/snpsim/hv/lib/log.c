// SPDX-License-Identifier: GPL-2.0
/*
 * The debug console: free text for the log, and events, one JSON object a line. The CLI
 * takes each line that begins with '{' for an event.
 */
#include <stdarg.h>

#include "lib/layout.h"
#include "lib/lib.h"
#include "lib/x86.h"

static struct lock console;
static u64 event_boot;
static bool event_comma;

/* Identifies the CPU by its stack. Never zero. */
static u64 this_stack(void)
{
	u64 sp;

	asm volatile("mov %%rsp, %0" : "=r"(sp));
	return sp >> CPU_STACK_SHIFT;
}

void lock(struct lock *l)
{
	while (__atomic_exchange_n(&l->held, 1, __ATOMIC_ACQUIRE))
		while (READ_ONCE(l->held))
			cpu_relax();
	WRITE_ONCE(l->owner, this_stack());
}

void unlock(struct lock *l)
{
	WRITE_ONCE(l->owner, 0);
	WRITE_ONCE(l->held, 0);
}

/* Returns true if this CPU did not hold it: then it unlocks it, too. */
bool lock_unless_ours(struct lock *l)
{
	if (READ_ONCE(l->owner) == this_stack())
		return false;
	lock(l);
	return true;
}

static void putc(char c)
{
	out8(PORT_DEBUGCON, c);
}

static void puts(const char *s)
{
	while (*s)
		putc(*s++);
}

static void put_number(u64 v, unsigned int base)
{
	char digits[20];
	int n = 0;

	do {
		digits[n++] = "0123456789abcdef"[v % base];
		v /= base;
	} while (v);
	while (n)
		putc(digits[--n]);
}

/* Takes %s %c %u %d %x, each with or without l. */
static void put_format(const char *fmt, va_list ap)
{
	for (; *fmt; fmt++) {
		bool wide = false;

		if (*fmt != '%') {
			putc(*fmt);
			continue;
		}
		fmt++;
		if (*fmt == 'l') {
			wide = true;
			fmt++;
		}
		switch (*fmt) {
		case 's':
			puts(va_arg(ap, const char *));
			break;
		case 'c':
			putc(va_arg(ap, int));
			break;
		case 'u':
		case 'd':
			put_number(wide ? va_arg(ap, u64) : va_arg(ap, u32), 10);
			break;
		case 'x':
			put_number(wide ? va_arg(ap, u64) : va_arg(ap, u32), 16);
			break;
		default:
			putc(*fmt);
		}
	}
}

void hv_log(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	lock(&console);
	puts("snpsim: ");
	put_format(fmt, ap);
	putc('\n');
	unlock(&console);
	va_end(ap);
}

static void put_key(const char *key)
{
	if (event_comma)
		putc(',');
	if (key) {
		putc('"');
		puts(key);
		puts("\":");
	}
	event_comma = true;
}

void event_u64(const char *key, u64 v)
{
	put_key(key);
	put_number(v, 10);
}

void event_hex(const char *key, u64 v)
{
	put_key(key);
	puts("\"0x");
	put_number(v, 16);
	putc('"');
}

/* Nothing in v is escaped: callers pass only characters that need no escape. */
void event_str(const char *key, const char *v)
{
	put_key(key);
	putc('"');
	puts(v);
	putc('"');
}

void event_bool(const char *key, bool v)
{
	put_key(key);
	puts(v ? "true" : "false");
}

void event_array_begin(const char *key)
{
	put_key(key);
	putc('[');
	event_comma = false;
}

void event_array_end(void)
{
	putc(']');
	event_comma = true;
}

void event_object_begin(const char *key)
{
	put_key(key);
	putc('{');
	event_comma = false;
}

void event_object_end(void)
{
	putc('}');
	event_comma = true;
}

void event_item_hex(u64 v)
{
	event_hex(NULL, v);
}

void event_begin(const char *name)
{
	lock(&console);
	event_comma = false;
	putc('{');
	event_str("event", name);
	event_u64("t", now_ns());
	if (event_boot)
		event_u64("boot", event_boot);
}

void event_end(void)
{
	puts("}\n");
	unlock(&console);
}

void event_set_boot(u64 boot)
{
	event_boot = boot;
}

/* isa-debug-exit ends QEMU. The events say why. */
void hv_exit(void)
{
	out32(PORT_DEBUG_EXIT, 0);
	for (;;)
		asm volatile("cli; hlt");
}

void hv_panic(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	/* Take no lock: the failing CPU may hold the console's. */
	puts("\nsnpsim: panic: ");
	put_format(fmt, ap);
	putc('\n');
	va_end(ap);
	hv_exit();
}
