// SPDX-License-Identifier: GPL-2.0
/*
 * What a launch adds to the guest's command line: which boot this is, and the frequency of the
 * TSC. Under KVM a guest knows that from the host (kvmclock). Without it Linux measures it
 * against the PIT, which goes wrong as soon as the host does something else for a moment: a
 * guest was seen whose clock ran 55 times too fast.
 */
#include "launch/launch.h"
#include "lib/config.h"
#include "lib/lib.h"

#define TSC_PARAMETER		"tsc_early_khz="

static bool has(const char *line, const char *what)
{
	for (; *line; line++) {
		size_t n = 0;

		while (what[n] && line[n] == what[n])
			n++;
		if (!what[n])
			return true;
	}
	return false;
}

static size_t append(char *line, size_t n, size_t size, const char *name, u64 value)
{
	char number[21];

	put_decimal(number, value);
	n += copy_string(line + n, name, size - n);
	return n + copy_string(line + n, number, size - n);
}

/* Returns how long the line is. A host with kvmclock tells the guest by that. */
size_t launch_command_line(char *line, size_t size)
{
	size_t n = copy_string(line, config->append, sizeof(config->append));

	n = append(line, n, size, " snpsim.boot=", boot_count);
	if (!host_is(HOST_KVM_PV) && !has(config->append, TSC_PARAMETER))
		n = append(line, n, size, " " TSC_PARAMETER, tsc_hz() / 1000);
	return n;
}
