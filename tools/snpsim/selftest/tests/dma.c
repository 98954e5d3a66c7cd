// SPDX-License-Identifier: GPL-2.0
/*
 * DMA by a device, QEMU's edu (docs/specs/edu.rst). It copies between memory and its own
 * buffer, a tenth of a second after the guest tells it to. And DMA by a device that has
 * nothing but I/O ports, a USB controller. While it runs, it reads its list of frames, an
 * entry each millisecond.
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
#define UHCI		BDF(0, 5, 0)	/* -device piix3-usb-uhci,addr=5 */
#define UHCI_ID		0x70208086
#define UHCI_PORTS	0xc000
#define UHCI_COMMAND	(UHCI_PORTS + 0)
#define UHCI_FRAMES	(UHCI_PORTS + 8)
#define UHCI_RUN	BIT(0)
#define UHCI_NOTHING	BIT(0)		/* an entry: nothing to do in this frame */

static bool device_on(u32 bdf, u32 id, u32 reg, u32 bar, u32 command)
{
	if (!expect_eq("device", pci_get(bdf, REG_ID), id))
		return false;
	pci_set(bdf, reg, bar);
	pci_set(bdf, REG_COMMAND, command | COMMAND_MASTER);
	return true;
}

static bool edu_on(void)
{
	return device_on(EDU, EDU_ID, REG_BAR0, EDU_BAR, COMMAND_MEMORY);
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

static bool uhci_on(void)
{
	return device_on(UHCI, UHCI_ID, REG_BAR4, UHCI_PORTS, COMMAND_PORTS);
}

static void uhci_run(void)
{
	u32 *p = shared_page();

	for (u32 i = 0; i < 4096 / sizeof(*p); i++)
		p[i] = UHCI_NOTHING;
	outl(UHCI_FRAMES, PAGE);
	outl(UHCI_COMMAND, UHCI_RUN);
}

/* It runs on, and boot 2 does not use its ports. */
static void stale_ports(void)
{
	say("PAGE %lx", PAGE);
	if (boot > 1) {
		delay_ms(LONG_MS);
		return;
	}
	if (!uhci_on())
		return;
	uhci_run();
	delay_ms(LONG_MS);
	execute();
}

/* Boot 2 uses them: the controller is its own. */
static void begun_ports(void)
{
	if (boot == 1) {
		if (uhci_on())
			execute();
		return;
	}
	uhci_run();
	delay_ms(LONG_MS);
}

static const struct selftest tests[] = {
	{ .name = "dma.to-shared", .run = to_shared, .alone = true },
	{ .name = "dma.to-private", .run = to_private, .alone = true },
	{ .name = "dma.from-private", .run = from_private, .alone = true },
	{ .name = "dma.to-taken-back", .run = to_taken_back, .alone = true },
	{ .name = "dma.stale", .run = stale, .alone = true },
	{ .name = "dma.stale-unclaimed", .run = stale_unclaimed, .alone = true },
	{ .name = "dma.begun", .run = begun, .alone = true },
	{ .name = "dma.stale-ports", .run = stale_ports, .alone = true },
	{ .name = "dma.begun-ports", .run = begun_ports, .alone = true },
	{ .name = "dma.stopped", .run = stopped, .alone = true },
};

const struct selftest_table dma_tests = { tests, ARRAY_SIZE(tests) };
