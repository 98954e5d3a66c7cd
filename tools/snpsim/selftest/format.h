/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SELFTEST_FORMAT_H
#define SELFTEST_FORMAT_H

#include "types.h"

void vformat(char *to, size_t size, const char *f, va_list ap);

#endif
