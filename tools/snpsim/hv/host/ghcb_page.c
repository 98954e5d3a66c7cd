// SPDX-License-Identifier: GPL-2.0
/* Requests in a GHCB page (AMD 56421, section 4). */
#include "host/host.h"
#include "lib/lib.h"
#include "lib/x86.h"
#include "machine/nmi.h"
#include "machine/path.h"
#include "machine/rmp.h"
#include "machine/run_end.h"
#include "machine/svm.h"
#include "machine/vcpu.h"
#include "svsm/svsm.h"

#define EXITINFO1_ERROR		2

void ghcb_set(u8 *ghcb, u32 off, u64 v)
{
	*(u64 *)(ghcb + off) = v;
	ghcb[GHCB_VALID_BITMAP + off / 64] |= 1 << off / 8 % 8;
}

void ghcb_error(u8 *ghcb, u64 reason)
{
	ghcb_set(ghcb, GHCB_SW_EXITINFO1, EXITINFO1_ERROR);
	ghcb_set(ghcb, GHCB_SW_EXITINFO2, reason);
}

static void page_cpuid(struct vcpu *v, u8 *ghcb)
{
	u32 r[4];

	guest_cpuid(v, ghcb_get(ghcb, GHCB_RAX), ghcb_get(ghcb, GHCB_RCX), r);
	ghcb_set(ghcb, GHCB_RAX, r[0]);
	ghcb_set(ghcb, GHCB_RBX, r[1]);
	ghcb_set(ghcb, GHCB_RCX, r[2]);
	ghcb_set(ghcb, GHCB_RDX, r[3]);
}

static void page_rdtsc(u8 *ghcb)
{
	u64 t = rdtsc() + svm_tsc_offset();

	ghcb_set(ghcb, GHCB_RAX, t & 0xffffffff);
	ghcb_set(ghcb, GHCB_RDX, t >> 32);
}

/* The GHCB must be the registered one, and shared: the host can read no other. */
static u8 *current_ghcb(struct vcpu *v)
{
	struct violation what = { .kind = "ghcb-not-shared", .access = "read", .ap = -1 };

	if (v->cur->ghcb_msr != v->cur->ghcb_gpa || page_state(v->cur->ghcb_msr) != PAGE_SHARED) {
		what.gpa = v->cur->ghcb_msr;
		if (v->cur->ghcb_msr != v->cur->ghcb_gpa)
			what.kind = "ghcb-not-registered";
		report_violation(v, &what);
	}
	return (u8 *)v->cur->ghcb_msr;
}

static void not_supported(const struct vcpu *v, u8 *ghcb, u64 code)
{
	hv_log("cpu%u: unsupported GHCB event %lx rip %lx", v->index, code,
	       v->cur->vmcb->save.rip);
	ghcb_error(ghcb, GHCB_ERR_INVALID_EVENT);
}

static void serve(struct vcpu *v, u8 *ghcb, u64 code, u64 info1, u64 info2)
{
	ghcb_set(ghcb, GHCB_SW_EXITINFO1, 0);
	ghcb_set(ghcb, GHCB_SW_EXITINFO2, 0);
	switch (code) {
	case EXIT_CPUID:
		page_cpuid(v, ghcb);
		break;
	case VMGEXIT_RDTSC:
		page_rdtsc(ghcb);
		break;
	case EXIT_IOIO:
		ghcb_ioio(v, ghcb, info1, info2);
		break;
	case EXIT_MSR:
		ghcb_msr_access(v, ghcb, info1 & 1);
		break;
	case VMGEXIT_MMIO_READ:
	case VMGEXIT_MMIO_WRITE:
		ghcb_mmio(v, ghcb, info1, info2, code == VMGEXIT_MMIO_WRITE);
		break;
	case EXIT_DR7_READ:
	case EXIT_DR7_WRITE:
	case EXIT_WBINVD:
		break;
	case VMGEXIT_NMI_COMPLETE:
		nmi_complete(v);
		break;
	case VMGEXIT_AP_HLT_LOOP:
		ghcb_set(ghcb, GHCB_SW_EXITINFO2, 1);
		ap_reset_hold(v);
		break;
	case VMGEXIT_AP_JUMP_TABLE:
		ap_jump_table(ghcb, info1, info2);
		break;
	case VMGEXIT_PSC:
		psc_page(v, ghcb);
		break;
	case VMGEXIT_GUEST_REQUEST:
		guest_request(v, ghcb, info1, info2);
		break;
	case VMGEXIT_EXT_REQUEST:
		ext_guest_request(v, ghcb, info1, info2);
		break;
	case VMGEXIT_AP_CREATION:
		ap_creation(v, ghcb, info1, info2);
		break;
	case VMGEXIT_APIC_IDS:
		ap_ids(ghcb, info1);
		break;
	case VMGEXIT_RUN_VMPL:
		if (vmpl0_is_guest() ? !host_run_vmpl(v, info1 & 15) : info1 & 15)
			ghcb_error(ghcb, GHCB_ERR_INVALID_INPUT);
		else if (!vmpl0_is_guest())
			svsm_run(v);
		break;
	case VMGEXIT_DOORBELL:
	case VMGEXIT_HV_IPI:
		if (!vmpl0_is_guest() || v->cur->vmpl)
			not_supported(v, ghcb, code);
		else if (code == VMGEXIT_DOORBELL)
			ghcb_doorbell(v, ghcb, info1, info2);
		else
			ghcb_hv_ipi(v, ghcb, info1);
		break;
	case VMGEXIT_HV_FEATURES:
		ghcb_set(ghcb, GHCB_SW_EXITINFO2, host_features());
		break;
	case VMGEXIT_TERM_REQUEST:
		report_terminate(v, info1 & 15, info1 >> 4 & 0xff);
	default:
		not_supported(v, ghcb, code);
	}
}

void ghcb_page_request(struct vcpu *v)
{
	u8 *ghcb = current_ghcb(v);
	u64 asked[] = {
		ghcb_get(ghcb, GHCB_SW_EXITCODE), ghcb_get(ghcb, GHCB_SW_EXITINFO1),
		ghcb_get(ghcb, GHCB_SW_EXITINFO2),
	};
	u64 detail = asked[0] == EXIT_MSR ? ghcb_get(ghcb, GHCB_RCX) : asked[1];
	enum fault fault;
	bool fuzzed;

	count(v, KIND_GHCB_PAGE);
	fault = host_fault(v, PATH_PAGE, asked[0], detail);
	fuzzed = fuzz_begins(v, true, asked[0]);
	if (!fuzz_drops(fuzzed) && !fault_keeps_from(v, fault, VMGEXIT_LEN)) {
		serve(v, ghcb, asked[0], asked[1], asked[2]);
	} else if (fault != FAULT_NMI_BEFORE) {
		ghcb_set(ghcb, GHCB_SW_EXITINFO1, 0);
		ghcb_set(ghcb, GHCB_SW_EXITINFO2, 0);
	}
	if (fault_repeats(v, fault))
		serve(v, ghcb, asked[0], asked[1], asked[2]);
	fault_answers_page(v, fault, ghcb, asked);
	fuzz_page(v, fuzzed, ghcb);
}
