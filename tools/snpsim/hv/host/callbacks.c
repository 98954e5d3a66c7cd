// SPDX-License-Identifier: GPL-2.0
/* The folders below call the host, which they do not know, through what is registered here. */
#include "host/host.h"
#include "machine/fuzz.h"
#include "machine/run_end.h"
#include "machine/vcpu.h"
#include "svsm/svsm.h"

/* Called at EXECUTE: no other vCPU runs, and all that the last boot had is still there. */
static void at_execute(struct vcpu *caller)
{
	fuzz_seed(0);
	dma_begin_anew();
	host_pick_parked(caller);
}

static const struct svsm_watcher svsm_watcher = {
	.frozen = at_execute,
	.event_left = pv_event_list,
};

void host_init(void)
{
	ports_init();
	fuzz_init();
	report_switches_with(pv_event_writes);
	svsm_watch(&svsm_watcher);
}
