/* SPDX-License-Identifier: GPL-2.0 */
/* Why is the module not loaded? What the file and the kernel's settings tell */
#ifndef _SR_MODULE_H
#define _SR_MODULE_H

#include <stdbool.h>
#include <stddef.h>

/**
 * enum sr_hindrance - what keeps the module from being loaded
 * @SR_HINDRANCE_NONE:          nothing that shows from here
 * @SR_HINDRANCE_NOT_INSTALLED: the running kernel has no such module
 * @SR_HINDRANCE_DISABLED:      the kernel takes no modules any more
 * @SR_HINDRANCE_BLACKLISTED:   the kernel's command line forbids this one
 * @SR_HINDRANCE_OTHER_KERNEL:  it was built for another kernel
 * @SR_HINDRANCE_UNSIGNED:      it has no signature, and the kernel wants one
 * @SR_HINDRANCE_KEY:           it has one, or cannot be looked into, and the
 *                              kernel wants one by a key that it trusts
 * @SR_NR_HINDRANCES: how many there are
 */
enum sr_hindrance {
	SR_HINDRANCE_NONE,
	SR_HINDRANCE_NOT_INSTALLED,
	SR_HINDRANCE_DISABLED,
	SR_HINDRANCE_BLACKLISTED,
	SR_HINDRANCE_OTHER_KERNEL,
	SR_HINDRANCE_UNSIGNED,
	SR_HINDRANCE_KEY,
	SR_NR_HINDRANCES,
};

/**
 * struct sr_module - what is known of the module's file
 * @release:   of the running kernel, "" when not known
 * @installed: 1: modules.dep of that kernel has it; or SR_UNKNOWN
 * @built_for: the release it was built for, "" when not known
 * @has_key:   1: there is a signature at its end; or SR_UNKNOWN
 * @wants_key: the setting by which the kernel wants one, "" if none does
 * @disabled:  1: the kernel takes no modules any more; or SR_UNKNOWN
 * @blacklisted: module_blacklist= of the kernel's command line names it
 * @refused:   why it was refused, as the kernel's log has it, or ""
 */
struct sr_module {
	char release[128];
	int installed;
	char built_for[128];
	int has_key;
	const char *wants_key;
	int disabled;
	bool blacklisted;
	char refused[256];
};

int sr_module_installed(const char *root, const char *release);
void sr_module_read(const char *root, struct sr_module *module);
enum sr_hindrance sr_module_hindrance(const struct sr_module *module);
const char *sr_module_word(enum sr_hindrance hindrance);
void sr_module_text(const struct sr_module *module, char *text, size_t size);

#endif /* _SR_MODULE_H */
