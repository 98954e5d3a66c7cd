// SPDX-License-Identifier: GPL-2.0
/*
 * The last reset in the words of others, for agents that report many machines. Why it
 * was asked for decides; what came of that is another matter. Pure.
 *
 * Redfish: DMTF's schema ComputerSystem, enum LastResetCauses.
 * EVE: github.com/lf-edge/eve-api, proto/info/info.proto, enum BootReason.
 */
#include "fleet.h"
#include "last.h"

static const struct sr_fleet sr_by_reason[SVR_NR_REASONS] = {
	[SVR_REASON_NONE] = { "Unknown", "BOOT_REASON_FIRST" },
	[SVR_REASON_UNKNOWN] = { "Unknown", "BOOT_REASON_UNKNOWN" },
	[SVR_REASON_REBOOT] = { "OsSoftRestart", "BOOT_REASON_REBOOT_CMD" },
	[SVR_REASON_EMERGENCY] = { "OsSoftRestart", "BOOT_REASON_UNKNOWN" },
	[SVR_REASON_PANIC] = { "SystemCrash", "BOOT_REASON_KERNEL" },
	[SVR_REASON_KDUMP] = { "SystemCrash", "BOOT_REASON_KERNEL" },
	/* An older driver does not tell the cause */
	[SVR_REASON_REFUSED] = { "Unknown", "BOOT_REASON_UNKNOWN" },
};

/* Of an emergency restart; nothing where it is not known who made it */
static const struct sr_fleet sr_by_trigger[SVR_NR_TRIGGERS] = {
	[SVR_TRIGGER_SYSRQ] = { "OsSoftRestart", "BOOT_REASON_REBOOT_CMD" },
	[SVR_TRIGGER_KERNEL] = { "OsSoftRestart", "BOOT_REASON_KERNEL" },
	[SVR_TRIGGER_DEADMAN] = {
		"WatchdogExpiration", "BOOT_REASON_WATCHDOG_HUNG"
	},
};

/**
 * sr_fleet_words - the last reset in the words of others
 * @last: the last reset
 *
 * Return: the words, those for "unknown" where there are none.
 */
struct sr_fleet sr_fleet_words(const struct sr_last *last)
{
	int reason = sr_word(svr_reason_words, SVR_NR_REASONS,
			     sr_last_why(last));
	int trigger = sr_word(svr_trigger_words, SVR_NR_TRIGGERS,
			      last->trigger);

	if (reason == SVR_REASON_EMERGENCY && trigger != SR_UNKNOWN &&
	    sr_by_trigger[trigger].redfish)
		return sr_by_trigger[trigger];
	return sr_by_reason[reason == SR_UNKNOWN ? SVR_REASON_UNKNOWN : reason];
}
