// SPDX-License-Identifier: GPL-2.0
/*
 * What is added to the kernel's command line: which boot this is, and the frequency of the TSC.
 * A host that runs KVM tells the guest by kvmclock; Linux measures it against the PIT otherwise,
 * and takes whatever comes out when the host does something else for a moment.
 */
#include "lib/tsc.h"
#include "svsm.h"

#define ACPI_TIMER	0x608

static u64 tsc_khz(void)
{
	static u64 khz;
	u64 begin;

	if (!khz)
		khz = tsc_measure(ACPI_TIMER, &begin);
	return khz;
}

static char *add(char *to, const char *name, u64 value)
{
	size_t n = strlen(name);
	u64 unit = 1;

	memcpy(to, name, n);
	to += n;
	while (value / unit >= 10)
		unit *= 10;
	for (; unit; unit /= 10)
		*to++ = '0' + value / unit % 10;
	return to;
}

void cmdline_place(u32 boot)
{
	char *c = private(GUEST_CMDLINE);
	size_t n = strlen(image.cmdline);

	memcpy(c, image.cmdline, n);
	c = add(c + n, " snpsim.boot=", boot);
	c = add(c, " tsc_early_khz=", tsc_khz());
	*c = 0;
}
