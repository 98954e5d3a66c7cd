// SPDX-License-Identifier: GPL-2.0
/*
 * The loop of each CPU: run VMPL 2, and answer what it asks for (58019, section 5). One call
 * at a time: what the protocols know is under one lock.
 */
#include "psp.h"
#include "svsm.h"

#define EXIT_VMGEXIT		0x403
#define CA_CALL_PENDING		0

static u32 lock;
static u32 boots;
static bool has_firmware;

static void take_lock(void)
{
	while (__atomic_exchange_n(&lock, 1, __ATOMIC_ACQUIRE))
		while (load(&lock))
			cpu_relax();
}

static void release_lock(void)
{
	store(&lock, 0);
}

static u64 dispatch(struct call *c)
{
	switch (c->protocol) {
	case PROTO_CORE:
		return core_call(c);
	case PROTO_ATTEST:
		return attest_call(c);
	case PROTO_REBOOT:
		return reboot_call(c);
	default:
		return SVSM_UNSUPPORTED_PROTOCOL;
	}
}

bool protocol_is_known(u32 protocol)
{
	return protocol == PROTO_CORE || protocol == PROTO_ATTEST || protocol == PROTO_REBOOT;
}

/*
 * Only an exit by RUN_VMPL, with a call pending, is a call. Returns false if the registers
 * are those of a guest that starts again.
 */
static bool do_call(struct guest_vcpu *g, struct vmsa *v)
{
	struct call c = { .g = g, .v = v, .ca = guest_memory(g->ca, PAGE_SIZE) };
	bool by_request = v->exit_code == EXIT_VMGEXIT;
	u64 result;

	v->exit_code = 0;
	if (!by_request || !c.ca ||
	    !__atomic_exchange_n(&c.ca[CA_CALL_PENDING], 0, __ATOMIC_SEQ_CST))
		return true;
	c.protocol = v->rax >> 32;
	c.number = v->rax;
	result = dispatch(&c);
	if (!c.restarted)
		v->rax = result;
	return !c.restarted;
}

/* Nobody else can run the VMSA meanwhile, because it has no EFER.SVME. */
static void answer(struct guest_vcpu *g)
{
	struct vmsa *v = private(g->vmsa);

	v->efer &= ~EFER_SVME;
	if (do_call(g, v))
		v->efer |= EFER_SVME;
}

/* Is it firmware that is started, or the kernel itself? */
bool svsm_has_firmware(void)
{
	return has_firmware;
}

/* Place firmware or the kernel, and let this CPU be the one that starts it. */
u32 svsm_launch(bool host_has_it)
{
	boots++;
	if (has_firmware)
		firmware_place();
	else
		linux_place(boots);
	flush_others();
	guest_start_here(host_has_it);
	return boots;
}

/* The host comes back to a CPU that waits here once there is a VMSA for it. */
static void wait_for_guest(void)
{
	asm volatile("sti; hlt; cli" : : : "memory");
}

static void serve(void)
{
	u32 self = this_cpu()->index;

	for (;;) {
		struct guest_vcpu *g;

		if (!guest_of(self) || run_vmpl(GUEST_VMPL)) {
			wait_for_guest();
			continue;
		}
		take_lock();
		/* Another CPU may have given this one a new VMSA, or taken its own away. */
		g = guest_of(self);
		if (g)
			answer(g);
		release_lock();
	}
}

/* The program as an SVSM: all CPUs at VMPL 0, then the guest. */
void svsm_main_loop(void)
{
	own_init();
	psp_init(own.info.secrets, 0);
	if (svsm_cpus() > MAX_CPUS)
		svsm_fatal("more CPUs than there is room for", svsm_cpus());
	memory_init();
	has_firmware = firmware_find(own.info.firmware);
	if (has_firmware)
		firmware_load();
	else
		image_load();
	svsm_launch(false);
	for (u32 i = 1; i < svsm_cpus(); i++)
		if (!cpu_start(i, serve))
			svsm_fatal("a CPU does not start", i);
	say("minisvsm: %u CPUs, starting the guest", svsm_cpus());
	serve();
	halt_forever();
}
