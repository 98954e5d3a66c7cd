/* SPDX-License-Identifier: GPL-2.0-only */
/* What a crashing kernel leaves for the capture kernel: codec, pure */
#ifndef _SVSM_RESET_CRASH_BLOCK_H
#define _SVSM_RESET_CRASH_BLOCK_H

#include <linux/build_bug.h>
#include <linux/types.h>

#include "request.h"
#include "policy.h"

#define SVR_CRASH_MAGIC		0x42435253	/* "SRCB" */
#define SVR_CRASH_VERSION	1
/* As many CPUs as a block lists */
#define SVR_CRASH_MAX_CPUS	1024
/* There were more CPUs than fit */
#define SVR_CRASH_TRUNCATED	0x01

/**
 * struct svr_crash_cpu - one CPU of the dead kernel
 * @apic_id:  its APIC id
 * @fate:     an &enum svr_fate
 * @reserved: 0
 * @vmsa:     physical address of its VMSA, 0 when not known
 */
struct svr_crash_cpu {
	__le32 apic_id;
	u8 fate;
	u8 reserved[3];
	__le64 vmsa;
};

/**
 * struct svr_crash_block - the block, as it is in memory
 * @magic:    SVR_CRASH_MAGIC
 * @version:  SVR_CRASH_VERSION
 * @cpus:     entries of @cpu
 * @crc:      CRC-32 (as in Ethernet) of all the rest, with this one 0
 * @on:       number of the CPU that crashed, all ones when not known
 * @message:  why, ends with a NUL
 * @flags:    SVR_CRASH_TRUNCATED
 * @reserved: 0
 * @cpu:      every CPU that the dead kernel had, the crashed one included
 */
struct svr_crash_block {
	__le32 magic;
	__le16 version;
	__le16 cpus;
	__le32 crc;
	__le32 on;
	char message[SVR_REQUEST_MESSAGE];
	u8 flags;
	u8 reserved[7];
	struct svr_crash_cpu cpu[];
};

static_assert(sizeof(struct svr_crash_cpu) == 16);
static_assert(sizeof(struct svr_crash_block) == 88);

size_t svr_crash_block_size(unsigned int cpus);
void svr_crash_block_begin(struct svr_crash_block *block, int on,
			   const char *message);
void svr_crash_block_add(struct svr_crash_block *block, unsigned int room,
			 u32 apic_id, enum svr_fate fate, u64 vmsa);
void svr_crash_block_seal(struct svr_crash_block *block);
int svr_crash_block_head(const struct svr_crash_block *block, size_t *size);
int svr_crash_block_check(const struct svr_crash_block *block, size_t size);

#endif /* _SVSM_RESET_CRASH_BLOCK_H */
