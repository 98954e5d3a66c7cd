// SPDX-License-Identifier: GPL-2.0
/* svsm-reset set KEY VALUE, or KEY=VALUE */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "facts.h"
#include "tool.h"

/* SVR_DEADMAN_MAX_S of the driver's deadman.c */
#define SR_DEADMAN_MAX	86400

/**
 * struct sr_key - something to set
 * @name:   of the file
 * @values: what it may be
 * @flag:   it is yes or no
 * @says:   prints what @value means; false when it is no value
 */
struct sr_key {
	const char *name;
	const char *values;
	bool flag;
	bool (*says)(const char *value, char *text, size_t size);
};

static bool sr_enabled_says(const char *value, char *text, size_t size)
{
	static const char * const says[] = {
		"no reset goes through the SVSM: the kernel restarts by itself, and the host ends the virtual machine or builds another",
		"restarts, and panics with a timeout, go through the SVSM",
	};

	if (strcmp(value, "0") && strcmp(value, "1"))
		return false;
	snprintf(text, size, "%s", says[*value == '1']);
	return true;
}

static bool sr_ap_policy_says(const char *value, char *text, size_t size)
{
	int policy = sr_word(svr_ap_policy_words, SVR_NR_AP_POLICIES, value);
	const char *risk = "";

	if (policy == SR_UNKNOWN)
		return false;
	if (policy == SVR_AP_HOST)
		risk = "; a host that lies lets it run while its memory is taken away";
	else if (policy == SVR_AP_FORCE)
		risk = "; it may run while its memory is taken away";
	snprintf(text, size, "if CPUs cannot be shown to have stopped, %s%s",
		 svr_ap_policy_words[policy].text, risk);
	return true;
}

static bool sr_device_policy_says(const char *value, char *text, size_t size)
{
	int policy = sr_word(svr_device_policy_words, SVR_NR_DEVICE_POLICIES,
			     value);

	if (policy == SR_UNKNOWN)
		return false;
	snprintf(text, size, "if a PCI device does not stop, %s%s",
		 svr_device_policy_words[policy].text,
		 policy == SVR_DEVICE_FORCE ?
		 "; it may write into memory that the next kernel shares" : "");
	return true;
}

static bool sr_deadman_says(const char *value, char *text, size_t size)
{
	long long seconds;

	if (!sr_number(value, 0, SR_DEADMAN_MAX, &seconds))
		return false;
	/* The file is shown without it, so that the check after the write would fail */
	if (*value == '0' && value[1])
		return false;
	if (seconds)
		snprintf(text, size,
			 "an orderly restart that takes longer than %lld s is forced",
			 seconds);
	else
		snprintf(text, size, "an orderly restart that hangs is never forced");
	return true;
}

static const struct sr_key sr_keys[] = {
	{ "enabled", "1 or 0 (yes or no)", true, sr_enabled_says },
	{ "ap_policy", "refuse, host or force", false, sr_ap_policy_says },
	{ "device_policy", "force or refuse", false, sr_device_policy_says },
	{ "deadman", "0 to 86400 seconds, 0: never", false, sr_deadman_says },
};

#define SR_NR_KEYS	(sizeof(sr_keys) / sizeof(*sr_keys))

/* What people write, and what the driver takes */
static const char *sr_plain_value(const struct sr_key *key, const char *value)
{
	static const char * const words[][2] = {
		{ "yes", "1" }, { "on", "1" }, { "no", "0" }, { "off", "0" },
	};
	size_t i;

	if (!key->flag)
		return value;
	for (i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (!strcmp(value, words[i][0]))
			return words[i][1];
	return value;
}

static const struct sr_key *sr_find_key(const char *name)
{
	size_t i;

	for (i = 0; i < SR_NR_KEYS; i++)
		if (!strcmp(sr_keys[i].name, name))
			return &sr_keys[i];
	return NULL;
}

static void sr_list_keys(void)
{
	size_t i;

	for (i = 0; i < SR_NR_KEYS; i++)
		fprintf(stderr, "  %-10s %s\n", sr_keys[i].name,
			sr_keys[i].values);
}

static void sr_explain_error(const char *command, const struct sr_key *key,
			     const char *value, int err)
{
	switch (err) {
	case -EACCES:
	case -EPERM:
		sr_error(command, "%s: this needs root", key->name);
		break;
	case -EBUSY:
		sr_error(command, "%s: a reset has begun, it is too late",
			 key->name);
		break;
	case -EINVAL:
		sr_error(command,
			 "%s: the driver refuses \"%s\"; \"dmesg | grep svsm-reset\" says why",
			 key->name, value);
		break;
	case -ENOENT:
		sr_error(command, "%s: this driver does not have that, it is older than this tool",
			 key->name);
		break;
	default:
		sr_error(command, "%s: %s", key->name, strerror(-err));
		break;
	}
}

static int sr_write_key(const struct sr_options *options,
			const struct sr_key *key, const char *value)
{
	const char *command = sr_command_set.name;
	char path[128], before[SR_VALUE], after[SR_VALUE], says[SR_TEXT];
	struct sr_facts facts;
	int err;

	if (!sr_facts_ready(options->root, command, &facts))
		return SR_EXIT_FAILED;
	snprintf(path, sizeof(path), SR_DEVICE "/%s", key->name);
	sr_read(options->root, path, before, sizeof(before));
	err = sr_write(options->root, path, value);
	if (err) {
		sr_explain_error(command, key, value, err);
		return SR_EXIT_FAILED;
	}
	/* Ask the driver: a write that succeeds proves nothing */
	if (sr_read(options->root, path, after, sizeof(after)) ||
	    strcmp(after, value)) {
		sr_error(command, "%s: it is \"%s\" all the same", key->name,
			 after);
		return SR_EXIT_FAILED;
	}
	key->says(value, says, sizeof(says));
	printf("%s: %s -> %s: %s\n", key->name, *before ? before : "unknown",
	       after, says);
	return sr_flush(command) ? SR_EXIT_FAILED : SR_EXIT_OK;
}

/* "KEY VALUE", or "KEY=VALUE": which is cut in two */
static const char *sr_value_of(int argc, char **argv)
{
	char *equals = argc ? strchr(argv[0], '=') : NULL;

	if (argc == 1 && equals) {
		*equals = '\0';
		return equals + 1;
	}
	return argc == 2 ? argv[1] : NULL;
}

static int sr_set(const struct sr_options *options, int argc, char **argv)
{
	const char *command = sr_command_set.name;
	const char *value = sr_value_of(argc, argv);
	const struct sr_key *key;
	char says[SR_TEXT];

	if (!value) {
		sr_error(command, "it takes a key and a value:");
		sr_list_keys();
		return SR_EXIT_USAGE;
	}
	key = sr_find_key(argv[0]);
	if (!key) {
		sr_error(command, "no key \"%s\"; there are:", argv[0]);
		sr_list_keys();
		return SR_EXIT_USAGE;
	}
	if (!key->says(sr_plain_value(key, value), says, sizeof(says))) {
		sr_error(command, "%s: it is %s, not \"%s\"", key->name,
			 key->values, value);
		return SR_EXIT_USAGE;
	}
	return sr_write_key(options, key, sr_plain_value(key, value));
}

const struct sr_command sr_command_set = {
	.cmd = SR_CMD_SET,
	.name = "set",
	.operands = "KEY VALUE | KEY=VALUE",
	.max = 2,
	.summary = "change a setting, until the next boot",
	.about =
	"Keys and values:\n"
	"\n"
	"  enabled        1 or 0 (yes or no): may the SVSM reset this guest?\n"
	"  ap_policy      refuse, host or force: what if a CPU does not stop?\n"
	"  device_policy  force or refuse: what if a PCI device does not stop?\n"
	"  deadman        0 to 86400 seconds: force a restart that takes longer;\n"
	"                 0: never\n"
	"\n"
	"Says what follows from the change. Needs root. To have a setting in every boot,\n"
	"set the module's parameter of the same name in /etc/modprobe.d, and put it\n"
	"into the initial ram disks: /usr/lib/svsm-reset/images && kdump-config reload\n",
	.usage = SR_EXIT_USAGE,
	.run = sr_set,
};
