// SPDX-License-Identifier: GPL-2.0
/*
 * Breakpoints are INT3 in the program's memory, but only while it runs: a look at a stopped
 * one finds its own bytes. One whose address is not mapped yet, since the program has to
 * build its page tables first, is in a debug register of each CPU instead.
 */
#include "debug/debug.h"
#include "lib/lib.h"
#include "lib/x86.h"
#include "machine/gmem.h"
#include "machine/rmp.h"

#define BREAKS			64
#define REGISTERS		4
#define INSN_INT3		0xcc
#define DR7_ENABLE(n)		(2UL << (n) * 2)	/* an instruction's, whatever task runs */

struct breakpoint {
	bool used, in_register;
	u64 address;
	bool placed;			/* it is in effect */
	u8 *byte, old;			/* where INT3 lies, and what was there; or NULL */
};

static struct breakpoint breaks[BREAKS];

/*
 * Where paging is off, every address is mapped. A program that is still to be moved to its
 * own has nothing there, so only pages that were launched or validated count.
 */
static u8 *byte_of(const struct vcpu *v, u64 address)
{
	u8 *p = debug_byte(v, address);

	if (p && !(v->ctx[0].vmcb->save.cr0 & CR0_PG) && page_state(address) != PAGE_VALID)
		return NULL;
	return p;
}

static u8 *find_byte(u64 address)
{
	for (u32 i = 0; i < config->cpus; i++) {
		u8 *p = byte_of(&vcpus[i], address);

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

static void lay(struct breakpoint *b)
{
	b->old = READ_ONCE(*b->byte);
	WRITE_ONCE(*b->byte, INSN_INT3);
}

/*
 * All vCPUs have stopped, and go on now. What was mapped when gdb set it may be so no more,
 * and find all registers taken.
 */
void debug_breaks_lay(void)
{
	u32 registers = 0;

	for (u32 i = 0; i < BREAKS; i++) {
		struct breakpoint *b = &breaks[i];

		b->placed = b->used;
		b->byte = b->used && !b->in_register ? find_byte(b->address) : NULL;
		if (b->byte) {
			lay(b);
		} else if (b->used && (!fits_register(b->address) || ++registers > REGISTERS)) {
			b->placed = false;
			hv_log("gdb: no debug register for the breakpoint at %lx", b->address);
		}
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

		if (b->placed && b->address == address && !b->byte == in_register)
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
		if (!breaks[i].placed || breaks[i].byte)
			continue;
		dr[n] = breaks[i].address;
		dr7 |= DR7_ENABLE(n);
		n++;
	}
	return dr7;
}

static bool was_laid(const u8 *p)
{
	for (u32 i = 0; p && i < BREAKS; i++)
		if (breaks[i].byte == p)
			return true;
	return false;
}

/*
 * INT3, INT n or INTO at VMPL 0 was intercepted. Was it one of these? The byte decides: it
 * may be mapped at more addresses than gdb's.
 */
bool debug_swint(struct vcpu *v)
{
	if (!debug_is_on() || v->cur->vmpl || !was_laid(guest_code_ptr(v)))
		return false;
	debug_stop(v, debug_breaks_at(v->cur->vmcb->save.rip, false) ? STOP_BREAK : STOP_TRAP);
	return true;
}
