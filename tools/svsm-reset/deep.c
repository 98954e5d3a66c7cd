// SPDX-License-Identifier: GPL-2.0
/*
 * check --deep: what has to hold in an emergency: what is in the initial ram disks,
 * how the crash kernel is set up, and what would outlive the reset.
 */
#include <dirent.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "answer-json.h"
#include "deep.h"
#include "image.h"
#include "last.h"

#define SR_PATH_TEXT	512

/* Debian 13 on a machine with few drivers needs 192 MiB; the rest is a margin */
#define SR_CRASH_AREA	(256LL << 20)

#define SR_IMAGES	"/usr/lib/svsm-reset/images"
#define SR_WATCHDOGS	"/sys/class/watchdog"
#define SR_SYSRQ_BOOT	0x80

/* Debian; dracut on Debian and elsewhere */
static const char * const sr_ordinary[] = {
	"/boot/initrd.img-%", "/boot/initramfs-%.img", NULL
};

/* kdump-tools; kexec-tools of Fedora and its like */
static const char * const sr_crash[] = {
	"/var/lib/kdump/initrd.img-%", "/boot/initramfs-%kdump.img", NULL
};

static struct sr_look *sr_look(struct sr_deep *deep, const char *name,
			       enum sr_health health)
{
	struct sr_look *look = &deep->looks[deep->nr];

	if (deep->nr < SR_MAX_LOOKS - 1)
		deep->nr++;
	*look = (struct sr_look) { .name = name, .health = health };
	return look;
}

static void __printf(2, 3) sr_saw(struct sr_look *look, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(look->text, sizeof(look->text), format, args);
	va_end(args);
	sr_clean(look->text);
}

static void __printf(2, 3) sr_mend(struct sr_look *look, const char *format,
				   ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(look->mend, sizeof(look->mend), format, args);
	va_end(args);
	sr_clean(look->mend);
}

/* What can be said of an image without knowing what it is for */
static void sr_look_into_image(struct sr_look *look, const char *path,
			       enum sr_health lacks)
{
	switch (sr_image_look(path)) {
	case SR_IMAGE_HAS:
		sr_saw(look, "the module is in %s", path);
		break;
	case SR_IMAGE_LACKS:
		look->health = lacks;
		sr_saw(look, "the module is not in %s", path);
		break;
	case SR_IMAGE_MISSING:
		look->health = SR_HEALTH_UNKNOWN;
		sr_saw(look, "there is no %s", path);
		break;
	case SR_IMAGE_HIDDEN:
		look->health = SR_HEALTH_UNKNOWN;
		sr_saw(look, "only root can look into %s", path);
		break;
	case SR_IMAGE_NO_TOOL:
		look->health = SR_HEALTH_UNKNOWN;
		sr_saw(look, "neither lsinitramfs nor lsinitrd is here to look into %s",
		       path);
		break;
	default:
		look->health = SR_HEALTH_UNKNOWN;
		sr_saw(look, "%s could not be looked into", path);
		break;
	}
}

static void sr_look_at_ordinary(struct sr_deep *deep, const char *name,
				const char *release)
{
	struct sr_look *look = sr_look(deep, name, SR_HEALTH_OK);
	char path[SR_PATH_TEXT];

	sr_image_find(deep->root, sr_ordinary, release, path, sizeof(path));
	sr_look_into_image(look, path, SR_HEALTH_WARNING);
	if (look->health == SR_HEALTH_WARNING)
		sr_mend(look, SR_IMAGES " %s", release);
}

/* The newest one is what boot loaders choose by themselves */
static void sr_newest_kernel(const struct sr_deep *deep, char *release,
			     size_t size)
{
	static const char prefix[] = "vmlinuz-";
	char path[SR_PATH_TEXT];
	struct dirent *entry;
	DIR *boot;

	*release = '\0';
	snprintf(path, sizeof(path), "%s/boot", deep->root);
	boot = opendir(path);
	while (boot && (entry = readdir(boot))) {
		const char *name = entry->d_name + strlen(prefix);

		if (strncmp(entry->d_name, prefix, strlen(prefix)) ||
		    strlen(name) >= size || strverscmp(name, release) <= 0)
			continue;
		snprintf(release, size, "%s", name);
	}
	if (boot)
		closedir(boot);
	sr_clean(release);
}

static void sr_look_at_next(struct sr_deep *deep)
{
	char release[128];
	struct sr_look *look;

	sr_newest_kernel(deep, release, sizeof(release));
	if (!*release) {
		look = sr_look(deep, "next-kernel", SR_HEALTH_UNKNOWN);
		sr_saw(look,
		       "which kernel is the next cannot be told: /boot has none, or cannot be read");
		return;
	}
	if (!strcmp(release, deep->release)) {
		look = sr_look(deep, "next-kernel", SR_HEALTH_OK);
		sr_saw(look, "the newest kernel in /boot is the one that runs");
		return;
	}
	look = sr_look(deep, "next-kernel", SR_HEALTH_OK);
	if (sr_module_installed(deep->root, release) == 0) {
		look->health = SR_HEALTH_CRITICAL;
		sr_saw(look, "the module is not installed for %s, the newest kernel in /boot",
		       release);
		sr_mend(look, "apt install linux-headers-%s", release);
		return;
	}
	sr_saw(look, "the module is installed for %s, the newest kernel in /boot",
	       release);
	sr_look_at_ordinary(deep, "next-initrd", release);
}

/* Does a shell's file have the word in a value? */
struct sr_word_in {
	const char *key;
	bool key_seen;
	bool found;
};

static void sr_word_in_line(const char *line, void *arg)
{
	static const char * const words[] = {
		" -s", "\"-s", "'-s", "=-s", "--kexec-file-syscall", " -a",
		"\"-a", "'-a", "=-a", "--kexec-syscall-auto",
	};
	struct sr_word_in *in = arg;
	size_t i;

	if (strncmp(line, in->key, strlen(in->key)))
		return;
	in->key_seen = true;
	in->found = false;
	for (i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (strstr(line, words[i]))
			in->found = true;
}

/* Nothing in sysfs tells by which system call it was loaded */
static void sr_look_at_load(struct sr_deep *deep)
{
	struct sr_word_in debian = { .key = "KDUMP_KEXEC_ARGS=" };
	struct sr_word_in fedora = { .key = "KEXEC_ARGS=" };
	struct sr_look *look = sr_look(deep, "crash-load", SR_HEALTH_OK);
	char text[128];

	/* With these kdump-config uses kexec -s by itself, and nothing else is possible */
	if (!sr_read(deep->root, "/sys/kernel/security/lockdown", text,
		     sizeof(text)) && !strstr(text, "[none]")) {
		sr_saw(look, "the kernel is locked down: the crash kernel was loaded by kexec -s");
		return;
	}
	sr_read_lines(deep->root, "/etc/default/kdump-tools", sr_word_in_line,
		      &debian);
	sr_read_lines(deep->root, "/etc/sysconfig/kdump", sr_word_in_line,
		      &fedora);
	if (debian.found || fedora.found) {
		sr_saw(look, "kdump is set up to load the crash kernel by kexec -s");
	} else if (sr_exists(deep->root, "/etc/default/kdump-tools") == 1) {
		look->health = SR_HEALTH_WARNING;
		sr_saw(look,
		       "kdump-tools are not told to load the crash kernel by kexec -s: loaded otherwise it knows nothing of SEV-SNP, and does not come up");
		sr_mend(look,
			"echo 'KDUMP_KEXEC_ARGS=\"-s\"' >> /etc/default/kdump-tools && kdump-config reload");
	} else {
		look->health = SR_HEALTH_UNKNOWN;
		sr_saw(look, "whether the crash kernel was loaded by kexec -s cannot be told");
	}
}

static void sr_look_at_area(struct sr_deep *deep)
{
	long long size = sr_read_number(deep->root,
					"/sys/kernel/kexec_crash_size", -1);
	struct sr_look *look = sr_look(deep, "crash-area", SR_HEALTH_OK);

	if (size < 0) {
		look->health = SR_HEALTH_UNKNOWN;
		sr_saw(look, "the size of the crash area could not be read");
		return;
	}
	sr_saw(look, "the crash area has %lld MiB", size >> 20);
	if (size < SR_CRASH_AREA) {
		look->health = SR_HEALTH_WARNING;
		sr_saw(look,
		       "the crash area has %lld MiB: a crash kernel may run out of memory below %lld MiB",
		       size >> 20, SR_CRASH_AREA >> 20);
		sr_mend(look, "crashkernel=%lldM on the kernel's command line",
			SR_CRASH_AREA >> 20);
	}
}

static void sr_look_at_crash(struct sr_deep *deep)
{
	const struct sr_settings *set = &deep->facts->set;
	char path[SR_PATH_TEXT];
	struct sr_look *look;

	if (set->crash_loaded != 1) {
		look = sr_look(deep, "crash-kernel", set->crash_loaded ?
			       SR_HEALTH_UNKNOWN : SR_HEALTH_OK);
		sr_saw(look, set->crash_loaded ?
		       "whether a crash kernel is loaded could not be read" :
		       "no crash kernel is loaded: a panic leaves no dump");
		return;
	}
	look = sr_look(deep, "crash-initrd", SR_HEALTH_OK);
	sr_image_find(deep->root, sr_crash, deep->release, path, sizeof(path));
	sr_look_into_image(look, path, SR_HEALTH_CRITICAL);
	if (look->health == SR_HEALTH_CRITICAL)
		sr_mend(look, SR_IMAGES " %s && kdump-config reload",
			deep->release);
	sr_look_at_load(deep);
	sr_look_at_area(deep);
}

/* Crash kernels need kprobes: without them it is CRITICAL if one is loaded */
static void sr_look_at_kprobes(struct sr_deep *deep)
{
	const struct sr_settings *set = &deep->facts->set;
	enum sr_health bad = set->crash_loaded == 1 ? SR_HEALTH_CRITICAL :
						      SR_HEALTH_WARNING;
	struct sr_look *look = sr_look(deep, "kprobes", SR_HEALTH_OK);

	if (set->kprobes == 0) {
		look->health = bad;
		sr_saw(look, "kprobes are disarmed: no crash kernel comes up");
		sr_mend(look, "echo 1 > /sys/kernel/debug/kprobes/enabled");
	} else if (set->ftrace == 0) {
		look->health = bad;
		sr_saw(look,
		       "ftrace is off, and with it the module's kprobes: no crash kernel comes up");
		sr_mend(look, "sysctl kernel.ftrace_enabled=1");
	} else if (set->kprobes == SR_UNKNOWN) {
		look->health = SR_HEALTH_UNKNOWN;
		sr_saw(look,
		       "whether kprobes are armed could not be read (/sys/kernel/debug/kprobes/enabled)");
	} else {
		sr_saw(look, "kprobes are armed");
	}
}

static bool sr_watchdog_value(const struct sr_deep *deep, const char *dog,
			      const char *name, char *text, size_t size)
{
	char path[SR_PATH_TEXT];

	snprintf(path, sizeof(path), SR_WATCHDOGS "/%s/%s", dog, name);
	return !sr_read(deep->root, path, text, size) && *text;
}

/* softdog ends with this kernel, a device does not */
static bool sr_watchdog_armed(const struct sr_deep *deep, const char *dog,
			      char *identity, size_t size)
{
	char state[32];

	if (!sr_watchdog_value(deep, dog, "state", state, sizeof(state)) ||
	    strcmp(state, "active"))
		return false;
	if (!sr_watchdog_value(deep, dog, "identity", identity, size))
		snprintf(identity, size, "unknown");
	return strcmp(identity, "Software Watchdog") != 0;
}

static void sr_look_at_watchdogs(struct sr_deep *deep)
{
	struct sr_look *look = sr_look(deep, "watchdog", SR_HEALTH_OK);
	char path[SR_PATH_TEXT], identity[64], seconds[16], nowayout[8];
	struct dirent *entry;
	DIR *dir;

	sr_saw(look, "no watchdog is armed that outlives a reset");
	snprintf(path, sizeof(path), "%s" SR_WATCHDOGS, deep->root);
	dir = opendir(path);
	while (dir && (entry = readdir(dir))) {
		const char *dog = entry->d_name;

		if (*dog == '.' || strlen(dog) > 32 ||
		    !sr_watchdog_armed(deep, dog, identity, sizeof(identity)))
			continue;
		if (!sr_watchdog_value(deep, dog, "timeout", seconds,
				       sizeof(seconds)))
			snprintf(seconds, sizeof(seconds), "?");
		sr_watchdog_value(deep, dog, "nowayout", nowayout,
				  sizeof(nowayout));
		look->health = SR_HEALTH_WARNING;
		sr_saw(look,
		       "%s (%s) is armed%s: it goes on over a reset%s, and fires in the next boot unless that takes it up within %s s",
		       dog, identity,
		       strcmp(nowayout, "1") ? "" : " and cannot be stopped",
		       strcmp(nowayout, "1") ? " after a panic" : "", seconds);
	}
	if (dir)
		closedir(dir);
}

/* Whether the device is there, and is told of panics */
static void sr_look_at_pvpanic(struct sr_deep *deep)
{
	static const char driver[] = "/sys/bus/pci/drivers/pvpanic-pci";
	struct sr_look *look = sr_look(deep, "pvpanic", SR_HEALTH_OK);
	char path[SR_PATH_TEXT], events[16];
	struct dirent *entry;
	unsigned int bits;
	DIR *dir;

	sr_saw(look, "the host is told of no panic");
	snprintf(path, sizeof(path), "%s%s", deep->root, driver);
	dir = opendir(path);
	while (dir && (entry = readdir(dir))) {
		if (strlen(entry->d_name) > 32 || !strchr(entry->d_name, ':'))
			continue;
		snprintf(path, sizeof(path), "%s/%s/events", driver,
			 entry->d_name);
		if (sr_read(deep->root, path, events, sizeof(events)) ||
		    sscanf(events, "%x", &bits) != 1 || !(bits & 1))
			continue;
		look->health = SR_HEALTH_WARNING;
		sr_saw(look,
		       "pvpanic tells the host of a panic, and QEMU stops the virtual machine then, unless it was started with -action panic=none");
		sr_mend(look, "echo 0 > %s", path);
	}
	if (dir)
		closedir(dir);
}

static void sr_look_at_panic(struct sr_deep *deep)
{
	const struct sr_settings *set = &deep->facts->set;
	struct sr_look *look = sr_look(deep, "panic", SR_HEALTH_OK);

	if (set->panic == SR_UNKNOWN) {
		look->health = SR_HEALTH_UNKNOWN;
		sr_saw(look, "/proc/sys/kernel/panic could not be read");
	} else if (!set->panic && set->crash_loaded != 1) {
		look->health = SR_HEALTH_WARNING;
		sr_saw(look,
		       "panic=0: a panic resets nothing, and the virtual machine stays as it is");
		sr_mend(look, "sysctl kernel.panic=10");
	} else if (!set->panic) {
		sr_saw(look,
		       "panic=0: a panic goes to the crash kernel; if that fails, nothing is reset");
	} else {
		sr_saw(look, "panic=%d", set->panic);
	}
}

static void sr_look_at_sysrq(struct sr_deep *deep)
{
	int sysrq = deep->facts->set.sysrq;
	struct sr_look *look = sr_look(deep, "sysrq", SR_HEALTH_OK);

	if (sysrq == SR_UNKNOWN) {
		look->health = SR_HEALTH_UNKNOWN;
		sr_saw(look, "kernel.sysrq could not be read");
	} else {
		sr_saw(look, "sysrq-b works %s (kernel.sysrq=%d)",
		       sysrq == 1 || sysrq & SR_SYSRQ_BOOT ?
		       "from the console" : "only by /proc/sysrq-trigger",
		       sysrq);
	}
}

/* A driver without rehearsals has nothing to show */
static void sr_look_at_rehearsal(struct sr_deep *deep)
{
	const struct sr_rehearsal *rehearsal = &deep->facts->rehearsal;
	struct sr_look *look;
	char text[SR_TEXT];

	if (rehearsal->done == SR_UNKNOWN)
		return;
	look = sr_look(deep, "rehearsal", sr_rehearsal_health(rehearsal));
	sr_rehearsal_text(deep->facts, text, sizeof(text));
	sr_saw(look, "%s", text);
	sr_mend(look, "%s", sr_rehearsal_mend(rehearsal));
}

static bool sr_rehearsed(const struct sr_facts *facts)
{
	return facts->rehearsal.done == 1 &&
	       facts->rehearsal.result == SVR_CHECK_OK;
}

static bool sr_by_another_kernel(const struct sr_deep *deep)
{
	const char *kernel = deep->facts->last.kernel;

	return *kernel && *deep->release && strcmp(kernel, deep->release);
}

/* No reset has tested what runs now: a rehearsal shows less, but it counts */
static void sr_look_untested(struct sr_look *look, const struct sr_facts *facts)
{
	if (sr_rehearsed(facts))
		return;
	look->health = SR_HEALTH_WARNING;
	sr_mend(look, "svsm-reset rehearse, or a reboot while it does not matter");
}

/* A reset that came about is a test, if the kernel that runs now made it */
static void sr_look_at_test(struct sr_deep *deep)
{
	const struct sr_facts *facts = deep->facts;
	struct sr_look *look = sr_look(deep, "last-test", SR_HEALTH_OK);
	const char *but = sr_rehearsed(facts) ? "; but a rehearsal has passed" : "";

	if (facts->count == SR_NO_NUMBER) {
		look->health = SR_HEALTH_UNKNOWN;
		sr_saw(look,
		       "whether this virtual machine has been reset by its SVSM could not be read");
	} else if (!facts->count) {
		sr_look_untested(look, facts);
		sr_saw(look,
		       "this virtual machine has not been reset by its SVSM since it was launched, as far as the record goes%s",
		       but);
	} else if (sr_by_another_kernel(deep)) {
		sr_look_untested(look, facts);
		sr_saw(look, "the last reset was made by kernel %s, and this is %s%s",
		       facts->last.kernel, deep->release, but);
	} else {
		sr_saw(look, "%lld reset%s by the SVSM so far%s", facts->count,
		       facts->count == 1 ? "" : "s", *facts->last.kernel ?
		       ", the last one by this kernel" :
		       "; by which kernel the record does not say");
	}
}

/**
 * sr_deep_look - take a second look
 * @root:  what to put before /sys, /proc, /boot and so on
 * @facts: what is known without it
 * @deep:  becomes what has been seen
 */
void sr_deep_look(const char *root, const struct sr_facts *facts,
		  struct sr_deep *deep)
{
	struct sr_look *look;

	*deep = (struct sr_deep) { .root = root, .facts = facts };
	if (sr_read(root, "/proc/sys/kernel/osrelease", deep->release,
		    sizeof(deep->release)) ||
	    strchr(deep->release, '/'))
		*deep->release = '\0';
	if (*deep->release) {
		sr_look_at_ordinary(deep, "initrd", deep->release);
		sr_look_at_next(deep);
	} else {
		look = sr_look(deep, "initrd", SR_HEALTH_UNKNOWN);
		sr_saw(look, "the release of this kernel could not be read");
	}
	sr_look_at_crash(deep);
	sr_look_at_kprobes(deep);
	sr_look_at_watchdogs(deep);
	sr_look_at_pvpanic(deep);
	sr_look_at_panic(deep);
	sr_look_at_sysrq(deep);
	sr_look_at_rehearsal(deep);
	sr_look_at_test(deep);
}

/**
 * sr_deep_health - how is it, all in all?
 * @deep: what has been seen
 *
 * Return: the worst; what cannot be told does not count.
 */
enum sr_health sr_deep_health(const struct sr_deep *deep)
{
	enum sr_health worst = SR_HEALTH_OK;
	unsigned int i;

	for (i = 0; i < deep->nr; i++)
		if (deep->looks[i].health != SR_HEALTH_UNKNOWN &&
		    deep->looks[i].health > worst)
			worst = deep->looks[i].health;
	return worst;
}

/**
 * sr_json_deep - what has been seen, for programs
 * @deep: what has been seen
 *
 * Return: an array.
 */
struct json_object *sr_json_deep(const struct sr_deep *deep)
{
	struct json_object *array = sr_json_array(), *object;
	unsigned int i;

	for (i = 0; i < deep->nr; i++) {
		const struct sr_look *look = &deep->looks[i];

		object = sr_json_object();
		sr_json_add(object, "name", sr_json_text(look->name));
		sr_json_add(object, "status",
			    sr_json_text(sr_health_names[look->health]));
		sr_json_add(object, "text", sr_json_text(look->text));
		sr_json_add(object, "mend", sr_json_text(look->mend));
		sr_json_append(array, object);
	}
	return array;
}

/**
 * sr_deep_print - what has been seen, a line for each and one for what mends it
 * @deep: what has been seen
 */
void sr_deep_print(const struct sr_deep *deep)
{
	unsigned int i;

	for (i = 0; i < deep->nr; i++) {
		const struct sr_look *look = &deep->looks[i];

		printf("%-8s %s: %s\n", sr_health_names[look->health],
		       look->name, look->text);
		if (*look->mend)
			printf("%9s=> %s\n", "", look->mend);
	}
}
