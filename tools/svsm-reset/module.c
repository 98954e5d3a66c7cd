// SPDX-License-Identifier: GPL-2.0
/*
 * Why is the module not loaded? The kernel's log says why, but not every user may read
 * it. The module's file, and the settings by which the kernel refuses modules, tell
 * most of it as well.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <lzma.h>

#include "kernel-log.h"
#include "module.h"
#include "sysfs.h"

#define SR_MODULES	"/lib/modules"
/* The name in modules.dep, where the suffix of a compressed file may follow */
#define SR_NAME		"svsm_reset.ko"
/* modules.dep of a kernel with everything has 1 MB, the module has 0.5 MB */
#define SR_DEP_MAX	(16 << 20)
#define SR_FILE_MAX	(16 << 20)

/* What scripts/sign-file puts at a module's end, include/linux/module_signature.h */
#define SR_SIGNATURE	"~Module signature appended~\n"

#define SR_SIG_ENFORCE	"/sys/module/module/parameters/sig_enforce"
#define SR_LOCKDOWN	"/sys/kernel/security/lockdown"
#define SR_DISABLED	"/proc/sys/kernel/modules_disabled"
#define SR_BLACKLIST	"module_blacklist="

/* Words of the configuration and of dmesg, as an administrator meets them */
static const char * const sr_hindrance_words[SR_NR_HINDRANCES] = {
	[SR_HINDRANCE_NONE] = "",
	[SR_HINDRANCE_NOT_INSTALLED] = "not-installed",
	[SR_HINDRANCE_DISABLED] = "modules-disabled",
	[SR_HINDRANCE_BLACKLISTED] = "blacklisted",
	[SR_HINDRANCE_OTHER_KERNEL] = "other-kernel",
	[SR_HINDRANCE_UNSIGNED] = "unsigned",
	[SR_HINDRANCE_KEY] = "untrusted-key",
};

/* Is the line of modules.dep, "updates/dkms/x.ko.xz: ...", about our module? */
static bool sr_is_ours(const char *line, size_t len)
{
	const char *name = memrchr(line, '/', len);

	name = name ? name + 1 : line;
	len -= (size_t)(name - line);
	return len >= strlen(SR_NAME) &&
	       !memcmp(name, SR_NAME, strlen(SR_NAME)) &&
	       (len == strlen(SR_NAME) || name[strlen(SR_NAME)] == '.');
}

/* The path of the module below the kernel's directory, as modules.dep has it */
static int sr_find(const char *dep, size_t len, char *path, size_t size)
{
	const char *end = dep + len;

	while (dep < end) {
		const char *next = memchr(dep, '\n', (size_t)(end - dep)) ?: end;
		const char *colon = memchr(dep, ':', (size_t)(next - dep));

		if (colon && sr_is_ours(dep, (size_t)(colon - dep)) &&
		    (size_t)(colon - dep) < size) {
			memcpy(path, dep, (size_t)(colon - dep));
			path[colon - dep] = '\0';
			return 1;
		}
		dep = next + 1;
	}
	return 0;
}

/* A module in the form that is looked into; NULL where it is packed otherwise */
static char *sr_unpack(const char *path, char *data, size_t *len)
{
	uint64_t memory = SR_FILE_MAX * 8ULL;
	size_t in = 0, out = 0;
	uint8_t *unpacked;
	lzma_ret ret;

	if (sr_ends_in(path, ".ko"))
		return data;
	unpacked = sr_ends_in(path, ".xz") ? malloc(SR_FILE_MAX) : NULL;
	if (unpacked) {
		ret = lzma_stream_buffer_decode(&memory, 0, NULL,
						(uint8_t *)data, &in, *len,
						unpacked, &out, SR_FILE_MAX);
		if (ret == LZMA_OK) {
			free(data);
			*len = out;
			return (char *)unpacked;
		}
	}
	free(unpacked);
	free(data);
	return NULL;
}

/* The release is the first word of vermagic, a string of the section .modinfo */
static void sr_built_for(const char *data, size_t len, char *text, size_t size)
{
	static const char key[] = "\0vermagic=";
	const char *value = memmem(data, len, key, sizeof(key) - 1);
	size_t i, rest;

	*text = '\0';
	if (!value)
		return;
	value += sizeof(key) - 1;
	rest = len - (size_t)(value - data);
	for (i = 0; i < rest && i < size - 1 && value[i] && value[i] != ' '; i++)
		text[i] = value[i];
	text[i] = '\0';
	sr_clean(text);
}

static void sr_look_into(const char *root, const char *path,
			 struct sr_module *module)
{
	size_t len, tail = strlen(SR_SIGNATURE);
	char *data = sr_read_all(root, path, SR_FILE_MAX, &len);

	if (data)
		data = sr_unpack(path, data, &len);
	if (!data)
		return;
	sr_built_for(data, len, module->built_for, sizeof(module->built_for));
	module->has_key = len >= tail &&
			  !memcmp(data + len - tail, SR_SIGNATURE, tail);
	free(data);
}

/* "none [integrity] confidentiality": the one in brackets is in force */
static const char *sr_lockdown(const char *root)
{
	static const char * const settings[] = {
		"lockdown=integrity",
		"lockdown=confidentiality",
	};
	char text[128], cmdline[SR_TEXT], mark[32];
	bool mounted = !sr_read(root, SR_LOCKDOWN, text, sizeof(text));
	size_t i;

	/* Firmware's Secure Boot can put it there, so the file comes first */
	sr_read(root, "/proc/cmdline", cmdline, sizeof(cmdline));
	for (i = 0; i < sizeof(settings) / sizeof(*settings); i++) {
		snprintf(mark, sizeof(mark), "[%s]",
			 strchr(settings[i], '=') + 1);
		if (mounted ? !!strstr(text, mark) :
			      sr_has_word(cmdline, settings[i]))
			return settings[i];
	}
	return "";
}

static const char *sr_wants_key(const char *root)
{
	if (sr_read_flag(root, SR_SIG_ENFORCE) == 1)
		return "module.sig_enforce=1";
	return sr_lockdown(root);
}

/* As blacklisted() of kernel/module/main.c; the last of several counts */
static bool sr_blacklisted(const char *root)
{
	char cmdline[SR_TEXT], *word, *rest = cmdline, *name, *names = NULL;

	sr_read(root, "/proc/cmdline", cmdline, sizeof(cmdline));
	while ((word = strsep(&rest, " ")))
		if (!strncmp(word, SR_BLACKLIST, strlen(SR_BLACKLIST)))
			names = word + strlen(SR_BLACKLIST);
	while ((name = strsep(&names, ",")))
		if (!strcmp(name, "svsm_reset"))
			return true;
	return false;
}

/* Where modules.dep of a kernel has it: the path from the root on */
static int sr_module_path(const char *root, const char *release, char *path,
			  size_t size)
{
	int used = snprintf(path, size, SR_MODULES "/%s/", release), found;
	char *dep;
	size_t len;

	snprintf(path + used, size - (size_t)used, "modules.dep");
	dep = sr_read_all(root, path, SR_DEP_MAX, &len);
	if (!dep)
		return SR_UNKNOWN;
	found = sr_find(dep, len, path + used, size - (size_t)used);
	free(dep);
	return found;
}

/**
 * sr_module_installed - is the module installed for a kernel?
 * @root:    what to put before /lib
 * @release: of the kernel
 *
 * Return: 1, 0 or SR_UNKNOWN.
 */
int sr_module_installed(const char *root, const char *release)
{
	char path[512];

	return sr_module_path(root, release, path, sizeof(path));
}

/**
 * sr_module_read - read what is known of the module's file
 * @root:   what to put before /sys, /proc and /lib
 * @module: becomes what is known
 */
void sr_module_read(const char *root, struct sr_module *module)
{
	char path[512];

	memset(module, 0, sizeof(*module));
	module->installed = SR_UNKNOWN;
	module->has_key = SR_UNKNOWN;
	module->wants_key = sr_wants_key(root);
	module->disabled = sr_read_flag(root, SR_DISABLED);
	module->blacklisted = sr_blacklisted(root);
	sr_kernel_log_read(root, module->refused, sizeof(module->refused));
	if (sr_read(root, "/proc/sys/kernel/osrelease", module->release,
		    sizeof(module->release)) ||
	    strchr(module->release, '/'))
		return;
	module->installed = sr_module_path(root, module->release, path,
					   sizeof(path));
	if (module->installed == 1)
		sr_look_into(root, path, module);
}

/**
 * sr_module_hindrance - what keeps the module from being loaded?
 * @module: what is known of it
 *
 * Looks in the order in which the kernel refuses a module. Of kernels with
 * CONFIG_MODVERSIONS another release is no more than a suspicion: they compare
 * the checksums of the symbols that the module uses, kernel/module/version.c.
 *
 * Return: what it is, SR_HINDRANCE_NONE when nothing shows.
 */
enum sr_hindrance sr_module_hindrance(const struct sr_module *module)
{
	if (!module->installed)
		return SR_HINDRANCE_NOT_INSTALLED;
	if (module->disabled == 1)
		return SR_HINDRANCE_DISABLED;
	if (*module->wants_key && !module->has_key)
		return SR_HINDRANCE_UNSIGNED;
	if (module->blacklisted)
		return SR_HINDRANCE_BLACKLISTED;
	if (*module->built_for && strcmp(module->built_for, module->release))
		return SR_HINDRANCE_OTHER_KERNEL;
	return *module->wants_key ? SR_HINDRANCE_KEY : SR_HINDRANCE_NONE;
}

/**
 * sr_module_word - a hindrance in a word
 * @hindrance: which one
 *
 * Return: the word, "" for none.
 */
const char *sr_module_word(enum sr_hindrance hindrance)
{
	return sr_hindrance_words[hindrance];
}

static int sr_hindrance_text(const struct sr_module *module,
			     enum sr_hindrance hindrance, char *text,
			     size_t size)
{
	switch (hindrance) {
	case SR_HINDRANCE_NOT_INSTALLED:
		return snprintf(text, size,
				"the module is not installed for kernel %s: install svsm-reset-dkms and linux-headers-%s",
				module->release, module->release);
	case SR_HINDRANCE_UNSIGNED:
		return snprintf(text, size,
				"the kernel refuses the module: it has no signature, and %s wants one",
				module->wants_key);
	case SR_HINDRANCE_DISABLED:
		return snprintf(text, size,
				"the kernel takes no modules until the next boot: kernel.modules_disabled=1");
	case SR_HINDRANCE_BLACKLISTED:
		return snprintf(text, size,
				"the kernel refuses the module: module_blacklist= on its command line names it");
	case SR_HINDRANCE_OTHER_KERNEL:
		return snprintf(text, size,
				"the module is not loaded, and was built for kernel %s, while this is %s: build it again",
				module->built_for, module->release);
	case SR_HINDRANCE_KEY:
		return snprintf(text, size,
				"the module is not loaded: %s wants a signature by a key that the kernel trusts; try \"modprobe svsm_reset\", and see mokutil(1) if it is refused",
				module->wants_key);
	default:
		return snprintf(text, size,
				"the module is not loaded: try \"modprobe svsm_reset\", and look into dmesg");
	}
}

/**
 * sr_module_text - say why the module is not loaded
 * @module: what is known of it
 * @text:   becomes one line
 * @size:   its size
 *
 * What the log says of a refusal is right, except where no module is installed: then it
 * is about an older one.
 */
void sr_module_text(const struct sr_module *module, char *text, size_t size)
{
	enum sr_hindrance hindrance = sr_module_hindrance(module);
	int len;

	if (hindrance == SR_HINDRANCE_NONE && *module->refused) {
		snprintf(text, size,
			 "the module is not loaded: the kernel's log says \"%s\"",
			 module->refused);
		return;
	}
	len = sr_hindrance_text(module, hindrance, text, size);
	if (hindrance != SR_HINDRANCE_NOT_INSTALLED && *module->refused &&
	    len >= 0 && (size_t)len < size)
		snprintf(text + len, size - (size_t)len,
			 "; the kernel's log says \"%s\"", module->refused);
}
