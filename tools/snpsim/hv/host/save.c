// SPDX-License-Identifier: GPL-2.0
/*
 * A run whose state is saved (--save). The guest writes to a port; the vCPU stays here until
 * QEMU has been started again from what was saved, which a file in fw_cfg shows.
 */
#include "host/host.h"
#include "lib/config.h"
#include "lib/layout.h"
#include "lib/lib.h"
#include "machine/fuzz.h"
#include "machine/fwcfg.h"
#include "machine/vcpu.h"

#define RESTORED_FILE		"opt/snpsim/restored"
#define LOOK_US			1000

/* What may be chosen late; LATE_SVSM and LATE_HOST of saved.py are the same. */
#define LATE_OPTIONS		(OPT_PENDING | OPT_KEEPVMSA | OPT_RESULT)
#define LATE_HOST		(HOST_DESTROY_REFUSE | HOST_DESTROY_LIE | HOST_RESUME | \
				 HOST_NO_WAKE | HOST_REBUILD | HOST_FUZZ)

static void take_late(const struct sim_config *given)
{
	struct sim_config *c = (struct sim_config *)HV_CONFIG;

	c->options = (c->options & ~(LATE_OPTIONS | OPT_SAVE)) | (given->options & LATE_OPTIONS);
	c->host = (c->host & ~LATE_HOST) | (given->host & LATE_HOST);
	c->execute_result = given->execute_result;
	c->ap_execute = given->ap_execute;
	c->secrets = given->secrets;
	c->image = given->image;
	c->nmi_call = given->nmi_call;
	c->fault = given->fault;
	c->fault_cpu = given->fault_cpu;
	c->fault_step = given->fault_step;
	c->fuzz_seed = given->fuzz_seed;
	fuzz_seed(given->fuzz_seed);
	memcpy(c->host_name, given->host_name, sizeof(c->host_name));
}

void host_save(struct vcpu *v)
{
	static struct sim_config given;
	u16 selector;

	if (!option(OPT_SAVE))
		return;
	vcpu_hold_others(v);
	event_begin("save");
	event_u64("cpu", v->index);
	event_end();
	while (fwcfg_find(RESTORED_FILE, &selector) != sizeof(given))
		udelay(LOOK_US);
	fwcfg_read(selector, &given, sizeof(given));
	if (given.magic != CONFIG_MAGIC)
		hv_panic("%s: not a configuration", RESTORED_FILE);
	take_late(&given);
	vcpu_let_go();
}
