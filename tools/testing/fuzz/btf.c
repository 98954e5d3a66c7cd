// SPDX-License-Identifier: GPL-2.0
/*
 * The kernel's BTF: whatever it says of itself, nothing behind its end is read.
 */
#include <linux/btf.h>

#include "btf.h"

int fuzz_one(const u8 *data, size_t len)
{
	struct btf_header head = {
		.magic = BTF_MAGIC,
		.version = BTF_VERSION,
		.hdr_len = sizeof(head),
	};
	u32 offset = 1;
	u8 how, *btf;

	if (len < 1)
		return 0;
	how = *data++;
	len--;
	btf = malloc(len ?: 1);
	memcpy(btf, data, len);
	/* More often than not with a header that gets past the first look */
	if (how & 3 && len >= sizeof(head))
		memcpy(btf, &head, offsetof(struct btf_header, type_off));
	if (!svr_btf_percpu(btf, len, "v", sizeof(u64), &offset))
		expect(!(offset % sizeof(u64)));
	free(btf);
	return 0;
}
