// SPDX-License-Identifier: GPL-2.0
/*
 * The guest context: four keys for messages (VMPCK), and how many messages have been
 * exchanged with each. It lives as long as the VM. An SVSM that starts the launch image
 * again does not touch it.
 */
#include "lib/lib.h"
#include "psp/psp.h"

#define TRIES		10		/* RDRAND may fail now and then */
#define LAST_COUNT	(~0UL - 2)	/* leaves a number for the answer */

static struct {
	u8 key[PSP_KEY_SIZE];
	u64 count;
} vmpck[PSP_VMPCKS];

static u64 random_u64(void)
{
	u64 v;
	u8 ok;

	for (u32 i = 0; i < TRIES; i++) {
		asm volatile("rdrand %0; setc %1" : "=r"(v), "=qm"(ok) : : "cc");
		if (ok)
			return v;
	}
	hv_panic("RDRAND has no random numbers");
}

void psp_launch(void)
{
	memset(vmpck, 0, sizeof(vmpck));
	for (u32 k = 0; k < PSP_VMPCKS; k++)
		for (u32 i = 0; i < PSP_KEY_SIZE; i += 8) {
			u64 v = random_u64();

			memcpy(vmpck[k].key + i, &v, 8);
		}
}

const u8 *psp_key(u32 n)
{
	return vmpck[n].key;
}

/* Is this the number that the next message must have? */
bool psp_count_next(u32 n, u64 seqno)
{
	return vmpck[n].count <= LAST_COUNT && seqno == vmpck[n].count + 1;
}

/* Count an accepted message. Returns the number of its answer. */
u64 psp_count_answer(u32 n)
{
	vmpck[n].count += 2;
	return vmpck[n].count;
}
