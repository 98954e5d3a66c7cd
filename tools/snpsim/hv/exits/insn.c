// SPDX-License-Identifier: GPL-2.0
/* QEMU does not know the SNP instructions and raises #UD. Do what hardware does. */
#include "exits/exits.h"
#include "host/host.h"
#include "lib/lib.h"
#include "lib/x86.h"
#include "machine/gmem.h"
#include "machine/inject.h"
#include "machine/svm.h"
#include "machine/vcpu.h"

#define RMPADJUST_FAIL_PERMISSION	2

static const u8 insn_rmpadjust[] = { 0xf3, 0x0f, 0x01, 0xfe };
static const u8 insn_pvalidate[] = { 0xf2, 0x0f, 0x01, 0xff };
static const u8 insn_invlpgb[] = { 0x0f, 0x01, 0xfe };
static const u8 insn_tlbsync[] = { 0x0f, 0x01, 0xff };
static const u8 insn_vmgexit[] = { 0xf3, 0x0f, 0x01, 0xd9 };

/* Returns false if it is none of them. */
static bool vmpl0_insn(struct vcpu *v, const u8 *b)
{
	if (!memcmp(b, insn_pvalidate, sizeof(insn_pvalidate)))
		exit_pvalidate(v);
	else if (!memcmp(b, insn_rmpadjust, sizeof(insn_rmpadjust)))
		exit_rmpadjust(v);
	else if (!memcmp(b, insn_invlpgb, sizeof(insn_invlpgb)))
		exit_invlpgb(v);
	else if (!memcmp(b, insn_tlbsync, sizeof(insn_tlbsync)))
		exit_tlbsync(v);
	else
		return false;
	return true;
}

void exit_ud(struct vcpu *v)
{
	u8 b[4];
	bool fetched = !v->cur->vmcb->save.cpl && !guest_fetch(v, b, sizeof(b));

	if (fetched && !v->cur->vmpl && vmpl0_insn(v, b))
		return;
	count(v, KIND_UD);
	if (fetched) {
		if (!memcmp(b, insn_rmpadjust, sizeof(b))) {
			v->cur->vmcb->save.rax = RMPADJUST_FAIL_PERMISSION;
			skip_insn(v, 4);
			return;
		}
		/* PVALIDATE is for VMPL 0 only (APM volume 3). */
		if (!memcmp(b, insn_pvalidate, sizeof(b))) {
			inject_exception(v, EXC_GP, true, 0);
			return;
		}
	}
	inject_exception(v, EXC_UD, false, 0);
}

/* VMGEXIT is REP VMMCALL; a plain VMMCALL of an SEV-ES guest raises #VC. */
void exit_vmmcall(struct vcpu *v)
{
	u8 b[4];

	if (!guest_fetch(v, b, sizeof(b)) && !memcmp(b, insn_vmgexit, sizeof(b))) {
		if (host_nmi_before_call(v))
			return;		/* the guest repeats the VMGEXIT after its NMI handler */
		skip_insn(v, 4);
		vmgexit(v);
		return;
	}
	deliver_vc(v, EXIT_VMMCALL);
}
