// SPDX-License-Identifier: GPL-2.0
/* The guest asks the host for a reset, but a host cannot reset an SNP guest. */
#include "host/host.h"
#include "lib/config.h"
#include "lib/lib.h"
#include "machine/run_end.h"
#include "machine/vcpu.h"

static const struct host_builder *builder;

void host_builds_with(const struct host_builder *b)
{
	builder = b;
}

/* End the VM, and the run unless the host builds another VM. */
void report_host_reset(struct vcpu *v, const char *how)
{
	bool again = host_is(HOST_REBUILD);

	if (again)
		builder->begin();
	event_host_reset(v, how, again);
	if (again)
		builder->build();
	report_end();
}
