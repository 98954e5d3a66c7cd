// SPDX-License-Identifier: GPL-2.0
/*
 * Accesses without the C-bit that firmware makes to private memory. KVM takes such an access for a
 * page state change, and has QEMU make it (kvm_convert_memory()); this host does so in two
 * places, and for a guest without firmware nowhere.
 *
 * OVMF's SEC phase has its GHCB in a page that is in no section of the metadata, and that it
 * writes to before it could have it made shared: the pages of a new VM are. After EXECUTE
 * the page is what the last boot has made of it, and all that an SVSM can do is rescind its
 * validation. So this is for the pages between firmware's sections.
 *
 * Newer ones read variables out of their own image, as out of a flash chip. QEMU's shared
 * memory behind the image has what is in the file.
 */
#include "host/host.h"
#include "lib/config.h"
#include "lib/lib.h"
#include "machine/rmp.h"
#include "machine/rom.h"

static u64 gap_start, gap_end;

void host_shares_in(u64 start, u64 end)
{
	gap_start = start;
	gap_end = end;
}

static bool in_gap(u64 gpa)
{
	return gpa >= gap_start && gpa < gap_end && page_state(gpa) == PAGE_PRIVATE &&
	       !(page_flags(gpa) & PAGE_LAUNCH);
}

static bool in_image(u64 gpa)
{
	return page_is_rom(gpa) && page_state(gpa) == PAGE_VALID && !(page_flags(gpa) & PAGE_VMSA);
}

/* A C=0 access to a private page: is it shared now? What the guest had there is lost. */
bool host_shares(u64 gpa)
{
	u64 page = gpa & PAGE_MASK, gfn = gpa >> PAGE_SHIFT;

	if (host_is(HOST_NO_CONVERT) || (!in_gap(gpa) && !in_image(gpa)))
		return false;
	page_set(gfn, PAGE_SHARED | (page_flags(gpa) & PAGE_LAUNCH));
	if (page_is_rom(gpa))
		memcpy((void *)page, rom_pristine(page), PAGE_SIZE);
	else
		page_poison(gfn);
	event_begin("host-convert");
	event_hex("gpa", page);
	event_str("to", "shared");
	event_end();
	return true;
}
