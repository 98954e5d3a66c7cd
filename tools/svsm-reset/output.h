/* SPDX-License-Identifier: GPL-2.0 */
/* What goes to a terminal: colour, lines with a label, words that wrap */
#ifndef _SR_OUTPUT_H
#define _SR_OUTPUT_H

#include <stddef.h>

enum sr_color {
	SR_COLOR_AUTO,
	SR_COLOR_ALWAYS,
	SR_COLOR_NEVER,
};

enum sr_mood {
	SR_PLAIN,
	SR_GOOD,
	SR_DOUBTFUL,
	SR_BAD,
	SR_NR_MOODS,
};

void sr_output_init(enum sr_color color);
void sr_heading(const char *text);
void __printf(3, 4) sr_line(enum sr_mood mood, const char *label,
			    const char *format, ...);
void sr_item(enum sr_mood mood, const char *mark, const char *text);
void __printf(2, 3) sr_error(const char *command, const char *format, ...);
int sr_flush(const char *command);
void sr_duration(long long seconds, char *text, size_t size);

#endif /* _SR_OUTPUT_H */
