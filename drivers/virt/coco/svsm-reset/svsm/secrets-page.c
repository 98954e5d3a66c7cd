// SPDX-License-Identifier: GPL-2.0-only
/*
 * The SNP secrets page: private memory that the launch put there, so that the
 * host neither reads nor writes it (AMD 56860, "Secrets Page").
 *
 * Two things of it are of use here: the address of the calling area with which
 * the SVSM started the guest, and 32 bytes that the guest may use as it likes.
 * The driver leaves everything else alone, above all the message sequence
 * numbers: once one of those is used twice, the guest's keys are worthless.
 */
#define pr_fmt(fmt) "svsm-reset: " fmt

#include <linux/build_bug.h>
#include <linux/cc_platform.h>
#include <linux/device.h>
#include <linux/err.h>
#include <linux/io.h>
#include <linux/mm.h>
#include <linux/platform_device.h>
#include <linux/printk.h>
#include <linux/stddef.h>
#include <asm/sev.h>

#include "compat.h"
#include "svsm/svsm.h"

static struct snp_secrets_page *svr_secrets_page;

#if SVR_HAS_SNP_MSG_ALLOC

static struct snp_msg_desc *svr_msg_desc;

static struct snp_secrets_page *svr_secrets_map(void)
{
	struct snp_msg_desc *desc = snp_msg_alloc();

	if (IS_ERR_OR_NULL(desc))
		return NULL;
	svr_msg_desc = desc;
	return (struct snp_secrets_page *)desc->secrets;
}

static void svr_secrets_unmap(struct snp_secrets_page *page)
{
	snp_msg_free(svr_msg_desc);
}

#else

static struct snp_secrets_page *svr_secrets_map(void)
{
	const struct sev_guest_platform_data *data;
	void __iomem *page = NULL;
	struct device *dev;

	dev = bus_find_device_by_name(&platform_bus_type, NULL, "sev-guest");
	if (!dev)
		return NULL;
	data = dev_get_platdata(dev);
	if (data && PAGE_ALIGNED(data->secrets_gpa))
		page = ioremap_encrypted(data->secrets_gpa, PAGE_SIZE);
	put_device(dev);
	/* It is memory, although it is mapped as something else */
	return (__force struct snp_secrets_page *)page;
}

static void svr_secrets_unmap(struct snp_secrets_page *page)
{
	iounmap((__force void __iomem *)page);
}

#endif

/**
 * svr_secrets_init - map the secrets page
 *
 * Without it the record is kept elsewhere and there is no kdump.
 *
 * Context: process, may sleep.
 */
void svr_secrets_init(void)
{
	static_assert(offsetof(struct snp_secrets_page,
			       os_area.guest_usage) == 0xe0);
	static_assert(offsetof(struct snp_secrets_page, svsm_caa) == 0x150);
	struct snp_secrets_page *page = svr_secrets_map();

	if (!page) {
		pr_info("the secrets page cannot be found\n");
		return;
	}
	if (page->svsm_guest_vmpl != snp_vmpl) {
		pr_warn("the secrets page is for VMPL %u, this is VMPL %u: not used\n",
			page->svsm_guest_vmpl, snp_vmpl);
		svr_secrets_unmap(page);
		return;
	}
	svr_secrets_page = page;
}

/**
 * svr_secrets_exit - undo svr_secrets_init()
 *
 * Context: process.
 */
void svr_secrets_exit(void)
{
	if (svr_secrets_page)
		svr_secrets_unmap(svr_secrets_page);
	svr_secrets_page = NULL;
}

/**
 * svr_secrets - the secrets page
 *
 * Context: any.
 *
 * Return: the page, or NULL.
 */
struct snp_secrets_page *svr_secrets(void)
{
	return svr_secrets_page;
}

/**
 * svr_secrets_caa - calling area with which the SVSM started the guest
 *
 * Context: any.
 *
 * Return: its physical address; 0 when that is not known or makes no sense.
 */
u64 svr_secrets_caa(void)
{
	u64 pa = svr_secrets_page ? READ_ONCE(svr_secrets_page->svsm_caa) : 0;

	return svr_caa_plausible(pa) ? pa : 0;
}
