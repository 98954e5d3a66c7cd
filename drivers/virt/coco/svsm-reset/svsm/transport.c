// SPDX-License-Identifier: GPL-2.0-only
/*
 * Calls to the SVSM by the GHCB MSR protocol.
 *
 * AMD 56421, "GHCB MSR Protocol", request 0x016 "Run at VMPL"; AMD 58019,
 * "Calling Convention". It needs no GHCB page: a module cannot get at the
 * kernel's, which may also be in use when an NMI stops a CPU.
 */
#include <linux/delay.h>
#include <linux/errno.h>
#include <linux/lockdep.h>
#include <linux/svsm-reboot.h>
#include <asm/msr-index.h>
#include <asm/sev.h>

#include "svsm-reset.h"
#include "svsm/svsm.h"

/* An NMI or a #VC may come between WRMSR and VMGEXIT: that often in a row */
#define SVR_TRANSPORT_TRIES	64

/*
 * One attempt. From WRMSR to VMGEXIT nothing may touch the GHCB MSR, so there are only the
 * store that sets call_pending and loads of registers between them, in one piece of
 * assembler. No #VC can happen there, but an NMI can. An NMI that comes after the VMGEXIT
 * finds the call taken and the answer in the registers: see svr_parse_ghcb_msr().
 */
static noinline bool svr_transport_attempt(struct svsm_ca *ca,
					   const struct svr_call *call,
					   struct svr_call *answer, u64 *msr)
{
	u64 request = GHCB_MSR_VMPL_REQ_LEVEL(0);
	u64 saved = svr_ghcb_msr_read();
	unsigned long rax = lower_32_bits(request);
	unsigned long rcx = MSR_AMD64_SEV_ES_GHCB;
	unsigned long rdx = upper_32_bits(request);
	bool pending;

	asm volatile("wrmsr\n\t"
		     "movb	$1, %[pending]\n\t"
		     "movq	%[rax_in], %%rax\n\t"
		     "movq	%[rcx_in], %%rcx\n\t"
		     "xorl	%%edx, %%edx\n\t"
		     "xorl	%%r8d, %%r8d\n\t"
		     "xorl	%%r9d, %%r9d\n\t"
		     "rep; vmmcall"
		     : "+&a" (rax), "+&c" (rcx), "+&d" (rdx),
		       [pending] "+m" (ca->call_pending)
		     : [rax_in] "r" (call->rax), [rcx_in] "r" (call->rcx)
		     : "r8", "r9", "memory", "cc");

	pending = xchg(&ca->call_pending, 0);
	*msr = svr_ghcb_msr_read();
	svr_ghcb_msr_write(saved);

	answer->rax = rax;
	answer->rcx = rcx;
	return pending;
}

/**
 * svr_transport_call - make one call to the SVSM
 * @ca:     calling area of this CPU
 * @call:   what to ask
 * @answer: what came back, valid when 0 is returned
 *
 * Repeats the attempt, within a bound, while the SVSM has not taken the call. A
 * call that it has taken is never made again. AMD 58019, "Calling Convention".
 *
 * Context: any, on the CPU to which @ca belongs, interrupts off.
 *
 * Return: 0 when the SVSM has answered, whatever the answer; -ENXIO without a
 * calling area, -EIO when the host refused to run the SVSM, -EAGAIN when the
 * call was not consumed in SVR_TRANSPORT_TRIES attempts.
 */
int svr_transport_call(struct svsm_ca *ca, const struct svr_call *call,
		       struct svr_call *answer)
{
	int err = -EAGAIN;
	unsigned int i;
	bool pending;
	u64 msr;

	lockdep_assert_irqs_disabled();
	if (!ca)
		return -ENXIO;

	for (i = 0; i < SVR_TRANSPORT_TRIES && err == -EAGAIN; i++) {
		pending = svr_transport_attempt(ca, call, answer, &msr);
		err = svr_parse_ghcb_msr(msr, pending);
	}
	return err;
}

/**
 * svr_transport_repeat - make a call until the SVSM has an answer to it
 * @ca:     calling area of this CPU
 * @call:   what to ask
 * @answer: the last answer, valid when 0 is returned
 * @pause:  how long to wait where it is BUSY, microseconds; 0: not at all
 *
 * Repeats the call, within bounds, while it is INCOMPLETE or BUSY. AMD 58019,
 * "Calling Convention".
 *
 * Context: any, on the CPU to which @ca belongs, interrupts off.
 *
 * Return: 0 when the SVSM has answered, whatever the answer, INCOMPLETE and
 * BUSY included; otherwise as svr_transport_call().
 */
int svr_transport_repeat(struct svsm_ca *ca, const struct svr_call *call,
			 struct svr_call *answer, unsigned int pause)
{
	struct svr_patience so_far = {};
	enum svr_verdict verdict;
	int err;

	do {
		err = svr_transport_call(ca, call, answer);
		if (err)
			return err;
		verdict = svr_parse_repeated(&so_far, answer->rax);
		if (verdict == SVR_VERDICT_LATER && pause)
			udelay(pause);
	} while (verdict == SVR_VERDICT_AGAIN || verdict == SVR_VERDICT_LATER);
	return 0;
}

/**
 * svr_transport_execute - reset the guest
 * @ca:     calling area of this CPU
 * @result: how it ended, if the guest is still there to read it
 *
 * AMD 58019 v1.01 draft 3, "SVSM_REBOOT_EXECUTE".
 *
 * Context: any, on the CPU to which @ca belongs, interrupts off. Returns
 * only if the SVSM did not reset the guest.
 */
void svr_transport_execute(struct svsm_ca *ca, struct svr_result *result)
{
	struct svr_call call = svr_pack_execute(svr_protocol()), answer;

	result->err = svr_transport_repeat(ca, &call, &answer,
					   SVR_BUSY_PAUSE_US);
	if (!result->err)
		result->rax = answer.rax;
}
