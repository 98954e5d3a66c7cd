/* SPDX-License-Identifier: GPL-2.0 */
/* All that the tool knows of the system, read once */
#ifndef _SR_FACTS_H
#define _SR_FACTS_H

#include <stdbool.h>

#include "left.h"
#include "module.h"
#include "rehearsal.h"
#include "rules.h"
#include "sysfs.h"
#include "words.h"

#define SR_DEVICE	"/sys/bus/platform/devices/svsm-reset"
#define SR_MODULE	"/sys/module/svsm_reset"

/* A time or a count that is not known */
#define SR_NO_NUMBER	(-1LL)
/* A value of sysfs: the longest is a list of CPUs */
#define SR_VALUE	1024

/**
 * struct sr_last - the last reset, as the driver tells it; "" is not known
 * @reason:  word of svr_reason_words, or one that is newer than this tool
 * @cause:   the same, why it was asked for
 * @trigger: word of svr_trigger_words, or a newer one
 * @outcome: word of svr_outcome_words, or a newer one
 * @message: what came with it
 * @cut:     there was more of it
 * @hidden:  there may be one, but it is for root only
 * @cpus:    CPUs that had not been shown to have stopped
 * @devices: PCI devices that had not, those that the record names
 * @device_count: how many such devices there were, or SR_NO_NUMBER for older drivers
 * @time:    wall-clock time, as text
 * @crash_time: the same of the crash before a crash kernel
 * @kernel:  release of the kernel
 * @result:  of the call that came back, "none"
 * @dump:    word of svr_dump_words, or a newer one
 * @cpu:     where it began, or SR_UNKNOWN
 * @when:    @time in seconds since 1970, or SR_NO_NUMBER
 * @crashed: @crash_time in seconds since 1970, or SR_NO_NUMBER
 * @uptime:  in seconds, or SR_NO_NUMBER
 */
struct sr_last {
	char reason[64];
	char cause[64];
	char trigger[64];
	char outcome[64];
	char message[256];
	char cpus[SR_VALUE];
	char devices[256];
	long long device_count;
	char time[64];
	char crash_time[64];
	char kernel[128];
	char result[64];
	char dump[64];
	bool hidden;
	bool cut;
	int cpu;
	long long when;
	long long crashed;
	long long uptime;
};

/**
 * struct sr_next - the operator's note for the next boot
 * @note:   the note, "" without one
 * @cut:    there was more of it
 * @kept:   what the next boot would show of it
 * @hidden: there may be one, but it is for root only
 * @error:  0, or why it cannot be read, a negative errno
 */
struct sr_next {
	char note[256];
	char kept[256];
	bool cut;
	bool hidden;
	int error;
};

enum sr_count {
	SR_COUNT_REBOOT,
	SR_COUNT_EMERGENCY,
	SR_COUNT_PANIC,
	SR_COUNT_KDUMP,
	SR_COUNT_REFUSED,
	SR_NR_COUNTS,
};

extern const char * const sr_count_names[SR_NR_COUNTS];

/**
 * struct sr_facts - what is known of the system
 * @set:       what decides, see rules.h
 * @module:    the module's file, where it is not loaded
 * @not_loaded: why it is not, one line
 * @protocol:  number of the reboot protocol, or SR_UNKNOWN
 * @version:   its version in use, or SR_UNKNOWN
 * @supported: the versions that the SVSM has, "" when not known
 * @state:     as the driver has it, which may be newer than this tool
 * @policy:    the same for ap_policy
 * @device_policy: the same for device_policy, "" for a driver that has none
 * @last:      the last reset
 * @next:      the note for the next boot
 * @rehearsal: the last rehearsal
 * @left:      what a reset would leave alive
 * @count:     resets by the SVSM, or SR_NO_NUMBER
 * @counts:    the same, by reason
 * @store:     where the record was found, "" when not known
 * @trust:     how far that can be trusted, "" when not known
 * @power_on:  power_on_reason, "" when not known
 * @boot_time: when this boot began, in seconds since 1970, or SR_NO_NUMBER
 * @uptime:    of this boot in seconds, or SR_NO_NUMBER
 * @online:    list of the CPUs that are online, "" when not known
 * @offline:   list of those that are present and not online
 */
struct sr_facts {
	struct sr_settings set;
	struct sr_module module;
	char not_loaded[1024];
	int protocol;
	int version;
	char supported[64];
	char state[64];
	char policy[64];
	char device_policy[64];
	struct sr_last last;
	struct sr_next next;
	struct sr_rehearsal rehearsal;
	struct sr_left left;
	long long count;
	long long counts[SR_NR_COUNTS];
	char store[64];
	char trust[64];
	char power_on[64];
	long long boot_time;
	long long uptime;
	char online[SR_VALUE];
	char offline[SR_VALUE];
};

void sr_facts_read(const char *root, struct sr_facts *facts);
const char *sr_facts_trouble(const struct sr_facts *facts);
bool sr_facts_ready(const char *root, const char *command, struct sr_facts *facts);

int sr_word(const struct svr_word *words, int count, const char *text);
const char *sr_word_text(const struct svr_word *words, int count,
			 const char *text);

#endif /* _SR_FACTS_H */
