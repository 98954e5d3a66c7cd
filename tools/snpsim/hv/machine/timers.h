/* SPDX-License-Identifier: GPL-2.0 */
/* The guest's HPET, RTC and CMOS. */
#ifndef SNPSIM_TIMERS_H
#define SNPSIM_TIMERS_H

#include "lib/types.h"

#define RTC_UPDATE		BIT_ULL(4)
#define RTC_ALARM		BIT_ULL(5)
#define RTC_PERIODIC		BIT_ULL(6)
u32 hpet_interrupts(void);
void cmos_saw_write(u16 port, int size, u32 val);
u8 rtc_interrupts(void);
void rtc_init(void);
u64 rtc_at_start(void);

#endif
