// SPDX-License-Identifier: GPL-2.0
/* Words that say what a run is to do. */
#include "report.h"

const char *options = "";

void options_set(const char *text)
{
	options = text;
}

const char *find_option(const char *name)
{
	size_t n = strlen(name);

	for (const char *s = options; *s; s++)
		if ((s == options || s[-1] == ' ') && !strncmp(s, name, n))
			return s + n;
	return NULL;
}

u64 option(const char *name, u64 otherwise)
{
	const char *s = find_option(name);

	return s && *s == '=' ? parse_number(s + 1) : otherwise;
}

bool option_given(const char *name)
{
	return find_option(name);
}
