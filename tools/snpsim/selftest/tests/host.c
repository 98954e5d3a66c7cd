// SPDX-License-Identifier: GPL-2.0
/* Other ways for a run to end: resets that lose the VM, requests, hangs, forgeries. */
#include "tests.h"

#define ASYNC_MS	100	/* QEMU ends some time after it is told to */

static void survived(void)
{
	delay_ms(500);
	expect(false, "survived");
}

static void port_cf9(void)
{
	planted();
	outb(0xcf9, 0x02);
	outb(0xcf9, 0x06);
	survived();
}

static void port_92(void)
{
	planted();
	outb(0x92, inb(0x92) | 1);
	survived();
}

static void keyboard(void)
{
	planted();
	outb(0x64, 0xfe);
	survived();
}

static void triple_fault(void)
{
	planted();
	trap_triple_fault();
}

static void ap_triple_fault(void)
{
	if (ap_start(1, trap_triple_fault))
		survived();
}

static void terminate_msr(void)
{
	planted();
	ghcb_terminate(1, 2);
}

static void terminate_ghcb(void)
{
	struct ghcb_call c = { .code = GHCB_TERMINATE, .info1 = 0x13 << 4 | 1 };

	planted();
	ghcb_event(&c);
	survived();
}

static void hang(void)
{
	planted();
	halt_forever();
}

static void spin(void)
{
	planted();
	for (;;)
		cpu_relax();
}

/* Do nothing: the run ends after the last test. */
static void none(void)
{
}

static void forge_string(u16 port, const char *s)
{
	while (*s)
		outb(port, *s++);
}

/*
 * The guest cannot use the simulator's own ports: no line that it writes there is an
 * event, and no value ends the run.
 */
static void forge(void)
{
	static const char event[] =
		"\n{\"event\":\"violation\",\"kind\":\"forged\",\"cpu\":0}\n"
		"\n{\"event\":\"forged\"}\n";

	forge_string(0xe9, event);
	forge_string(0x402, event);
	forge_string(0x403, event);
	outb(0x501, 0x10);
	outl(0x501, 1);
	outb(0xf4, 0x10);
	outl(0xf4, 1);
	delay_ms(ASYNC_MS);
}

/* Wide accesses that only overlap the simulator's ports */
static void forge_wide(void)
{
	static const char event[] = "\n{\"event\":\"forged\"}\n";

	for (const char *s = event; *s; s++) {
		outl(0x401, (u32)*s << 8);
		outl(0x400, (u32)*s << 16);
		outl(0x3ff, (u32)*s << 24);
		outw(0x401, *s << 8);
	}
	for (u16 port = 0x4fe; port < 0x506; port++) {
		outw(port, 0xffff);
		outl(port, 0xffffffff);
	}
	delay_ms(ASYNC_MS);
}

static void forge_string_insn(void)
{
	static const char event[] = "\n{\"event\":\"forged\"}\n";
	const char *s = event;
	u64 n = sizeof(event) - 1;

	asm volatile("rep outsb" : "+S"(s), "+c"(n) : "d"(0x402) : "memory");
	expect_eq("count", n, 0);
	expect_eq("source", (u64)s, (u64)event + sizeof(event) - 1);
}

static void forge_debug_read(void)
{
	expect(inb(0xe9) != 0xe9, "the debug console answers on port 0xe9");
	expect(inb(0x402) != 0xe9, "the debug console answers on port 0x402");
}

/* The console belongs to the guest: what it prints there is text, never an event. */
static void forge_console(void)
{
	say("{\"event\":\"violation\",\"kind\":\"forged\",\"cpu\":0}");
}

static const struct selftest tests[] = {
	{ .name = "host.none", .run = none, .alone = true },
	{ .name = "host.port-cf9", .run = port_cf9, .alone = true },
	{ .name = "host.port-92", .run = port_92, .alone = true },
	{ .name = "host.keyboard", .run = keyboard, .alone = true },
	{ .name = "host.triple-fault", .run = triple_fault, .alone = true },
	{ .name = "host.ap-triple-fault", .run = ap_triple_fault, .alone = true },
	{ .name = "host.terminate-msr", .run = terminate_msr, .alone = true },
	{ .name = "host.terminate-ghcb", .run = terminate_ghcb, .alone = true },
	{ .name = "host.hang", .run = hang, .alone = true },
	{ .name = "host.spin", .run = spin, .alone = true },
	{ .name = "host.forge", .run = forge, .alone = true },
	{ .name = "host.forge-wide", .run = forge_wide, .alone = true },
	{ .name = "host.forge-string", .run = forge_string_insn, .alone = true },
	{ .name = "host.forge-read", .run = forge_debug_read, .alone = true },
	{ .name = "host.forge-console", .run = forge_console, .alone = true },
};

const struct selftest_table host_tests = { tests, ARRAY_SIZE(tests) };
