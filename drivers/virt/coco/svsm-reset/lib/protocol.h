/* SPDX-License-Identifier: GPL-2.0-only */
/* Packing of calls to the SVSM and judging of its answers: pure functions */
#ifndef _SVSM_RESET_PROTOCOL_H
#define _SVSM_RESET_PROTOCOL_H

#include <linux/types.h>

/* A call that is INCOMPLETE is repeated at once, up to so many attempts */
#define SVR_INCOMPLETE_TRIES	4096
/* A call that is BUSY is repeated after a pause: 1 s in all */
#define SVR_BUSY_TRIES		1000
#define SVR_BUSY_PAUSE_US	1000

/**
 * struct svr_call - registers of a call, and of its answer
 * @rax: in: protocol << 32 | call; out: result code
 * @rcx: first argument, or first value returned
 *
 * RDX, R8 and R9 are not part of it: no call of this driver has a use for
 * them, the transport passes zero.
 */
struct svr_call {
	u64 rax;
	u64 rcx;
};

/**
 * enum svr_verdict - what a result code asks of the caller
 * @SVR_VERDICT_SUCCESS: done
 * @SVR_VERDICT_AGAIN:   the call was interrupted; repeat it at once
 * @SVR_VERDICT_LATER:   the SVSM is busy; repeat it after a pause
 * @SVR_VERDICT_FAILED:  repeating it would change nothing
 */
enum svr_verdict {
	SVR_VERDICT_SUCCESS,
	SVR_VERDICT_AGAIN,
	SVR_VERDICT_LATER,
	SVR_VERDICT_FAILED,
};

/**
 * struct svr_patience - how often the SVSM has asked for a call to be repeated
 * @incomplete: times it was interrupted
 * @busy:       times it was busy
 */
struct svr_patience {
	unsigned int incomplete;
	unsigned int busy;
};

struct svr_call svr_pack_query(u32 protocol, u32 version);
struct svr_call svr_pack_execute(u32 protocol);
struct svr_call svr_pack_delete(u64 vmsa_pa);

enum svr_verdict svr_parse_result(u64 rax);
enum svr_verdict svr_parse_repeated(struct svr_patience *so_far, u64 rax);
const char *svr_result_name(u64 rax);
int svr_parse_query(u64 rcx, u32 version);
int svr_parse_manifest(const void *buf, u64 len);
int svr_parse_ghcb_msr(u64 msr, bool pending);
bool svr_caa_plausible(u64 pa);
bool svr_sev_has_secure_avic(u64 status);

#endif /* _SVSM_RESET_PROTOCOL_H */
