// SPDX-License-Identifier: GPL-2.0
/* The serial console: COM1, polled, and the small printf that this guest needs. */
#include "cpu.h"
#include "format.h"
#include "report.h"

#define COM1		0x3f8
#define LSR_EMPTY	0x20

static u32 console_lock;

void console_init(void)
{
	outb(COM1 + 1, 0);
	outb(COM1 + 3, 0x80);
	outb(COM1 + 0, 1);
	outb(COM1 + 1, 0);
	outb(COM1 + 3, 3);
	outb(COM1 + 2, 7);
}

static void put(char c)
{
	if (c == '\n')
		put('\r');
	while (!(inb(COM1 + 5) & LSR_EMPTY))
		;
	outb(COM1, c);
}

static char *number(char *to, char *end, u64 n, unsigned int base, int width, char pad)
{
	char digits[32];
	int i = 0;

	do {
		digits[i++] = "0123456789abcdef"[n % base];
		n /= base;
	} while (n);
	while (i < width && i < (int)sizeof(digits))
		digits[i++] = pad;
	while (i && to < end)
		*to++ = digits[--i];
	return to;
}

/* Always terminates the text; cuts off what does not fit. */
void vformat(char *to, size_t size, const char *f, va_list ap)
{
	char *end = to + size - 1;
	bool wide;

	for (; *f && to < end; f++) {
		char pad = ' ';
		int width = 0;
		u64 n;

		if (*f != '%') {
			*to++ = *f;
			continue;
		}
		f++;
		if (*f == '0')
			pad = *f++;
		while (*f >= '0' && *f <= '9')
			width = width * 10 + *f++ - '0';
		wide = *f == 'l';
		if (wide)
			f++;
		switch (*f) {
		case 's':
			for (const char *s = va_arg(ap, char *); *s && to < end; s++)
				*to++ = *s;
			break;
		case 'c':
			*to++ = va_arg(ap, int);
			break;
		case 'd':
		case 'u':
		case 'x':
			n = wide ? va_arg(ap, u64) : va_arg(ap, u32);
			to = number(to, end, n, *f == 'x' ? 16 : 10, width, pad);
			break;
		default:
			*to++ = *f;
		}
	}
	*to = 0;
}

void say(const char *f, ...)
{
	char line[256];
	va_list ap;

	va_start(ap, f);
	vformat(line, sizeof(line), f, ap);
	va_end(ap);
	while (__atomic_exchange_n(&console_lock, 1, __ATOMIC_ACQUIRE))
		cpu_relax();
	for (char *c = line; *c; c++)
		put(*c);
	put('\n');
	store(&console_lock, 0);
}
