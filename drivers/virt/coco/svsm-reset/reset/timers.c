// SPDX-License-Identifier: GPL-2.0-only
/*
 * Keep the timers of the platform from interrupting the next firmware and kernel.
 *
 * The reset of a machine stops them; nothing else would. The counter of the HPET goes on,
 * because the kernel's own restart may need a clock; and so does the real-time clock, whose
 * alarm a reset turns off (MC146818, RESET: PIE, AIE and UIE become 0).
 */
#define pr_fmt(fmt) "svsm-reset: " fmt

#include <linux/acpi.h>
#include <linux/bits.h>
#include <linux/io.h>
#include <linux/mc146818rtc.h>
#include <linux/printk.h>
#include <asm/x86_init.h>

#include "record/record.h"
#include "reset/reset.h"
#include "svsm-reset.h"

/* IA-PC HPET 1.0a, 2.3 */
#define SVR_HPET_ID		0x000
#define SVR_HPET_TIMERS(id)	((((id) >> 8) & 0x1f) + 1)
#define SVR_HPET_GENERAL	0x010
#define SVR_HPET_LEGACY		BIT(1)	/* in the place of PIT and real-time clock */
#define SVR_HPET_CONFIG(timer)	(0x100 + 0x20 * (timer))
#define SVR_HPET_INTERRUPTS	BIT(2)
/* With the largest number of timers that there can be */
#define SVR_HPET_SIZE		SVR_HPET_CONFIG(32)

static void __iomem *svr_hpet;

/**
 * svr_timers_init - find and map the HPET
 *
 * Context: process.
 */
void svr_timers_init(void)
{
	struct acpi_table_header *table;
	u64 address;

	if (acpi_disabled) {
		pr_warn("no ACPI, an HPET is not stopped before a reset\n");
		return;
	}
	/* A machine without an HPET has no such table */
	if (ACPI_FAILURE(acpi_get_table(ACPI_SIG_HPET, 0, &table)))
		return;
	address = ((struct acpi_table_hpet *)table)->address.address;
	if (table->length >= sizeof(struct acpi_table_hpet) && address) {
		svr_hpet = ioremap(address, SVR_HPET_SIZE);
		if (!svr_hpet)
			pr_warn("the HPET at 0x%llx cannot be mapped and is not stopped before a reset\n",
				address);
	}
	acpi_put_table(table);
}

/**
 * svr_timers_exit - undo svr_timers_init()
 *
 * Context: process; no reset can begin.
 */
void svr_timers_exit(void)
{
	if (svr_hpet)
		iounmap(svr_hpet);
	svr_hpet = NULL;
}

static void svr_hpet_stop(void)
{
	unsigned int timers = SVR_HPET_TIMERS(readl(svr_hpet + SVR_HPET_ID));
	unsigned int timer;

	for (timer = 0; timer < timers; timer++) {
		void __iomem *reg = svr_hpet + SVR_HPET_CONFIG(timer);
		u32 config = readl(reg);

		if (config & SVR_HPET_INTERRUPTS)
			writel(config & ~SVR_HPET_INTERRUPTS, reg);
	}
	writel(readl(svr_hpet + SVR_HPET_GENERAL) & ~SVR_HPET_LEGACY,
	       svr_hpet + SVR_HPET_GENERAL);
}

static int svr_rtc_stop(const u8 *unused)
{
	u8 control = CMOS_READ(RTC_CONTROL);

	CMOS_WRITE(control & ~(RTC_PIE | RTC_AIE | RTC_UIE), RTC_CONTROL);
	/* Takes back an interrupt that it has already requested */
	CMOS_READ(RTC_INTR_FLAGS);
	return 0;
}

/**
 * svr_timers_stop - stop the interrupts of HPET and real-time clock
 *
 * Context: any, NMI included; interrupts off, all other CPUs stopped.
 */
void svr_timers_stop(void)
{
	if (svr_hpet)
		svr_hpet_stop();
	if (x86_platform.legacy.rtc && svr_rtc_try(svr_rtc_stop, NULL))
		svr_warn("the real-time clock is in use, it may interrupt the next kernel\n");
}
