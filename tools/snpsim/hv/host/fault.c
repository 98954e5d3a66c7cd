// SPDX-License-Identifier: GPL-2.0
/*
 * One fault at one step of one vCPU's path (--host fault=). Steps are those of the event
 * path: machine/path.h. What a host may do to a request:
 *
 * refuse      it is not done, and answered with an error
 * drop        it is not done, and answered as if it were
 * lie         it is done; what is read is inverted, all else is answered with an error
 * replay      it is done twice
 * short       it is done, and the answer is no answer to this request, or lacks its parts
 * nmi-before  an NMI comes first; the guest then asks again
 * nmi-after   an NMI comes before the guest's next instruction
 */
#include "host/host.h"
#include "lib/config.h"
#include "lib/lib.h"
#include "lib/x86.h"
#include "machine/path.h"
#include "machine/vcpu.h"
#include "svsm/svsm.h"

static const char *const names[] = {
	[FAULT_REFUSE] = "refuse", [FAULT_DROP] = "drop", [FAULT_LIE] = "lie",
	[FAULT_REPLAY] = "replay", [FAULT_SHORT] = "short",
	[FAULT_NMI_BEFORE] = "nmi-before", [FAULT_NMI_AFTER] = "nmi-after",
};

/* The VMGEXIT that has the SVSM run, with EXECUTE for it */
static bool is_execute(struct vcpu *v, enum path_kind kind, u64 code)
{
	if (kind == PATH_HLT || code != (kind == PATH_MSR ? GHCB_MSR_RUN_VMPL : VMGEXIT_RUN_VMPL))
		return false;
	return svsm_call_is_pending(v) && svsm_call_is_execute(v);
}

static bool is_ioapic(enum path_kind kind, u64 code, u64 detail)
{
	return kind == PATH_PAGE && (code == VMGEXIT_MMIO_READ || code == VMGEXIT_MMIO_WRITE) &&
	       (detail & PAGE_MASK) == IOAPIC_INDEX;
}

static bool is_chosen(struct vcpu *v, u64 step, enum path_kind kind, u64 code, u64 detail)
{
	switch (config->fault_step) {
	case FAULT_AT_EXECUTE:
		return is_execute(v, kind, code);
	case FAULT_AT_IOAPIC:
		return is_ioapic(kind, code, detail);
	default:
		return config->fault_step == step;
	}
}

/* Which fault is there for this step, which is counted? Called under sim_lock, or for HLT. */
enum fault host_fault(struct vcpu *v, enum path_kind kind, u64 code, u64 detail)
{
	static bool done;
	u64 step = path_step(v, kind, code, detail);

	if (!config->fault || done || config->fault_cpu != v->index || step == NO_STEP ||
	    !is_chosen(v, step, kind, code, detail))
		return FAULT_NONE;
	done = true;
	event_begin("host-fault");
	event_u64("cpu", v->index);
	event_u64("step", step);
	event_str("fault", names[config->fault]);
	event_array_begin("at");
	event_str(NULL, path_kind_name(kind));
	event_item_hex(code);
	event_item_hex(detail);
	event_array_end();
	event_hex("rip", v->cur->vmcb->save.rip);
	event_end();
	return config->fault;
}

/* Is the request not done? With an NMI first the guest is to make it again. */
bool fault_keeps_from(struct vcpu *v, enum fault f, u32 insn_len)
{
	if (f == FAULT_NMI_BEFORE) {
		v->cur->vmcb->save.rip -= insn_len;
		v->cur->nmi_pending = 1;
	}
	return f == FAULT_REFUSE || f == FAULT_DROP || f == FAULT_NMI_BEFORE;
}

/* Is there still the guest that asked? EXECUTE may have ended it. */
static bool still_there(const struct vcpu *v)
{
	return !v->relaunch && !v->stop;
}

/* Is the request to be done once more? */
bool fault_repeats(const struct vcpu *v, enum fault f)
{
	return f == FAULT_REPLAY && still_there(v);
}

static void invert(u8 *p, u64 n)
{
	for (u64 i = 0; i < n; i++)
		p[i] = ~p[i];
}

/* What was read; false if nothing was. */
static bool invert_answer(u8 *ghcb, u64 code, u64 info1, u64 info2)
{
	u8 *buf;

	switch (code) {
	case EXIT_IOIO:
		if (!(info1 & IOIO_IN) || (info1 & IOIO_STRING))
			return false;
		invert(ghcb + GHCB_RAX, info1 >> 4 & 7);
		return true;
	case EXIT_MSR:
		if (info1 & 1)
			return false;
		invert(ghcb + GHCB_RAX, 4);
		invert(ghcb + GHCB_RDX, 4);
		return true;
	case VMGEXIT_MMIO_READ:
		buf = ghcb_scratch(ghcb, 8);
		if (buf)
			invert(buf, info2 & 15);
		return buf;
	default:
		return false;
	}
}

/* The answer to a request in a GHCB page, as the fault has it. */
void fault_answers_page(struct vcpu *v, enum fault f, u8 *ghcb, const u64 *asked)
{
	switch (f) {
	case FAULT_REFUSE:
		ghcb_error(ghcb, GHCB_ERR_INVALID_INPUT);
		break;
	case FAULT_LIE:
		if (!invert_answer(ghcb, asked[0], asked[1], asked[2]))
			ghcb_error(ghcb, GHCB_ERR_INVALID_INPUT);
		break;
	case FAULT_SHORT:
		memset(ghcb + GHCB_VALID_BITMAP, 0, GHCB_VALID_BYTES);
		break;
	case FAULT_NMI_AFTER:
		if (still_there(v))
			v->cur->nmi_pending = 1;
		break;
	default:
		break;
	}
}

/* The same for the MSR protocol: `done` is an answer that says so, `refused` one that does not. */
u64 fault_answers_msr(struct vcpu *v, enum fault f, u64 answer, u64 done, u64 refused)
{
	switch (f) {
	case FAULT_DROP:
		return done;
	case FAULT_REFUSE:
	case FAULT_LIE:
		return refused;
	case FAULT_SHORT:
		return FOREIGN_RESPONSE;
	case FAULT_NMI_AFTER:
		if (still_there(v))
			v->cur->nmi_pending = 1;
		return answer;
	default:
		return answer;
	}
}
