// SPDX-License-Identifier: GPL-2.0-only
/*
 * What udev is told: at load ("add"), when a setting is changed ("change"), and when
 * somebody asks for it again (udevadm trigger). Every process can listen, and udev keeps it
 * for everybody to read: so it has nothing of the message.
 */
#include <linux/device.h>
#include <linux/kobject.h>

#include "record/record.h"
#include "reset/reset.h"
#include "sysfs/sysfs.h"

static int svr_uevent(const struct device *dev, struct kobj_uevent_env *env)
{
	const struct svr_last_reset *last = svr_last_reset();

	return add_uevent_var(env, "SVSM_RESET_REASON=%s",
			      svr_reason_name(last->reason)) ?:
	       add_uevent_var(env, "SVSM_RESET_OUTCOME=%s",
			      svr_outcome_name(last->outcome)) ?:
	       add_uevent_var(env, "SVSM_RESET_CAUSE=%s",
			      svr_cause_name(last->record.cause)) ?:
	       add_uevent_var(env, "SVSM_RESET_COUNT=%u",
			      svr_record_resets(&last->record)) ?:
	       add_uevent_var(env, "SVSM_RESET_TRUST=%s",
			      svr_trust_name(svr_last_reset_trust())) ?:
	       add_uevent_var(env, "SVSM_RESET_STATE=%s",
			      svr_state_name(svr_state_get())) ?:
	       add_uevent_var(env, "SVSM_RESET_DUMP=%s",
			      svr_dump_name(svr_last_reset_dump())) ?:
	       add_uevent_var(env, "SVSM_RESET_TRIGGER=%s",
			      svr_trigger_name(last->record.trigger));
}

/* Type of the platform device: DEVTYPE=svsm-reset */
const struct device_type svr_device_type = {
	.name = "svsm-reset",
	.uevent = svr_uevent,
};
