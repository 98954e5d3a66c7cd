// SPDX-License-Identifier: GPL-2.0
/* Skip an instruction, or inject an event. */
#include "lib/x86.h"
#include "machine/inject.h"
#include "machine/svm.h"
#include "machine/vcpu.h"

void skip_insn(struct vcpu *v, int len)
{
	v->cur->vmcb->save.rip += len;
	v->cur->vmcb->int_shadow = 0;
}

void inject_exception(struct vcpu *v, int vector, bool has_err, u32 err)
{
	struct vmcb *m = v->cur->vmcb;

	m->event_inj = vector | EVENT_TYPE_EXC | EVENT_VALID | (has_err ? EVENT_HAS_ERR : 0);
	m->event_err = err;
}

/*
 * Inject an external interrupt. QEMU's TCG (7.2 to 10.0) delivers an event of that type
 * inside VMRUN, but does not forget its vector. If another thread asks this CPU out of its
 * loop too early, TCG delivers the interrupt once more, with IF=0, on top of its own
 * handler. A software interrupt is delivered by TCG's loop, and forgotten. At CPL 0 the
 * guest sees no difference; at CPL 3 the gate would refuse it.
 */
void inject_interrupt(struct vcpu *v, int vector)
{
	u32 type = v->cur->vmcb->save.cpl ? EVENT_TYPE_INTR : EVENT_TYPE_SOFT;

	v->cur->vmcb->event_inj = vector | type | EVENT_VALID;
}

/*
 * The exit interrupted the delivery of an event: deliver it again. QEMU's TCG reports
 * interrupts and NMIs as exceptions here (seen with 10.0.2).
 */
void inject_again(struct vcpu *v)
{
	struct vmcb *m = v->cur->vmcb;
	u32 e = m->exit_int_info, vector = e & 0xff;
	bool exception = (e & EVENT_TYPE_MASK) == EVENT_TYPE_EXC;

	if (!(e & EVENT_VALID))
		return;
	if (exception && vector >= 32) {
		inject_interrupt(v, vector);
		return;
	}
	if (exception && vector == NMI_VECTOR)
		e = (e & ~EVENT_TYPE_MASK) | EVENT_TYPE_NMI;
	m->event_inj = e;
	m->event_err = m->exit_int_err;
}
