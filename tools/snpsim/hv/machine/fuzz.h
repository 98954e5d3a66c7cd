/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Answers drawn from a seed (--host fuzz=). The host takes a request of a module's; the
 * SVSM and the host change their parts of the answer; one event says what the guest gets.
 */
#ifndef SNPSIM_FUZZ_H
#define SNPSIM_FUZZ_H

#include "lib/types.h"

#define PORT_FUZZ		0x564		/* the guest writes a seed, 4 bytes; 0: no change */

/* What has been changed of an answer */
#define FUZZ_DROPPED		BIT_ULL(0)	/* the SVSM was not run */
#define FUZZ_UNDONE		BIT_ULL(1)	/* it took the call, and did not do it */
#define FUZZ_RAX		BIT_ULL(2)
#define FUZZ_RCX		BIT_ULL(3)
#define FUZZ_REST		BIT_ULL(4)	/* RDX, R8, R9 */
#define FUZZ_PENDING		BIT_ULL(5)
#define FUZZ_MANIFEST		BIT_ULL(6)
#define FUZZ_HOST		BIT_ULL(7)	/* the MSR, or the exit information */
#define FUZZ_SHORT		BIT_ULL(8)	/* nothing in the GHCB is marked valid */

struct vcpu;

/* One request, and what the guest gets for it */
struct fuzz {
	u64 state;			/* of what is drawn */
	u64 changed;
	bool called;			/* the SVSM has taken a call */
	u32 protocol, call;
	u64 rax, rcx;
	u8 pending, manifest[8];
	bool page;			/* asked in a GHCB page, not by the MSR */
	u64 code, info1, info2;		/* info2 with a page alone */
};

void fuzz_init(void);
void fuzz_seed(u32 seed);
struct fuzz *fuzz_takes(bool page, u64 code);
struct fuzz *fuzz_now(void);
u64 fuzz_draw(struct fuzz *f, u64 n);
u64 fuzz_wide(struct fuzz *f);
u64 fuzz_mutation(struct fuzz *f, u64 right);
void fuzz_ends(const struct vcpu *v);
void fuzz_report_times(void);

#endif
