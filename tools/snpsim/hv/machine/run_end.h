/* SPDX-License-Identifier: GPL-2.0 */
/* How a run ends. */
#ifndef SNPSIM_RUN_END_H
#define SNPSIM_RUN_END_H

#include "machine/vcpu.h"

struct violation {
	const char *kind;
	const char *access;		/* or NULL */
	u64 gpa;
	s64 ap;				/* or -1 */
};

void report_end(void) __noreturn;
void report_violation(struct vcpu *v, const struct violation *what) __noreturn;
void report_vm_lost(struct vcpu *v, const char *how) __noreturn;
void report_terminate(struct vcpu *v, u64 set, u64 code) __noreturn;
void report_poweroff(struct vcpu *v);
void report_switches(void);
void report_secrets_at(u64 gpa);
void report_switches_with(void (*event)(void));
void event_host_reset(struct vcpu *v, const char *how, bool rebuilt);

#endif
