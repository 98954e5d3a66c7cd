// SPDX-License-Identifier: GPL-2.0
/*
 * Breakpoints are INT3 in the program's memory, but only while it runs: whoever looks at a
 * stopped one finds its own bytes. One whose address is not mapped yet, since the program
 * has to build its page tables first, is in a debug register of each CPU instead.
 */
#include "debug/debug.h"
#include "lib/lib.h"
#include "lib/x86.h"
#include "machine/gmem.h"

#define BREAKS			64
#define REGISTERS		4
#define INSN_INT3		0xcc
#define DR7_ENABLE(n)		(2UL << (n) * 2)	/* an instruction's, whatever task runs */

struct breakpoint {
	bool used, in_register;
	u64 address;
	u8 *byte, old;			/* where INT3 lies, and what was there; or NULL */
};

static struct breakpoint breaks[BREAKS];

static u8 *find_byte(u64 address)
{
	for (u32 i = 0; i < config->cpus; i++) {
		u8 *p = debug_byte(&vcpus[i], address);

		if (p)
			return p;
	}
	return NULL;
}

static bool needs_register(const struct breakpoint *b)
{
	return b->used && (b->in_register || !find_byte(b->address));
}

static u64 registers_needed(void)
{
	u64 n = 0;

	for (u32 i = 0; i < BREAKS; i++)
		n += needs_register(&breaks[i]);
	return n;
}

static struct breakpoint *find(u64 address, bool in_register)
{
	for (u32 i = 0; i < BREAKS; i++) {
		struct breakpoint *b = &breaks[i];

		if (b->used && b->address == address && b->in_register == in_register)
			return b;
	}
	return NULL;
}

static struct breakpoint *find_free(void)
{
	for (u32 i = 0; i < BREAKS; i++)
		if (!breaks[i].used)
			return &breaks[i];
	return NULL;
}

/* The registers of a CPU are in effect in the hypervisor as well. */
static bool fits_register(u64 address)
{
	return address < HV_BASE || address >= (u64)HV_BASE + HV_SIZE;
}

bool debug_break_set(u64 address, bool in_register)
{
	struct breakpoint *b = find(address, in_register);

	if (b)
		return true;
	b = find_free();
	if (!b)
		return false;
	*b = (struct breakpoint){ .used = true, .in_register = in_register, .address = address };
	if (needs_register(b) && (!fits_register(address) || registers_needed() > REGISTERS))
		b->used = false;
	return b->used;
}

bool debug_break_clear(u64 address, bool in_register)
{
	struct breakpoint *b = find(address, in_register);

	if (!b)
		return false;
	b->used = false;
	return true;
}

void debug_breaks_forget(void)
{
	memset(breaks, 0, sizeof(breaks));
}

/* All vCPUs have stopped, and go on now. */
void debug_breaks_lay(void)
{
	for (u32 i = 0; i < BREAKS; i++) {
		struct breakpoint *b = &breaks[i];

		b->byte = b->used && !b->in_register ? find_byte(b->address) : NULL;
		if (!b->byte)
			continue;
		b->old = READ_ONCE(*b->byte);
		WRITE_ONCE(*b->byte, INSN_INT3);
	}
}

/* The reverse, also in its order: two addresses may be the same byte. */
void debug_breaks_lift(void)
{
	for (u32 i = BREAKS; i--; ) {
		struct breakpoint *b = &breaks[i];

		/* The program may have written there meanwhile. */
		if (b->byte && READ_ONCE(*b->byte) == INSN_INT3)
			WRITE_ONCE(*b->byte, b->old);
		b->byte = NULL;
	}
}

/* Is that where gdb wants a stop? What was laid is INT3, all others are in registers. */
bool debug_breaks_at(u64 address, bool in_register)
{
	for (u32 i = 0; i < BREAKS; i++) {
		const struct breakpoint *b = &breaks[i];

		if (b->used && b->address == address && !b->byte == in_register)
			return true;
	}
	return false;
}

/* The addresses for DR0 to DR3; returns the bits that enable them in DR7. */
u64 debug_breaks_to_registers(u64 *dr)
{
	u64 dr7 = 0;
	u32 n = 0;

	memset(dr, 0, REGISTERS * sizeof(*dr));
	for (u32 i = 0; i < BREAKS && n < REGISTERS; i++) {
		if (!breaks[i].used || breaks[i].byte)
			continue;
		dr[n] = breaks[i].address;
		dr7 |= DR7_ENABLE(n);
		n++;
	}
	return dr7;
}

/* INT3, INT n or INTO at VMPL 0 was intercepted. Was it one of these? */
bool debug_swint(struct vcpu *v)
{
	if (!debug_is_on() || v->cur->vmpl || !debug_breaks_at(v->cur->vmcb->save.rip, false))
		return false;
	debug_stop(v, STOP_BREAK);
	return true;
}
