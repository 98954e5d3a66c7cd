// SPDX-License-Identifier: GPL-2.0
/* What the folders below have the host do, which they do not know: all of it is registered here. */
#include "host/host.h"
#include "machine/run_end.h"
#include "machine/vcpu.h"
#include "svsm/svsm.h"

/* EXECUTE: no other vCPU runs, and all that the last boot had is still there. */
static void at_execute(struct vcpu *caller)
{
	dma_begin_anew();
	host_note_parked(caller);
}

static const struct svsm_watcher svsm_watcher = {
	.frozen = at_execute,
	.event_left = pv_event_list,
};

void host_init(void)
{
	ports_init();
	report_switches_with(pv_event_writes);
	svsm_watch(&svsm_watcher);
}
