// SPDX-License-Identifier: GPL-2.0-only
/*
 * The record in the SNP secrets page: os_area.guest_usage, 32 bytes.
 *
 * The host can neither read nor forge it; any code of the guest can. The launch
 * has validated this private memory, not the guest, so an SVSM that follows the
 * draft leaves it alone. An SVSM that restores the page from its launch copy
 * loses the record, and the message sequence numbers with it.
 */
#include <linux/cc_platform.h>
#include <linux/errno.h>
#include <linux/mm.h>
#include <linux/string.h>
#include <asm/sev.h>

#include "record/record.h"
#include "svsm/svsm.h"

static int svr_guest_usage_init(void)
{
	return svr_secrets() ? 0 : -ENODEV;
}

static int svr_guest_usage_read(u8 *raw)
{
	memcpy(raw, svr_secrets()->os_area.guest_usage, SVR_RECORD_MEDIUM);
	return 0;
}

static int svr_guest_usage_write(const u8 *raw)
{
	memcpy(svr_secrets()->os_area.guest_usage, raw, SVR_RECORD_MEDIUM);
	return 0;
}

/* Record in the secrets page; the next launch does not see it */
const struct svr_store svr_store_secrets = {
	.name = "secrets",
	.memory = true,
	.size = SVR_RECORD_MEDIUM,
	.trust = SVR_TRUST_GUEST,
	.one_launch = true,
	.in_place = true,
	.init = svr_guest_usage_init,
	.read = svr_guest_usage_read,
	.write = svr_guest_usage_write,
};
