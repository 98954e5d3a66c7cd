// SPDX-License-Identifier: GPL-2.0
/*
 * The crash block, as the capture kernel finds it in the memory of a kernel that
 * has crashed: what is said to be one can be read to its end.
 */
#include "crash-block.h"

static void check_block(const struct svr_crash_block *block, size_t size)
{
	unsigned int i, cpus = le16_to_cpu(block->cpus);

	expect(cpus <= SVR_CRASH_MAX_CPUS);
	expect(svr_crash_block_size(cpus) <= size);
	expect(memchr(block->message, 0, sizeof(block->message)));
	for (i = 0; i < cpus; i++) {
		expect(block->cpu[i].fate < SVR_NR_FATES);
		expect(!(block->cpu[i].vmsa & (SZ_4K - 1)));
	}
}

int fuzz_one(const u8 *data, size_t len)
{
	struct svr_crash_block *block;
	size_t claimed;
	u8 how;

	if (len < 1)
		return 0;
	how = *data++;
	len--;
	block = malloc(len ?: 1);
	memcpy(block, data, len);
	if (how & 1 && len >= sizeof(*block)) {
		block->magic = cpu_to_le32(SVR_CRASH_MAGIC);
		block->version = cpu_to_le16(SVR_CRASH_VERSION);
		if (!svr_crash_block_head(block, &claimed) && claimed <= len)
			svr_crash_block_seal(block);
	}
	if (!svr_crash_block_check(block, len))
		check_block(block, len);
	free(block);
	return 0;
}
