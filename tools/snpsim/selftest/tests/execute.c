// SPDX-License-Identifier: GPL-2.0
/* SVSM_REBOOT_EXECUTE: one boot prepares, the next one checks. */
#include "tests.h"

#define PATTERN		0xc0ffee0ddba11aceUL
#define FAR		0x7000000UL
#define N_PAGES		16
#define PORT_MARK	0x562
#define GHCB_MSR_SEV_INFO	0x002
#define LONG_PATH	5000

static u64 marker = PATTERN;
static const u64 constant = ~PATTERN;

/* Pages that boot 1 has validated are not valid in boot 2, and come back empty. */
static void pages(void)
{
	for (u64 pa = FAR; pa < FAR + N_PAGES * PAGE_SIZE; pa += PAGE_SIZE) {
		expect_eq("PSC to private", ghcb_psc_msr(pa, PSC_PRIVATE), 0);
		expect_eq("it is not valid", svsm_pvalidate(pa, 0), SVSM_PVALIDATE_NO_UPDATE);
		page_accept(pa);
		if (boot > 1)
			for (unsigned int i = 0; i < PAGE_SIZE; i += 8)
				expect_eq("contents", *(u64 *)private(pa + i), 0);
		memset(private(pa), 0xa7, PAGE_SIZE);
	}
	if (boot == 1)
		execute();
}

/* The image is as launched: code, data, and what the loader passed. */
static void image(void)
{
	expect_eq("data", load(&marker), PATTERN);
	expect_eq("constants", load((u64 *)&constant), ~PATTERN);
	store(&marker, 0);
	store((u64 *)&constant, 0);
	if (boot == 1)
		execute();
}

/* Pages of the launch image are valid again, whatever boot 1 did to them. */
static void launch_pages(void)
{
	u64 gone = page_alloc(), open = page_alloc();

	expect_eq("it is valid", svsm_pvalidate(gone, PV_VALIDATE), SVSM_PVALIDATE_NO_UPDATE);
	expect_eq("it is valid", svsm_pvalidate(open, PV_VALIDATE), SVSM_PVALIDATE_NO_UPDATE);
	*(u64 *)private(gone) = PATTERN;
	if (boot > 1)
		return;
	expect_eq("rescind", svsm_pvalidate(gone, 0), SVSM_SUCCESS);
	page_share(open);
	execute();
}

static void by_ghcb(void)
{
	struct svsm_args a = { .rax = SVSM_CALL(PROTO_REBOOT, 0) };

	if (boot > 1)
		return;
	say("EXECUTE");
	svsm_exchange(&a, SVSM_BY_GHCB);
	expect(false, "EXECUTE came back with %lx", a.rax);
}

/* Many resets in a row; each boot has its number. */
static void chain(void)
{
	if (boot < option("boots", 5))
		execute();
}

/* The next boot has the calling area of the launch. */
static void moved_ca(void)
{
	u64 ca = page_alloc();

	expect_eq("calling area", this_cpu()->ca, svsm_boot_ca());
	expect_eq("query", svsm_query(PROTO_CORE, 1), SVSM_VERSION_1);
	if (boot > 1)
		return;
	expect_core("REMAP_CA", CORE_REMAP_CA, ca, SVSM_SUCCESS);
	this_cpu()->ca = ca;
	execute();
}

/* A refused EXECUTE changes nothing. */
static void refused(void)
{
	u64 pa = page_far();

	page_accept(pa);
	*(u64 *)private(pa) = PATTERN;
	expect_call("EXECUTE with a flag", PROTO_REBOOT, 0, 1, 0, 0, SVSM_INVALID_PARAMETER);
	expect_eq("contents", *(u64 *)private(pa), PATTERN);
	expect_eq("valid", svsm_pvalidate(pa, PV_VALIDATE), SVSM_PVALIDATE_NO_UPDATE);
	expect_eq("boot", boot, 1);
}

/* What is asked for after the mark is in the event, up to EXECUTE itself. */
static void path(void)
{
	u64 pa = page_far();

	if (boot > 1)
		return;
	ghcb_msr(GHCB_MSR_SEV_INFO);
	outb(PORT_MARK, 1);
	ghcb_msr(GHCB_MSR_SEV_INFO);
	svsm_query(PROTO_CORE, 1);
	ghcb_psc_msr(pa, PSC_PRIVATE);
	execute();
}

/* Steps for which there is no room are counted. */
static void long_path(void)
{
	if (boot > 1)
		return;
	outb(PORT_MARK, 1);
	for (unsigned int i = 1; i < LONG_PATH; i++)
		ghcb_msr(GHCB_MSR_SEV_INFO);
	execute();
}

static const struct selftest tests[] = {
	{ .name = "execute.pages", .run = pages, .alone = true },
	{ .name = "execute.image", .run = image, .alone = true },
	{ .name = "execute.launch-pages", .run = launch_pages, .alone = true },
	{ .name = "execute.by-ghcb", .run = by_ghcb, .alone = true },
	{ .name = "execute.chain", .run = chain, .alone = true },
	{ .name = "execute.moved-ca", .run = moved_ca, .alone = true },
	{ .name = "execute.path", .run = path, .alone = true },
	{ .name = "execute.long-path", .run = long_path, .alone = true },
	{ .name = "execute.refused", .run = refused, .alone = true },
};

const struct selftest_table execute_tests = { tests, ARRAY_SIZE(tests) };
