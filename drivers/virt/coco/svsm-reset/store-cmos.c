// SPDX-License-Identifier: GPL-2.0-only
/*
 * The record in the CMOS memory of the legacy real-time clock.
 *
 * It outlives a reset, every machine type has it, and it can be written with
 * two port accesses a byte when nothing else works any more. The host reads
 * it and can forge it.
 */
#include <linux/errno.h>
#include <linux/irqflags.h>
#include <linux/mc146818rtc.h>
#include <linux/spinlock.h>
#include <asm/x86_init.h>

#include "svsm-reset.h"

/* Bytes that neither QEMU nor its firmware uses */
#define SVR_CMOS_FIRST	0x60

static int svr_cmos_init(void)
{
	return x86_platform.legacy.rtc ? 0 : -ENODEV;
}

static int svr_cmos_read(u8 *raw)
{
	unsigned long flags;
	int i;

	spin_lock_irqsave(&rtc_lock, flags);
	for (i = 0; i < SVR_RECORD_SMALL; i++)
		raw[i] = CMOS_READ(SVR_CMOS_FIRST + i);
	spin_unlock_irqrestore(&rtc_lock, flags);
	return 0;
}

static int svr_cmos_write(const u8 *raw)
{
	unsigned long flags;
	int i;

	/* During a reset the owner of the lock may be a CPU that was stopped */
	if (!irqs_disabled())
		spin_lock_irqsave(&rtc_lock, flags);
	else if (!spin_trylock_irqsave(&rtc_lock, flags))
		return -EBUSY;
	for (i = 0; i < SVR_RECORD_SMALL; i++)
		CMOS_WRITE(raw[i], SVR_CMOS_FIRST + i);
	spin_unlock_irqrestore(&rtc_lock, flags);
	return 0;
}

/* Record in RTC CMOS, bytes 0x60 to 0x6f */
const struct svr_store svr_store_cmos = {
	.name = "cmos",
	.size = SVR_RECORD_SMALL,
	.trust = SVR_TRUST_HOST,
	.init = svr_cmos_init,
	.read = svr_cmos_read,
	.write = svr_cmos_write,
};
