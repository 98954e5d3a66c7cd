// SPDX-License-Identifier: GPL-2.0
/* Port accesses that the guest makes itself. host/ports.c says what they do. */
#include "exits/exits.h"
#include "host/host.h"
#include "lib/config.h"
#include "lib/lib.h"
#include "machine/gmem.h"
#include "machine/rmp.h"
#include "machine/svm.h"
#include "machine/vcpu.h"

static void ioio_string(struct vcpu *v, u16 port, int size, bool in, bool rep)
{
	struct vmcb_save *s = &v->cur->vmcb->save;
	u64 n = rep ? v->cur->reg[RCX] : 1;

	for (; n; n--) {
		u32 val = 0;
		int err;

		if (in) {
			val = port_access(v, port, size, true, 0);
			err = guest_write(v, s->es.base + v->cur->reg[RDI], &val, size);
			v->cur->reg[RDI] += size;
		} else {
			err = guest_read(v, s->ds.base + v->cur->reg[RSI], &val, size);
			port_access(v, port, size, false, val);
			v->cur->reg[RSI] += size;
		}
		if (err) {
			hv_log("cpu%u: string I/O to port %x: bad buffer", v->index, port);
			break;
		}
	}
	if (rep)
		v->cur->reg[RCX] = 0;
}

/* A watched port at fast and strict fidelity, any port at full. */
void exit_ioio(struct vcpu *v)
{
	struct vmcb *m = v->cur->vmcb;
	u32 port = m->exit_info1 >> 16 & 0xffff, size = m->exit_info1 >> 4 & 7;
	bool in = m->exit_info1 & IOIO_IN;
	u64 mask = size == 4 ? ~0UL : BIT_ULL(size * 8) - 1;

	count(v, KIND_IOIO);
	if (fidelity_full()) {
		deliver_vc(v, EXIT_IOIO);
		return;
	}
	if (dma_watches()) {
		lock(&sim_lock);
		dma_touched_port(port);
		unlock(&sim_lock);
	}
	if (m->exit_info1 & IOIO_STRING) {
		ioio_string(v, port, size, in, m->exit_info1 & IOIO_REP);
	} else {
		u32 val = port_access(v, port, size, in, m->save.rax & mask);

		if (in && size == 4)
			m->save.rax = val;
		else if (in)
			m->save.rax = (m->save.rax & ~mask) | (val & mask);
	}
	m->save.rip = m->exit_info2;
	m->int_shadow = 0;
}
