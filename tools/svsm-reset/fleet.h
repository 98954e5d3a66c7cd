/* SPDX-License-Identifier: GPL-2.0 */
/* The last reset in the words of others */
#ifndef _SR_FLEET_H
#define _SR_FLEET_H

#include "facts.h"

/**
 * struct sr_fleet - why the machine was reset, as fleets' agents say it
 * @redfish: LastResetCauses of Redfish's ComputerSystem
 * @eve:     BootReason of LF Edge's EVE
 */
struct sr_fleet {
	const char *redfish;
	const char *eve;
};

struct sr_fleet sr_fleet_words(const struct sr_last *last);

#endif /* _SR_FLEET_H */
