// SPDX-License-Identifier: GPL-2.0
/*
 * What firmware needs from the host to start vCPUs (AMD 56421). It needs their APIC ids,
 * because an INIT to all cannot tell it which there are. It needs the AP jump table, a
 * word in which an SEV-ES guest leaves an address for the next boot.
 */
#include "host/host.h"
#include "lib/config.h"
#include "machine/vcpu.h"

#define JUMP_TABLE_SET		0
#define JUMP_TABLE_GET		1

/* RAX: how many shared pages there are for the list; on return, how many it takes. */
void ap_ids(u8 *ghcb, u64 gpa)
{
	struct {
		u32 count, id[MAX_CPUS];
	} *list;

	static_assert(sizeof(*list) <= PAGE_SIZE, "one page is enough");
	if (ghcb_get(ghcb, GHCB_RAX)) {
		list = (gpa & ~PAGE_MASK) ? NULL : shared_ptr(gpa, PAGE_SIZE);
		if (!list) {
			ghcb_error(ghcb, GHCB_ERR_INVALID_INPUT);
			return;
		}
		list->count = config->cpus;
		for (u32 i = 0; i < config->cpus; i++)
			list->id[i] = vcpus[i].apic_id;
	}
	ghcb_set(ghcb, GHCB_RAX, 1);
}

void ap_jump_table(u8 *ghcb, u64 request, u64 address)
{
	static u64 table;

	if (request == JUMP_TABLE_SET)
		table = address;
	else if (request == JUMP_TABLE_GET)
		ghcb_set(ghcb, GHCB_SW_EXITINFO2, table);
	else
		ghcb_error(ghcb, GHCB_ERR_INVALID_INPUT);
}
