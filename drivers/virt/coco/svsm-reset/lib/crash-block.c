// SPDX-License-Identifier: GPL-2.0-only
/*
 * Codec of the block that a crashing kernel leaves for the capture kernel.
 *
 * It is written in place, in memory that was allocated long before the crash.
 * The reader trusts nothing: the memory of a kernel that has crashed may hold
 * anything. The checksum is against accidents.
 * Pure: kunit/crash_block_kunit.c.
 */
#include <linux/align.h>
#include <linux/crc32.h>
#include <linux/errno.h>
#include <linux/limits.h>
#include <linux/overflow.h>
#include <linux/sizes.h>
#include <linux/stddef.h>
#include <linux/string.h>

#include "crash-block.h"

/* A VMSA is a page */
#define SVR_CRASH_VMSA_ALIGN	SZ_4K

/**
 * svr_crash_block_size - how large is a block?
 * @cpus: with that many CPUs
 *
 * Context: any.
 *
 * Return: bytes.
 */
size_t svr_crash_block_size(unsigned int cpus)
{
	return struct_size_t(struct svr_crash_block, cpu, cpus);
}

static u32 svr_crash_crc(const struct svr_crash_block *block, size_t size)
{
	static const __le32 none;
	const u8 *raw = (const u8 *)block;
	size_t at = offsetof(struct svr_crash_block, crc);
	u32 crc = crc32_le(~0U, raw, at);

	crc = crc32_le(crc, (const u8 *)&none, sizeof(none));
	at += sizeof(none);
	return ~crc32_le(crc, raw + at, size - at);
}

/**
 * svr_crash_block_begin - begin a block, without CPUs
 * @block:   where
 * @on:      number of the CPU that crashed, -1 when not known
 * @message: why
 *
 * Context: any, NMI included.
 */
void svr_crash_block_begin(struct svr_crash_block *block, int on,
			   const char *message)
{
	memset(block, 0, sizeof(*block));
	block->magic = cpu_to_le32(SVR_CRASH_MAGIC);
	block->version = cpu_to_le16(SVR_CRASH_VERSION);
	block->on = cpu_to_le32(on);
	strscpy(block->message, message);
}

/**
 * svr_crash_block_add - add one CPU
 * @block:   the block
 * @room:    for how many CPUs there is room in it
 * @apic_id: APIC id of the CPU
 * @fate:    what is known of it
 * @vmsa:    physical address of its VMSA, 0 when not known
 *
 * Where there is no room for it, the block says that it is incomplete.
 *
 * Context: any, NMI included.
 */
void svr_crash_block_add(struct svr_crash_block *block, unsigned int room,
			 u32 apic_id, enum svr_fate fate, u64 vmsa)
{
	unsigned int i = le16_to_cpu(block->cpus);

	if (i >= room || i >= SVR_CRASH_MAX_CPUS) {
		block->flags |= SVR_CRASH_TRUNCATED;
		return;
	}
	block->cpu[i] = (struct svr_crash_cpu) {
		.apic_id = cpu_to_le32(apic_id),
		.fate = fate,
		.vmsa = cpu_to_le64(vmsa),
	};
	block->cpus = cpu_to_le16(i + 1);
}

/**
 * svr_crash_block_seal - the block is complete
 * @block: the block
 *
 * Context: any, NMI included.
 */
void svr_crash_block_seal(struct svr_crash_block *block)
{
	size_t size = svr_crash_block_size(le16_to_cpu(block->cpus));

	block->crc = cpu_to_le32(svr_crash_crc(block, size));
}

/**
 * svr_crash_block_head - is this the beginning of a block, and how large is it?
 * @block: its first bytes, sizeof(*block) of them
 * @size:  where to put the size, bytes
 *
 * Context: any.
 *
 * Return: 0; -ENOMSG when it is something else, -EPROTONOSUPPORT when it is of
 * another version, -E2BIG when it claims too many CPUs. Only with 0 @size is
 * written.
 */
int svr_crash_block_head(const struct svr_crash_block *block, size_t *size)
{
	if (le32_to_cpu(block->magic) != SVR_CRASH_MAGIC)
		return -ENOMSG;
	if (le16_to_cpu(block->version) != SVR_CRASH_VERSION)
		return -EPROTONOSUPPORT;
	if (le16_to_cpu(block->cpus) > SVR_CRASH_MAX_CPUS)
		return -E2BIG;
	*size = svr_crash_block_size(le16_to_cpu(block->cpus));
	return 0;
}

static bool svr_crash_cpu_valid(const struct svr_crash_cpu *cpu)
{
	return cpu->fate < SVR_NR_FATES &&
	       !memchr_inv(cpu->reserved, 0, sizeof(cpu->reserved)) &&
	       IS_ALIGNED(le64_to_cpu(cpu->vmsa), SVR_CRASH_VMSA_ALIGN);
}

/**
 * svr_crash_block_check - is this a block that can be used?
 * @block: the block, in memory that nobody else writes
 * @size:  bytes that are there
 *
 * Context: any.
 *
 * Return: 0; what svr_crash_block_head() says; -EMSGSIZE when a part is
 * missing, -EBADMSG when the checksum is wrong, -EINVAL when it is right and
 * the contents make no sense.
 */
int svr_crash_block_check(const struct svr_crash_block *block, size_t size)
{
	size_t claimed;
	unsigned int i;
	int err;

	if (size < sizeof(*block))
		return -EMSGSIZE;
	err = svr_crash_block_head(block, &claimed);
	if (err)
		return err;
	if (claimed > size)
		return -EMSGSIZE;
	if (le32_to_cpu(block->crc) != svr_crash_crc(block, claimed))
		return -EBADMSG;

	if ((block->flags & ~SVR_CRASH_TRUNCATED) ||
	    memchr_inv(block->reserved, 0, sizeof(block->reserved)) ||
	    !memchr(block->message, 0, sizeof(block->message)))
		return -EINVAL;
	for (i = 0; i < le16_to_cpu(block->cpus); i++)
		if (!svr_crash_cpu_valid(&block->cpu[i]))
			return -EINVAL;
	return 0;
}
