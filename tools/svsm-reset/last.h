/* SPDX-License-Identifier: GPL-2.0 */
/* The last reset in words that a person understands */
#ifndef _SR_LAST_H
#define _SR_LAST_H

#include <stddef.h>

#include "facts.h"
#include "output.h"

const char *sr_last_why(const struct sr_last *last);
bool sr_last_asked_for(const struct sr_last *last);
bool sr_last_orderly(const struct sr_last *last);
bool sr_last_dumping(const struct sr_facts *facts);
long long sr_last_dump_seconds(const struct sr_last *last);
void sr_last_text(const struct sr_facts *facts, char *text, size_t size);
enum sr_mood sr_last_mood(const struct sr_last *last);

#endif /* _SR_LAST_H */
