// SPDX-License-Identifier: GPL-2.0
/*
 * What is drawn from a seed, and the event of it. All of it runs under sim_lock. A request
 * draws from the seed and its own number, so that the same requests get the same answers.
 */
#include "lib/config.h"
#include "lib/lib.h"
#include "machine/fuzz.h"
#include "machine/vcpu.h"

#define STUBBORN_ONE_IN		16		/* seeds: each request gets the same answer */
#define RATES			4		/* 1 in 1, 2, 4 or 8 requests is changed */

static const char *const names[] = {
	"dropped", "undone", "rax", "rcx", "rest", "pending", "manifest", "host", "short",
};

static u32 seed;
static u64 requests, times;
static bool active;
static struct fuzz now, before;

static u64 mix(u64 x)
{
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9UL;
	x = (x ^ x >> 27) * 0x94d049bb133111ebUL;
	return x ^ x >> 31;
}

u64 fuzz_wide(struct fuzz *f)
{
	f->state += 0x9e3779b97f4a7c15UL;
	return mix(f->state);
}

u64 fuzz_draw(struct fuzz *f, u64 n)
{
	return fuzz_wide(f) % n;
}

/* A value that could be taken for the right one, or any. */
u64 fuzz_mutation(struct fuzz *f, u64 right)
{
	switch (fuzz_draw(f, 8)) {
	case 0:
		return 0;
	case 1:
		return ~0UL;
	case 2:
		return right ^ BIT_ULL(fuzz_draw(f, 64));
	case 3:
		return right + fuzz_draw(f, 5) - 2;
	case 4:
		return right | fuzz_wide(f) << 32;
	case 5:
		return (u32)fuzz_wide(f);
	case 6:
		return fuzz_draw(f, 64);
	default:
		return fuzz_wide(f);
	}
}

/* The same answer as before is counted only: a guest may ask thousands of times. */
void fuzz_report_times(void)
{
	if (!times)
		return;
	event_begin("fuzz-again");
	event_u64("times", times);
	event_end();
	times = 0;
}

/* The event start has this seed. */
void fuzz_init(void)
{
	seed = config->fuzz_seed;
}

/* From now on answers are drawn from this seed; 0: they are right. */
void fuzz_seed(u32 s)
{
	fuzz_report_times();
	seed = s;
	requests = 0;
	memset(&before, 0, sizeof(before));
	if (!host_is(HOST_FUZZ))
		return;
	event_begin("fuzz-seed");
	event_u64("seed", seed);
	event_end();
}

/* A request of a module's: NULL if the answers are right now. */
struct fuzz *fuzz_takes(bool page, u64 code)
{
	u64 kind = mix(seed);

	if (!host_is(HOST_FUZZ) || !seed)
		return NULL;
	now = (struct fuzz){ .page = page, .code = code };
	if (kind % STUBBORN_ONE_IN)
		now.state = mix(kind + ++requests);
	else
		now.state = kind;
	active = true;
	/* One that is left alone is reported as well */
	if (fuzz_draw(&now, BIT_ULL(kind / STUBBORN_ONE_IN % RATES)))
		now.state = 0;
	return &now;
}

/* The request that is under way, if its answer is to be changed. */
struct fuzz *fuzz_now(void)
{
	return active ? &now : NULL;
}

static void event_changes(u64 changed)
{
	event_array_begin("changed");
	for (u32 i = 0; i < ARRAY_SIZE(names); i++)
		if (changed & BIT_ULL(i))
			event_str(NULL, names[i]);
	event_array_end();
}

static void event_answer(const struct vcpu *v)
{
	event_begin("fuzz");
	event_u64("cpu", v->index);
	event_str("by", now.page ? "page" : "msr");
	event_hex("code", now.code);
	event_changes(now.changed);
	if (now.called) {
		event_u64("protocol", now.protocol);
		event_u64("call", now.call);
		event_hex("rax", now.rax);
		event_hex("rcx", now.rcx);
		event_u64("pending", now.pending);
		event_array_begin("manifest");
		for (u32 i = 0; i < sizeof(now.manifest); i++)
			event_u64(NULL, now.manifest[i]);
		event_array_end();
	}
	event_hex("info1", now.info1);
	event_hex("info2", now.info2);
	event_end();
}

/* The answer is complete: say what it is. */
void fuzz_ends(const struct vcpu *v)
{
	struct fuzz answer = now;

	active = false;
	answer.state = 0;
	if (!memcmp(&answer, &before, sizeof(answer))) {
		times++;
		return;
	}
	fuzz_report_times();
	before = answer;
	event_answer(v);
}
