// SPDX-License-Identifier: GPL-2.0
/*
 * DMA by a device, QEMU's edu (docs/specs/edu.rst). It copies between memory and its own
 * buffer, a tenth of a second after the guest tells it to.
 */
#include "pci.h"
#include "tests.h"

#define EDU		BDF(0, 5, 0)	/* -device edu,addr=5 */
#define EDU_ID		0x11e81234
#define EDU_BAR		0xfe000000UL
#define EDU_SOURCE	(EDU_BAR + 0x80)
#define EDU_TARGET	(EDU_BAR + 0x88)
#define EDU_COUNT	(EDU_BAR + 0x90)
#define EDU_COMMAND	(EDU_BAR + 0x98)
#define EDU_BUFFER	0x40000
#define EDU_START	BIT(0)
#define EDU_TO_MEMORY	BIT(1)
#define EDU_MS		100
#define LONG_MS		400
#define PAGE		0x7000000UL
#define PATTERN		0x5a5a5a5aU
#define MAX_BOOTS	4

static bool edu_on(void)
{
	if (!expect_eq("edu", pci_get(EDU, REG_ID), EDU_ID))
		return false;
	pci_set(EDU, REG_BAR0, EDU_BAR);
	pci_set(EDU, REG_COMMAND, COMMAND_MEMORY | COMMAND_MASTER);
	return true;
}

static void edu_copy(u64 source, u64 target, u32 direction)
{
	mmio_write(EDU_SOURCE, source);
	mmio_write(EDU_TARGET, target);
	mmio_write(EDU_COUNT, sizeof(u32));
	mmio_write(EDU_COMMAND, EDU_START | direction);
}

static void to_memory(u64 pa)
{
	edu_copy(EDU_BUFFER, pa, EDU_TO_MEMORY);
}

static void from_memory(u64 pa)
{
	edu_copy(pa, EDU_BUFFER, 0);
}

static u32 *shared_page(void)
{
	expect_eq("PSC to shared", ghcb_psc_msr(PAGE, PSC_SHARED), 0);
	*(u32 *)shared(PAGE) = PATTERN;
	return shared(PAGE);
}

/* Copy through the device's buffer, which is empty at first, and back. */
static void to_shared(void)
{
	u32 *p = shared_page();

	if (!edu_on())
		return;
	to_memory(PAGE);
	delay_ms(LONG_MS);
	expect_eq("contents", load(p), 0);
	store(p, PATTERN);
	from_memory(PAGE);
	delay_ms(LONG_MS);
	store(p, 0);
	to_memory(PAGE);
	delay_ms(LONG_MS);
	expect_eq("contents", load(p), PATTERN);
}

static void to_private(void)
{
	u64 pa = page_far();

	page_accept(pa);
	*(u32 *)private(pa) = PATTERN;
	say("PAGE %lx", pa);
	if (!edu_on())
		return;
	to_memory(pa);
	delay_ms(LONG_MS);
	expect_eq("contents", load((u32 *)private(pa)), PATTERN);
}

static void from_private(void)
{
	u64 pa = page_far();

	page_accept(pa);
	say("PAGE %lx", pa);
	if (!edu_on())
		return;
	from_memory(pa);
	delay_ms(LONG_MS);
}

/* A page is out of the device's reach as soon as it is no longer shared. */
static void to_taken_back(void)
{
	shared_page();
	say("PAGE %lx", PAGE);
	if (!edu_on())
		return;
	to_memory(PAGE);
	delay_ms(LONG_MS);
	expect_eq("PSC to private", ghcb_psc_msr(PAGE, PSC_PRIVATE), 0);
	page_accept(PAGE);
	*(u32 *)private(PAGE) = PATTERN;
	to_memory(PAGE);
	delay_ms(LONG_MS);
	expect_eq("contents", load((u32 *)private(PAGE)), PATTERN);
}

/* Boot 1 tells the device to write, and it does so in boot 2. Repeated, for slow machines. */
static void stale(void)
{
	shared_page();
	say("PAGE %lx", PAGE);
	if (boot > 1)
		delay_ms(EDU_MS + LONG_MS);
	if (boot < MAX_BOOTS && edu_on()) {
		/* Write once before, so that the IOMMU has cached everything. */
		to_memory(PAGE);
		delay_ms(LONG_MS);
		to_memory(PAGE);
		execute();
	}
}

/* The same, but boot 2 does not share the page. It is nobody's, and keeps its contents. */
static void stale_unclaimed(void)
{
	if (boot > 1) {
		delay_ms(EDU_MS + LONG_MS);
		return;
	}
	shared_page();
	say("PAGE %lx", PAGE);
	if (edu_on()) {
		to_memory(PAGE);
		execute();
	}
}

/* A boot that uses the registers owns the device, and its accesses are lawful. */
static void begun(void)
{
	u32 *p;

	if (boot == 1) {
		if (edu_on())
			execute();
		return;
	}
	p = shared_page();
	to_memory(PAGE);
	delay_ms(LONG_MS);
	expect_eq("contents", load(p), 0);
}

/* A device without bus mastering at EXECUTE is not watched. */
static void stopped(void)
{
	u32 *p;

	if (boot == 1) {
		if (!edu_on())
			return;
		pci_set(EDU, REG_COMMAND, COMMAND_MEMORY);
		execute();
	}
	p = shared_page();
	if (!edu_on())
		return;
	to_memory(PAGE);
	delay_ms(LONG_MS);
	expect_eq("contents", load(p), 0);
}

static const struct selftest tests[] = {
	{ .name = "dma.to-shared", .run = to_shared, .alone = true },
	{ .name = "dma.to-private", .run = to_private, .alone = true },
	{ .name = "dma.from-private", .run = from_private, .alone = true },
	{ .name = "dma.to-taken-back", .run = to_taken_back, .alone = true },
	{ .name = "dma.stale", .run = stale, .alone = true },
	{ .name = "dma.stale-unclaimed", .run = stale_unclaimed, .alone = true },
	{ .name = "dma.begun", .run = begun, .alone = true },
	{ .name = "dma.stopped", .run = stopped, .alone = true },
};

const struct selftest_table dma_tests = { tests, ARRAY_SIZE(tests) };
