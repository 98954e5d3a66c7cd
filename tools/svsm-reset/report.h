/* SPDX-License-Identifier: GPL-2.0 */
/* What status and explain both print */
#ifndef _SR_REPORT_H
#define _SR_REPORT_H

#include "facts.h"

void sr_report_guest(const struct sr_facts *facts);
void sr_report_last(const struct sr_facts *facts);

#endif /* _SR_REPORT_H */
