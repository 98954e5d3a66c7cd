// SPDX-License-Identifier: GPL-2.0
/*
 * INT3, INT n and INTO. A host does not intercept these of an SNP guest. This one does
 * because TCG may go on running code that another CPU has changed: after TCG has discarded
 * a translation and before it has stored the new bytes, another CPU can translate the old
 * bytes again (seen with QEMU 10.0.2; trap.patched-code of the self-tests). Linux changes
 * its code behind an INT3 at every jump label, and an INT3 that is no longer there is an
 * oops.
 *
 * The bytes in memory decide. TCG gives no length, so they are decoded.
 */
#include "debug/debug.h"
#include "exits/exits.h"
#include "lib/x86.h"
#include "machine/gmem.h"
#include "machine/inject.h"
#include "machine/svm.h"
#include "machine/vcpu.h"

#define INSN_INT3		0xcc
#define INSN_INT		0xcd
#define INSN_INTO		0xce
#define MAX_INSN		15
#define VECTOR_BP		3
#define VECTOR_OF		4

#define GATE_TYPE		5	/* the byte with type, DPL and present */
#define GATE_PRESENT		0x80
#define GATE_ERR(vector)	((vector) << 3 | 2)	/* error code for an IDT entry */

/* LOCK does not count: with it an interrupt instruction raises #UD. */
static bool is_prefix(struct vcpu *v, u8 b)
{
	switch (b) {
	case 0x26: case 0x2e: case 0x36: case 0x3e: case 0x64 ... 0x67:
	case 0xf2: case 0xf3:
		return true;
	case 0x40 ... 0x4f:
		return in_64bit_mode(v);
	}
	return false;
}

/*
 * Decode the interrupt at CS:RIP: its vector, and the length of the instruction. Returns
 * -1 if there is none, or none that would be taken.
 */
static int decode(struct vcpu *v, u64 *len)
{
	const struct vmcb_save *s = &v->cur->vmcb->save;
	u8 b[MAX_INSN];
	u64 n = 0;

	do {
		if (n == sizeof(b) || guest_fetch(v, b, n + 1))
			return -1;
	} while (is_prefix(v, b[n++]));
	*len = n;
	switch (b[n - 1]) {
	case INSN_INT3:
		return VECTOR_BP;
	case INSN_INTO:
		return !in_64bit_mode(v) && (s->rflags & RFLAGS_OF) ? VECTOR_OF : -1;
	case INSN_INT:
		*len = n + 1;
		return n < sizeof(b) && !guest_fetch(v, b, n + 1) ? b[n] : -1;
	}
	return -1;
}

/*
 * Make TCG discard its translation of these bytes, by a store that changes nothing. If
 * there is no memory at RIP, the next VMRUN walks the tables again and faults.
 */
static void forget_translation(struct vcpu *v)
{
	u8 *p = guest_code_ptr(v);

	if (p)
		asm volatile("lock orb $0, %0" : "+m"(*p) : : "memory");
}

/*
 * The exception that the gate raises for this instruction, or 0. TCG checks the gate too,
 * but only with RIP behind the instruction, and a fault must find RIP at the instruction.
 */
static int gate_fault(struct vcpu *v, u64 vector)
{
	struct vmcb_save *s = &v->cur->vmcb->save;
	u8 gate;

	if (!(s->efer & EFER_LMA))
		return 0;
	if ((vector + 1) * GATE_SIZE - 1 > s->idtr.limit)
		return EXC_GP;
	if (guest_read(v, s->idtr.base + vector * GATE_SIZE + GATE_TYPE, &gate, sizeof(gate)))
		return 0;
	if ((gate >> 5 & 3) < s->cpl)
		return EXC_GP;
	return gate & GATE_PRESENT ? 0 : EXC_NP;
}

void exit_swint(struct vcpu *v)
{
	u64 len;
	int vector, fault;

	count(v, KIND_OTHER);
	if (debug_swint(v))
		return;
	vector = decode(v, &len);
	if (vector < 0) {
		forget_translation(v);
		return;
	}
	fault = gate_fault(v, vector);
	if (fault) {
		inject_exception(v, fault, true, GATE_ERR(vector));
		return;
	}
	/* TCG has no nRIP: it pushes the RIP that it finds. */
	skip_insn(v, len);
	v->cur->vmcb->event_inj = vector | EVENT_TYPE_SOFT | EVENT_VALID;
}
