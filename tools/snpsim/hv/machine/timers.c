// SPDX-License-Identifier: GPL-2.0
/*
 * The machine's timers that may interrupt: HPET and RTC. They belong to the guest; the
 * hypervisor only reads them.
 */
#include "lib/x86.h"
#include "machine/timers.h"

#define HPET_BASE		0xfed00000UL
#define HPET_ID			0x000
#define HPET_ID_TIMERS(v)	(((v) >> 8 & 0x1f) + 1)
#define HPET_CONFIG		0x010
#define HPET_ENABLE		BIT_ULL(0)
#define HPET_TIMER(n)		(0x100 + 0x20 * (n))
#define HPET_TIMER_INT		BIT_ULL(2)
#define RTC_SECONDS		0x00
#define RTC_MINUTES		0x02
#define RTC_HOURS		0x04
#define RTC_DAY			0x07
#define RTC_MONTH		0x08
#define RTC_YEAR		0x09
#define RTC_CENTURY		0x32
#define RTC_REG_A		0x0a
#define RTC_A_UPDATING		0x80
#define RTC_B_BINARY		BIT_ULL(2)
#define ALL_ONES		0xffffffffU

#define CMOS_INDEX		0x70
#define CMOS_DATA		0x71
#define RTC_REG_B		0x0b

/* The guest's last write to the index port, which cannot be read back. */
static u8 cmos_index;

/* The time of day when the simulator started, in seconds since 1970. */
static u64 start_time;

/* How many timers of the HPET would interrupt? */
u32 hpet_interrupts(void)
{
	u32 id = mmio_read32(HPET_BASE + HPET_ID), n = 0;

	/* QEMU's -machine hpet=off removes it. */
	if (!id || id == ALL_ONES || !(mmio_read32(HPET_BASE + HPET_CONFIG) & HPET_ENABLE))
		return 0;
	for (u32 i = 0; i < HPET_ID_TIMERS(id); i++)
		n += !!(mmio_read32(HPET_BASE + HPET_TIMER(i)) & HPET_TIMER_INT);
	return n;
}

/* Remember a guest's write to port 0x70, alone or as part of a wider one. */
void cmos_saw_write(u16 port, int size, u32 val)
{
	if (port <= CMOS_INDEX && port + size > CMOS_INDEX)
		cmos_index = val >> (CMOS_INDEX - port) * 8;
}

/* The bits of register B that enable interrupts. No other vCPU may run. */
u8 rtc_interrupts(void)
{
	u8 b;

	out8(CMOS_INDEX, RTC_REG_B);
	b = in8(CMOS_DATA);
	out8(CMOS_INDEX, cmos_index);
	return b & (RTC_PERIODIC | RTC_ALARM | RTC_UPDATE);
}

static u8 cmos_read(u8 index)
{
	out8(CMOS_INDEX, index);
	return in8(CMOS_DATA);
}

static u32 rtc_number(u8 index)
{
	u8 v = cmos_read(index);

	return (cmos_read(RTC_REG_B) & RTC_B_BINARY) ? v : (v >> 4) * 10 + (v & 15);
}

/* Days since 1970, as mktime64() of Linux counts them. */
static u64 days(u32 year, u32 month, u32 day)
{
	if (month <= 2) {
		month += 12;
		year--;
	}
	return year / 4 - year / 100 + year / 400 + 367 * (month - 2) / 12 + day +
	       (u64)year * 365 - 719499;
}

/* Call before there is a guest. QEMU's RTC shows the host's time. */
void rtc_init(void)
{
	u64 d;

	while (cmos_read(RTC_REG_A) & RTC_A_UPDATING)
		cpu_relax();
	d = days(rtc_number(RTC_CENTURY) * 100 + rtc_number(RTC_YEAR), rtc_number(RTC_MONTH),
		 rtc_number(RTC_DAY));
	start_time = ((d * 24 + rtc_number(RTC_HOURS)) * 60 + rtc_number(RTC_MINUTES)) * 60 +
		     rtc_number(RTC_SECONDS);
}

u64 rtc_at_start(void)
{
	return start_time;
}
