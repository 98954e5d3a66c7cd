/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What gdb asks for (--gdb): stop all vCPUs, look at VMPL 0, change it, go on. The command
 * speaks gdb's protocol; here are the primitives, called by a page of memory (box.h).
 */
#ifndef SNPSIM_DEBUG_DEBUG_H
#define SNPSIM_DEBUG_DEBUG_H

#include "lib/config.h"
#include "machine/vcpu.h"

/* Why the vCPUs have stopped, for the command */
#define STOP_START	"start"		/* before the first instruction */
#define STOP_BREAK	"break"		/* INT3 where gdb wanted it */
#define STOP_TRAP	"trap"		/* a debug register, or INT3 at another address */
#define STOP_STEP	"step"
#define STOP_ASKED	"asked"
#define STOP_END	"end"		/* the run ends as soon as it goes on */

/* How a vCPU goes on */
enum debug_mode { DEBUG_RUN, DEBUG_STEP, DEBUG_HOLD };

static inline bool debug_is_on(void)
{
	return option(OPT_GDB);
}

/* stop.c */
void debug_init(void);
bool debug_asks(const struct vcpu *v);
bool debug_lets(struct vcpu *v);
void debug_wake_parked(void);
void debug_stop(struct vcpu *self, const char *why);
/* serve.c: returns once the vCPUs shall go on */
void debug_serve(void);
/* step.c */
void debug_set_mode(struct vcpu *v, enum debug_mode mode);
enum debug_mode debug_mode(const struct vcpu *v);
bool debug_steps(const struct vcpu *v);
bool debug_step_is_done(const struct vcpu *v);
void debug_arm(struct vcpu *v);
void debug_disarm(struct vcpu *v);
u64 debug_flags_to_save(struct vcpu *v);
void debug_exit_db(struct vcpu *v);
/* breakpoints.c */
bool debug_break_set(u64 address, bool in_register);
bool debug_break_clear(u64 address, bool in_register);
void debug_breaks_forget(void);
void debug_breaks_lay(void);
void debug_breaks_lift(void);
bool debug_breaks_at(u64 address, bool in_register);
u64 debug_breaks_to_registers(u64 *dr);
bool debug_swint(struct vcpu *v);
/* memory.c */
u64 debug_read(const struct vcpu *v, u64 va, u8 *buf, u64 n);
u64 debug_write(const struct vcpu *v, u64 va, const u8 *buf, u64 n);
u8 *debug_byte(const struct vcpu *v, u64 va);

#endif
