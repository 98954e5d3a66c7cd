// SPDX-License-Identifier: GPL-2.0-only
/*
 * The record in the SNP secrets page: os_area.guest_usage, 32 bytes.
 *
 * The host can neither read nor forge it; any code of the guest can. It is
 * private memory that was validated at launch and not by the guest, so that an
 * SVSM which follows the draft leaves it alone. One that restores the page from
 * its launch copy loses the record, and the message sequence numbers with it.
 */
#include <linux/cc_platform.h>
#include <linux/errno.h>
#include <linux/mm.h>
#include <linux/string.h>
#include <asm/sev.h>

#include "svsm-reset.h"

static int svr_guest_usage_read(u8 *raw)
{
	struct snp_secrets_page *page = svr_secrets();

	if (!page)
		return -ENODEV;
	memcpy(raw, page->os_area.guest_usage, SVR_RECORD_LARGE);
	return 0;
}

static int svr_guest_usage_write(const u8 *raw)
{
	struct snp_secrets_page *page = svr_secrets();

	if (!page)
		return -ENODEV;
	memcpy(page->os_area.guest_usage, raw, SVR_RECORD_LARGE);
	return 0;
}

/* Record in the secrets page */
const struct svr_store svr_store_secrets = {
	.name = "secrets",
	.size = SVR_RECORD_LARGE,
	.read = svr_guest_usage_read,
	.write = svr_guest_usage_write,
};
