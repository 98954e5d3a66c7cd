// SPDX-License-Identifier: GPL-2.0
/* Entry into the SVSM: one call per entry (AMD 58019, section 5). */
#include "lib/config.h"
#include "lib/layout.h"
#include "lib/lib.h"
#include "machine/fuzz.h"
#include "machine/rmp.h"
#include "machine/vcpu.h"
#include "svsm/svsm.h"

/*
 * A pointer to memory that the SVSM may touch for the guest, all of it private and
 * validated; or NULL.
 */
void *svsm_private_ptr(u64 gpa, u64 len)
{
	if (!len || gpa + len < gpa)
		return NULL;
	for (u64 p = gpa & PAGE_MASK; p < gpa + len; p += PAGE_SIZE)
		if (!page_is_private_valid(p))
			return NULL;
	return (void *)gpa;
}

bool svsm_call_is_pending(struct vcpu *v)
{
	u8 *ca = svsm_private_ptr(v->ca, PAGE_SIZE);

	return ca && ca[CA_CALL_PENDING];
}

/* Is the call that v has prepared EXECUTE? At VMGEXIT its registers hold the call. */
bool svsm_call_is_execute(struct vcpu *v)
{
	u64 rax = vcpu_guest(v)->vmcb->save.rax;

	return svsm_is_reboot_protocol(rax >> 32) && !(u32)rax;
}

static u64 dispatch(struct svsm_call *c)
{
	if (!svsm_has_protocol(c->protocol))
		return SVSM_ERR_UNSUPPORTED_PROTOCOL;
	if (c->protocol == SVSM_PROTO_CORE)
		return core_call(c);
	if (c->protocol == SVSM_PROTO_ATTEST)
		return attest_call(c);
	if (svsm_is_reboot_protocol(c->protocol))
		return reboot_call(c);
	return ocp_call(c);
}

/* Report failures, and all calls outside the core protocol. The rest would flood the log. */
static void report_call(const struct svsm_call *c, u64 result)
{
	if (svsm_is_reboot_protocol(c->protocol) && c->call == 0)
		return;			/* EXECUTE has an event of its own */
	if (!result && c->protocol == SVSM_PROTO_CORE)
		return;
	event_begin("svsm-call");
	event_u64("cpu", c->v->index);
	event_u64("protocol", c->protocol);
	event_u64("call", c->call);
	event_hex("result", result);
	event_end();
}

/*
 * The host runs VMPL 0 on behalf of v. Without a pending call there is nothing to
 * do. Returns whether a call was answered.
 */
bool svsm_run(struct vcpu *v)
{
	struct svsm_call c = {
		.v = v, .guest = vcpu_guest(v), .ca = svsm_private_ptr(v->ca, PAGE_SIZE),
	};
	u64 result;

	count(v, KIND_SVSM);
	if (!c.ca || !c.ca[CA_CALL_PENDING])
		return false;
	c.protocol = c.guest->vmcb->save.rax >> 32;
	c.call = c.guest->vmcb->save.rax;
	if (option(OPT_PENDING) && svsm_is_reboot_protocol(c.protocol) && svsm_has_reboot())
		return false;
	c.ca[CA_CALL_PENDING] = 0;
	result = fuzz_now() ? svsm_fuzz(&c, dispatch) : dispatch(&c);
	report_call(&c, result);
	if (!v->relaunch)
		c.guest->vmcb->save.rax = result;
	return true;
}

/* A launch: the SVSM knows the boot vCPU's calling area and no VMSA. */
void svsm_init_launch(struct vcpu *boot, u64 ca)
{
	boot->ca = ca;
	vcpu_guest(boot)->vmsa = 0;
	boot->next_vmsa = 0;
}
