// SPDX-License-Identifier: GPL-2.0
/* The GHCB MSR protocol (AMD 56421, 2.3.1). */
#include "host/host.h"
#include "lib/config.h"
#include "lib/lib.h"
#include "machine/path.h"
#include "machine/run_end.h"
#include "machine/svm.h"
#include "machine/vcpu.h"
#include "svsm/svsm.h"

#define REQ_SEV_INFO		0x002
#define RESP_SEV_INFO		0x001
#define REQ_CPUID		0x004
#define RESP_CPUID		0x005
#define REQ_AP_RESET_HOLD	0x006
#define REQ_PREFERRED_GPA	0x010
#define RESP_PREFERRED_GPA	0x011
#define REQ_REGISTER_GPA	0x012
#define RESP_REGISTER_GPA	0x013
#define REQ_PSC			0x014
#define RESP_PSC		0x015
#define RESP_RUN_VMPL		0x017
#define RUN_VMPL_ERROR		BIT_ULL(32)
#define REQ_HV_FEATURES		0x080
#define RESP_HV_FEATURES	0x081
#define REQ_TERMINATE		0x100

#define PROTOCOL_MIN		1UL
#define PROTOCOL_MAX		2UL
#define NO_PREFERENCE		GENMASK_ULL(63, 12)

static u64 cpuid_request(struct vcpu *v, u64 msr)
{
	u32 r[4];

	guest_cpuid(v, msr >> 32, 0, r);
	return (u64)r[msr >> 30 & 3] << 32 | (msr & 0xc0000000) | RESP_CPUID;
}

/* AMD 56421: MSR protocol 0x016, VMPL in bits 39:32; a non-zero high half is an error. */
static u64 run_vmpl(struct vcpu *v, u64 msr)
{
	u32 vmpl = msr >> 32 & 0xff;
	bool counts;

	if (vmpl0_is_guest() ? !host_run_vmpl(v, vmpl) : vmpl)
		return RUN_VMPL_ERROR | RESP_RUN_VMPL;
	if (vmpl0_is_guest())
		return RESP_RUN_VMPL;
	if (svsm_take_foreign(v))
		return FOREIGN_RESPONSE;
	counts = host_counts_answer(v);
	if (svsm_run(v) && counts)
		host_nmi_after_call(v);
	return RESP_RUN_VMPL;
}

/* AMD 56421, 2.3.2: the same address, or all ones for a refusal. */
static u64 register_ghcb(struct vcpu *v, u64 gpa)
{
	if (host_is(HOST_NO_GHCB_BACK) && gpa == v->cur->ghcb_before)
		return NO_PREFERENCE;
	if (gpa != v->cur->ghcb_gpa)
		v->cur->ghcb_before = v->cur->ghcb_gpa;
	v->cur->ghcb_gpa = gpa;
	return gpa;
}

static u64 serve(struct vcpu *v, u64 msr)
{
	u64 resp = 0;

	switch (msr & GHCB_MSR_INFO) {
	case REQ_SEV_INFO:
		resp = PROTOCOL_MAX << 48 | PROTOCOL_MIN << 32 | (u64)CBIT << 24 | RESP_SEV_INFO;
		break;
	case REQ_CPUID:
		resp = cpuid_request(v, msr);
		break;
	case REQ_AP_RESET_HOLD:
		ap_reset_hold(v);
		break;
	case REQ_PREFERRED_GPA:
		resp = NO_PREFERENCE | RESP_PREFERRED_GPA;
		break;
	case REQ_REGISTER_GPA:
		resp = register_ghcb(v, msr & PAGE_MASK) | RESP_REGISTER_GPA;
		break;
	case REQ_PSC:
		resp = RESP_PSC;
		if (psc_one(v, msr >> 12 & GENMASK_ULL(39, 0), msr >> 52 & 15))
			resp |= BIT_ULL(63);
		break;
	case GHCB_MSR_RUN_VMPL:
		resp = run_vmpl(v, msr);
		break;
	case REQ_HV_FEATURES:
		resp = host_features() << 12 | RESP_HV_FEATURES;
		break;
	case REQ_TERMINATE:
		report_terminate(v, msr >> 12 & 15, msr >> 16 & 0xff);
	default:
		hv_log("cpu%u: unknown GHCB MSR request %lx", v->index, msr);
	}
	return resp;
}

/* An answer that says it is done, of a request that says whether it is; else no answer at all. */
static u64 says_done(u64 msr)
{
	switch (msr & GHCB_MSR_INFO) {
	case REQ_REGISTER_GPA:
		return (msr & PAGE_MASK) | RESP_REGISTER_GPA;
	case REQ_PSC:
		return RESP_PSC;
	case GHCB_MSR_RUN_VMPL:
		return RESP_RUN_VMPL;
	default:
		return 0;
	}
}

static u64 says_refused(u64 msr)
{
	switch (msr & GHCB_MSR_INFO) {
	case REQ_REGISTER_GPA:
		return NO_PREFERENCE | RESP_REGISTER_GPA;
	case REQ_PSC:
		return BIT_ULL(63) | RESP_PSC;
	case GHCB_MSR_RUN_VMPL:
		return RUN_VMPL_ERROR | RESP_RUN_VMPL;
	default:
		return 0;
	}
}

void ghcb_msr_request(struct vcpu *v)
{
	struct context *c = v->cur;	/* RUN_VMPL makes another one run */
	u64 msr = c->ghcb_msr, resp = 0;
	enum fault fault;
	bool fuzzed;

	count(v, KIND_GHCB_MSR);
	fault = host_fault(v, PATH_MSR, msr & GHCB_MSR_INFO, c->vmcb->save.rax);
	fuzzed = fuzz_begins(v, false, msr & GHCB_MSR_INFO);
	if (fuzz_drops(fuzzed))
		resp = says_done(msr);
	else if (!fault_keeps_from(v, fault, VMGEXIT_LEN))
		resp = serve(v, msr);
	else if (fault == FAULT_NMI_BEFORE)
		return;
	if (fault_repeats(v, fault))
		resp = serve(v, msr);
	resp = fault_answers_msr(v, fault, resp, says_done(msr), says_refused(msr));
	c->ghcb_msr = fuzz_msr(v, fuzzed, msr, resp);
}
