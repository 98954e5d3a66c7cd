// SPDX-License-Identifier: GPL-2.0
/*
 * What a reset now would leave alive of the platform. The driver stops the PCI devices of
 * domain 0, timers and what KVM writes to; what else there is, and can be seen from here, is
 * told. A device that sleeps is not looked at: to read its configuration would wake it up.
 */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "facts.h"
#include "left.h"
#include "sysfs.h"

#define SR_PCI		"/sys/bus/pci/devices"
#define SR_WATCHDOGS	"/sys/class/watchdog"
/* The one whose timer is the kernel's, and goes with it: softdog.c */
#define SR_SOFTDOG	"Software Watchdog"
/* PCI_COMMAND, its low byte, and PCI_COMMAND_MASTER */
#define SR_PCI_COMMAND	4
#define SR_PCI_MASTER	0x04

static void sr_left_add(struct sr_left_list *list, const char *name)
{
	if (list->count < SR_LEFT_NAMES) {
		snprintf(list->names[list->count], SR_LEFT_NAME, "%.*s",
			 SR_LEFT_NAME - 1, name);
		sr_clean(list->names[list->count]);
	}
	list->count++;
}

static bool sr_pci_masters(const char *root, const char *name)
{
	unsigned char config[SR_PCI_COMMAND + 1];
	char path[512], state[32];

	snprintf(path, sizeof(path), SR_PCI "/%s/power_state", name);
	sr_read(root, path, state, sizeof(state));
	if (!strncmp(state, "D3", 2))
		return false;
	snprintf(path, sizeof(path), SR_PCI "/%s/config", name);
	return !sr_read_head(root, path, config, sizeof(config)) &&
	       config[SR_PCI_COMMAND] & SR_PCI_MASTER;
}

static bool sr_pci_outside(const char *name)
{
	return strtoul(name, NULL, 16) != 0;
}

static bool sr_watchdog_runs(const char *root, const char *name)
{
	char path[512], text[128];

	snprintf(path, sizeof(path), SR_WATCHDOGS "/%s/state", name);
	if (sr_read(root, path, text, sizeof(text)) || strcmp(text, "active"))
		return false;
	snprintf(path, sizeof(path), SR_WATCHDOGS "/%s/identity", name);
	sr_read(root, path, text, sizeof(text));
	return strcmp(text, SR_SOFTDOG);
}

/* The entries of a directory, in order; one that is not there has none */
static int sr_entries(const char *root, const char *directory,
		      struct dirent ***entries)
{
	char path[PATH_MAX];
	int count;

	if (snprintf(path, sizeof(path), "%s%s", root, directory) >= (int)sizeof(path))
		return SR_UNKNOWN;
	count = scandir(path, entries, NULL, alphasort);
	if (count < 0)
		return errno == ENOENT ? 0 : SR_UNKNOWN;
	return count;
}

static void sr_entries_free(struct dirent **entries, int count)
{
	while (count > 0)
		free(entries[--count]);
	free(entries);
}

static void sr_left_pci(const char *root, bool stops_devices,
			struct sr_left_list *list)
{
	struct dirent **entries = NULL;
	int count = sr_entries(root, SR_PCI, &entries), i;

	list->count = count == SR_UNKNOWN ? SR_UNKNOWN : 0;
	for (i = 0; i < count; i++) {
		const char *name = entries[i]->d_name;

		if (*name != '.' && (!stops_devices || sr_pci_outside(name)) &&
		    sr_pci_masters(root, name))
			sr_left_add(list, name);
	}
	sr_entries_free(entries, count);
}

static void sr_left_watchdogs(const char *root, struct sr_left_list *list)
{
	struct dirent **entries = NULL;
	int count = sr_entries(root, SR_WATCHDOGS, &entries), i;

	list->count = count == SR_UNKNOWN ? SR_UNKNOWN : 0;
	for (i = 0; i < count; i++)
		if (*entries[i]->d_name != '.' &&
		    sr_watchdog_runs(root, entries[i]->d_name))
			sr_left_add(list, entries[i]->d_name);
	sr_entries_free(entries, count);
}

/**
 * sr_left_read - look for what a reset would leave
 * @root:          what to put before /sys
 * @stops_devices: the driver is one that stops PCI devices
 * @left:          becomes what is found
 */
void sr_left_read(const char *root, bool stops_devices, struct sr_left *left)
{
	sr_left_pci(root, stops_devices, &left->pci);
	sr_left_watchdogs(root, &left->watchdogs);
}

static void __printf(3, 4) sr_say(char *text, size_t size, const char *format,
				  ...)
{
	size_t len = strlen(text);
	va_list args;

	va_start(args, format);
	vsnprintf(text + len, size - len, format, args);
	va_end(args);
}

static void sr_say_list(const struct sr_left_list *list, const char *what,
			char *text, size_t size)
{
	int i;

	if (list->count <= 0)
		return;
	sr_say(text, size, "%s%s: ", *text ? "; " : "", what);
	for (i = 0; i < list->count && i < SR_LEFT_NAMES; i++)
		sr_say(text, size, "%s%s", i ? ", " : "", list->names[i]);
	if (list->count > SR_LEFT_NAMES)
		sr_say(text, size, " and %d more", list->count - SR_LEFT_NAMES);
}

/**
 * sr_left_text - what a reset would leave, in one line
 * @facts: what is known
 * @text:  becomes the line, without the full stop
 * @size:  size of @text
 *
 * Return: whether there is something of it, or nobody can tell.
 */
bool sr_left_text(const struct sr_facts *facts, char *text, size_t size)
{
	const struct sr_left *left = &facts->left;

	*text = '\0';
	if (left->pci.count == SR_UNKNOWN || left->watchdogs.count == SR_UNKNOWN) {
		sr_say(text, size, "unknown: /sys cannot be read");
		return true;
	}
	sr_say_list(&left->pci, *facts->device_policy ?
		    "PCI devices outside of domain 0, which the driver does not reach" :
		    "PCI devices, of which this driver stops none", text, size);
	sr_say_list(&left->watchdogs,
		    "watchdogs, which only an orderly restart stops", text, size);
	if (*text)
		return true;
	sr_say(text, size, "nothing that can be seen from here");
	return false;
}
