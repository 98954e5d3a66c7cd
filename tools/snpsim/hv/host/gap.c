// SPDX-License-Identifier: GPL-2.0
/*
 * Accesses without the C-bit that firmware makes to private memory. KVM takes such an
 * access for a page state change, and has QEMU make it (kvm_convert_memory()). This host
 * does so in two places, and for a guest without firmware nowhere.
 *
 * The first place is the pages between firmware's sections. OVMF's SEC phase has its GHCB
 * in such a page, and writes to it before it can have it shared. In a new VM the page is
 * shared already. After EXECUTE it is what the last boot has made of it, and an SVSM can
 * do no more than rescind its validation.
 *
 * The second place is firmware's own image, from which newer versions read variables as
 * from a flash chip. QEMU's shared memory behind the image has what is in the file, as long
 * as nobody has had the page made private again.
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

/*
 * A C=0 access to a private page. Returns true if the page is shared now; what the guest
 * had there is lost.
 */
bool host_shares(u64 gpa)
{
	u64 page = gpa & PAGE_MASK, gfn = gpa >> PAGE_SHIFT;

	if (host_is(HOST_NO_CONVERT) || (!in_gap(gpa) && !in_image(gpa)))
		return false;
	page_set(gfn, PAGE_SHARED | (page_flags(gpa) & PAGE_LAUNCH));
	if (page_is_rom(gpa))
		memcpy((void *)page, rom_shared(page), PAGE_SIZE);
	else
		page_poison(gfn);
	event_begin("host-convert");
	event_hex("gpa", page);
	event_str("to", "shared");
	event_end();
	return true;
}
