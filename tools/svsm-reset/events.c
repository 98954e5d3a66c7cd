// SPDX-License-Identifier: GPL-2.0
/*
 * svsm-reset events: follows the device's uevents, by way of udev where there
 * is one.
 */
#include <errno.h>
#include <libudev.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "facts.h"
#include "answer-json.h"
#include "last.h"
#include "tool.h"

/* Without udevd the kernel's own events are read */
#define SR_UDEVD	"/run/udev/control"
/* Name of the device on the platform bus */
#define SR_SYSNAME	"svsm-reset"

/* What an event says, in the order in which it is shown */
enum sr_field {
	SR_FIELD_STATE,
	SR_FIELD_REASON,
	SR_FIELD_CAUSE,
	SR_FIELD_OUTCOME,
	SR_FIELD_COUNT,
	SR_FIELD_TRUST,
	SR_FIELD_DUMP,
	SR_FIELD_TRIGGER,
	SR_NR_FIELDS,
};

static const struct {
	const char *property;
	const char *name;
} sr_fields[SR_NR_FIELDS] = {
	[SR_FIELD_STATE] = { "SVSM_RESET_STATE", "state" },
	[SR_FIELD_REASON] = { "SVSM_RESET_REASON", "reason" },
	[SR_FIELD_CAUSE] = { "SVSM_RESET_CAUSE", "cause" },
	[SR_FIELD_OUTCOME] = { "SVSM_RESET_OUTCOME", "outcome" },
	[SR_FIELD_COUNT] = { "SVSM_RESET_COUNT", "count" },
	[SR_FIELD_TRUST] = { "SVSM_RESET_TRUST", "trust" },
	[SR_FIELD_DUMP] = { "SVSM_RESET_DUMP", "dump" },
	[SR_FIELD_TRIGGER] = { "SVSM_RESET_TRIGGER", "trigger" },
};

struct sr_event {
	char action[32];
	char values[SR_NR_FIELDS][256];
};

static void sr_copy(char *to, size_t size, const char *from)
{
	snprintf(to, size, "%s", from ?: "");
	sr_clean(to);
}

static void sr_event_set(struct sr_event *event, enum sr_field field,
			 const char *value)
{
	sr_copy(event->values[field], sizeof(event->values[field]), value);
}

static struct json_object *sr_event_value(const struct sr_event *event,
					  enum sr_field field)
{
	const char *text = event->values[field];
	long long number;

	if (field == SR_FIELD_COUNT &&
	    sr_number(text, LLONG_MIN, LLONG_MAX, &number))
		return sr_json_number(number);
	return sr_json_text(text);
}

static int sr_event_print(const struct sr_event *event, bool json)
{
	struct json_object *object;
	struct timespec now;
	struct tm tm;
	char when[32];
	int i;

	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &tm);
	strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%SZ", &tm);
	if (json) {
		object = json_object_new_object();
		sr_json_add(object, "time", sr_json_text(when));
		sr_json_add(object, "action", sr_json_text(event->action));
		for (i = 0; i < SR_NR_FIELDS; i++)
			sr_json_add(object, sr_fields[i].name,
				    sr_event_value(event, (enum sr_field)i));
		return sr_json_print(object, sr_command_events.name,
				     JSON_C_TO_STRING_PLAIN);
	}
	printf("%s %s", when, event->action);
	for (i = 0; i < SR_NR_FIELDS; i++)
		if (*event->values[i])
			printf(" %s=%s", sr_fields[i].name, event->values[i]);
	putchar('\n');
	return sr_flush(sr_command_events.name);
}

/* How things stand, in the words of an event */
static int sr_event_now(const struct sr_options *options)
{
	struct sr_event event = {};
	const char *trouble;
	struct sr_facts facts;
	char count[32];

	sr_facts_read(options->root, &facts);
	trouble = sr_facts_trouble(&facts);
	/* The module may be loaded later: go on and wait */
	if (trouble && !(facts.set.snp == 1 && facts.set.vmpl)) {
		sr_error(sr_command_events.name, "%s", trouble);
		return -1;
	}
	if (trouble) {
		sr_copy(event.action, sizeof(event.action), "not-loaded");
		return sr_event_print(&event, options->json);
	}
	sr_copy(event.action, sizeof(event.action), "present");
	sr_event_set(&event, SR_FIELD_STATE, facts.state);
	sr_event_set(&event, SR_FIELD_REASON, facts.last.reason);
	sr_event_set(&event, SR_FIELD_CAUSE, facts.last.cause);
	sr_event_set(&event, SR_FIELD_OUTCOME, facts.last.outcome);
	sr_event_set(&event, SR_FIELD_TRUST, facts.trust);
	sr_event_set(&event, SR_FIELD_DUMP, facts.last.dump);
	sr_event_set(&event, SR_FIELD_TRIGGER, facts.last.trigger);
	if (facts.count != SR_NO_NUMBER) {
		snprintf(count, sizeof(count), "%lld", facts.count);
		sr_event_set(&event, SR_FIELD_COUNT, count);
	}
	return sr_event_print(&event, options->json);
}

static int sr_event_take(struct udev_monitor *monitor, bool json)
{
	struct udev_device *device = udev_monitor_receive_device(monitor);
	struct sr_event event = {};
	const char *name;
	int i, err = 0;

	if (!device)
		return 0;
	name = udev_device_get_sysname(device);
	if (name && !strcmp(name, SR_SYSNAME)) {
		sr_copy(event.action, sizeof(event.action),
			udev_device_get_action(device));
		for (i = 0; i < SR_NR_FIELDS; i++)
			sr_event_set(&event, (enum sr_field)i,
				     udev_device_get_property_value(device, sr_fields[i].property));
		err = sr_event_print(&event, json);
	}
	udev_device_unref(device);
	return err;
}

/* Until SIGINT or SIGTERM */
static int sr_follow(struct udev_monitor *monitor, int signals, bool json)
{
	struct pollfd fds[] = {
		{ .fd = udev_monitor_get_fd(monitor), .events = POLLIN },
		{ .fd = signals, .events = POLLIN },
	};

	for (;;) {
		if (poll(fds, 2, -1) < 0) {
			if (errno == EINTR)
				continue;
			sr_error(sr_command_events.name, "poll: %s",
				 strerror(errno));
			return -1;
		}
		if (fds[1].revents)
			return 0;
		if (fds[0].revents && sr_event_take(monitor, json))
			return -1;
	}
}

static struct udev_monitor *sr_monitor(struct udev *udev)
{
	const char *source = access(SR_UDEVD, F_OK) ? "kernel" : "udev";
	struct udev_monitor *monitor;

	monitor = udev_monitor_new_from_netlink(udev, source);
	if (!monitor)
		return NULL;
	if (udev_monitor_filter_add_match_subsystem_devtype(monitor, "platform",
							    NULL) < 0 ||
	    udev_monitor_enable_receiving(monitor) < 0) {
		udev_monitor_unref(monitor);
		return NULL;
	}
	return monitor;
}

static int sr_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	if (sigprocmask(SIG_BLOCK, &set, NULL))
		return -1;
	return signalfd(-1, &set, SFD_CLOEXEC);
}

static int sr_events_follow(const struct sr_options *options)
{
	struct udev *udev = udev_new();
	struct udev_monitor *monitor = udev ? sr_monitor(udev) : NULL;
	int signals = sr_signals(), err = -1;

	if (!monitor || signals < 0)
		sr_error(sr_command_events.name,
			 "cannot listen to the kernel's events: %s",
			 strerror(errno));
	/* Only now, when it listens: no event is lost in between */
	else if (!sr_event_now(options))
		err = sr_follow(monitor, signals, options->json);
	if (signals >= 0)
		close(signals);
	udev_monitor_unref(monitor);
	udev_unref(udev);
	return err;
}

static int sr_events(const struct sr_options *options, int argc, char **argv)
{
	int err;

	(void)argc;
	(void)argv;
	err = options->once ? sr_event_now(options) : sr_events_follow(options);
	return err ? SR_EXIT_FAILED : SR_EXIT_OK;
}

const struct sr_command sr_command_events = {
	.cmd = SR_CMD_EVENTS,
	.name = "events",
	.operands = "",
	.summary = "print the driver's events as they come",
	.about =
	"Prints how things stand (\"present\", or \"not-loaded\"), then a line for each\n"
	"event, until it gets SIGINT or SIGTERM: \"add\" when the module is loaded,\n"
	"\"change\" when a setting is changed, \"remove\" when the module is unloaded.\n"
	"With --json each line is an object. The events come from udev, or from the\n"
	"kernel where no udevd runs. Needs no rights.\n",
	.usage = SR_EXIT_USAGE,
	.run = sr_events,
};
