/* SPDX-License-Identifier: GPL-2.0 */
/* SHA-512. The self-test guest and the program at VMPL 0 use this code as well. */
#ifndef SNPSIM_SHA512_H
#define SNPSIM_SHA512_H

#include "lib/types.h"

#define SHA512_SIZE	64

void sha512(const void *data, size_t len, u8 *hash);

#endif
