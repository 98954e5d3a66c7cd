/* SPDX-License-Identifier: GPL-2.0 */
/* What a reset now would leave alive of the platform, as far as that can be seen */
#ifndef _SR_LEFT_H
#define _SR_LEFT_H

#include <stdbool.h>
#include <stddef.h>

struct sr_facts;

/* More are counted only */
#define SR_LEFT_NAMES	8
#define SR_LEFT_NAME	32

/**
 * struct sr_left_list - names of a kind
 * @count: how many there are, or SR_UNKNOWN
 * @names: the first of them, in order
 */
struct sr_left_list {
	int count;
	char names[SR_LEFT_NAMES][SR_LEFT_NAME];
};

/**
 * struct sr_left - what would be left
 * @pci:       bus masters that the driver does not stop
 * @watchdogs: watchdogs that run, and are not the kernel's own
 */
struct sr_left {
	struct sr_left_list pci;
	struct sr_left_list watchdogs;
};

void sr_left_read(const char *root, bool stops_devices, struct sr_left *left);
bool sr_left_text(const struct sr_facts *facts, char *text, size_t size);

#endif /* _SR_LEFT_H */
