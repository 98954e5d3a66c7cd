// SPDX-License-Identifier: GPL-2.0
/*
 * The path of each vCPU: what it leaves the guest for, from the guest's mark to EXECUTE.
 *
 * A step is a VMGEXIT, or a HLT, which of all that a guest does of its own accord are what
 * makes hardware leave an SNP guest. At fidelity full a port, an MSR and device memory
 * cost a VMGEXIT as they do there; below full the simulator takes them without one.
 *
 * Each vCPU writes its own steps. Whoever calls EXECUTE reads them, and all others are
 * frozen then, or wait for sim_lock before their next step.
 */
#include "lib/config.h"
#include "lib/layout.h"
#include "lib/lib.h"
#include "lib/x86.h"
#include "machine/path.h"
#include "machine/vcpu.h"

#define PATH_STEPS		4096

static const char *const kind_names[] = {
	[PATH_PAGE] = "page", [PATH_MSR] = "msr", [PATH_HLT] = "hlt",
};

struct step {
	enum path_kind kind;
	u64 code, detail;
};

static struct path {
	u64 count;			/* also of those for which there was no room */
	u64 entered, in_guest;		/* in ticks of the TSC */
	bool marked;			/* the guest's mark came from this vCPU */
	struct step step[PATH_STEPS];
} paths[MAX_CPUS];

static int recording;

/* Forget what was, and record from now on. */
void path_mark(struct vcpu *v)
{
	for (u32 i = 0; i < config->cpus; i++) {
		paths[i].count = 0;
		paths[i].in_guest = 0;
		paths[i].entered = rdtsc();
		paths[i].marked = &vcpus[i] == v;
	}
	WRITE_ONCE(recording, 1);
}

const char *path_kind_name(enum path_kind kind)
{
	return kind_names[kind];
}

/* Record a step, and say which one of this vCPU's it is; NO_STEP if none is recorded. */
u64 path_step(struct vcpu *v, enum path_kind kind, u64 code, u64 detail)
{
	struct path *p = &paths[v->index];

	if (!READ_ONCE(recording))
		return NO_STEP;
	if (p->count < PATH_STEPS)
		p->step[p->count] = (struct step){ kind, code, detail };
	return p->count++;
}

void path_enter(struct vcpu *v)
{
	if (READ_ONCE(recording))
		paths[v->index].entered = rdtsc();
}

void path_leave(struct vcpu *v)
{
	struct path *p = &paths[v->index];

	if (READ_ONCE(recording))
		p->in_guest += rdtsc() - p->entered;
}

static void event_path(const struct path *p)
{
	u64 kept = p->count < PATH_STEPS ? p->count : PATH_STEPS;

	event_begin("path");
	event_u64("cpu", p - paths);
	event_bool("marked", p->marked);
	event_u64("ticks", p->in_guest);
	event_u64("lost", p->count - kept);
	event_array_begin("steps");
	for (u64 i = 0; i < kept; i++) {
		event_array_begin(NULL);
		event_str(NULL, kind_names[p->step[i].kind]);
		event_item_hex(p->step[i].code);
		event_item_hex(p->step[i].detail);
		event_array_end();
	}
	event_array_end();
	event_end();
}

/* EXECUTE: report what there is, of those vCPUs that left the guest at all. */
void path_end(void)
{
	if (!READ_ONCE(recording))
		return;
	WRITE_ONCE(recording, 0);
	for (u32 i = 0; i < config->cpus; i++)
		if (paths[i].count)
			event_path(&paths[i]);
}
