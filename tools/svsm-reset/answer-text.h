/* SPDX-License-Identifier: GPL-2.0 */
/* The texts for what rules.c decides */
#ifndef _SR_ANSWER_TEXT_H
#define _SR_ANSWER_TEXT_H

#include <stddef.h>

#include "facts.h"

/* The longest text */
#define SR_WHY_TEXT		512

extern const struct svr_word sr_question_words[SR_NR_QUESTIONS];
extern const struct svr_word sr_way_words[SR_NR_WAYS];
extern const struct svr_word sr_thing_words[SR_NR_THINGS];
extern const struct svr_word sr_forger_words[SR_NR_FORGERS];

void sr_why_text(const struct sr_facts *facts, enum sr_why why, char *text,
		 size_t size);
void sr_thing_text(const struct sr_facts *facts, enum sr_thing thing,
		   char *text, size_t size);

#endif /* _SR_ANSWER_TEXT_H */
