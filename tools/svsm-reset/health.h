/* SPDX-License-Identifier: GPL-2.0 */
/* How well is it? Exit status of a monitoring plugin */
#ifndef _SR_HEALTH_H
#define _SR_HEALTH_H

enum sr_health {
	SR_HEALTH_OK		= 0,
	SR_HEALTH_WARNING	= 1,
	SR_HEALTH_CRITICAL	= 2,
	SR_HEALTH_UNKNOWN	= 3,
	SR_NR_HEALTHS,
};

extern const char * const sr_health_names[SR_NR_HEALTHS];

#endif /* _SR_HEALTH_H */
