/* SPDX-License-Identifier: GPL-2.0 */
/* Firmware's image, which the guest finds at another address. */
#ifndef SNPSIM_ROM_H
#define SNPSIM_ROM_H

#include "lib/types.h"

void rom_init(void);
u64 page_host(u64 gfn);
bool rom_is_there(void);
bool page_is_rom(u64 gpa);
const u8 *rom_pristine(u64 gpa);
const u8 *rom_shared(u64 gpa);
void rom_discard(u64 gpa);
void rom_restore(void);

#endif
