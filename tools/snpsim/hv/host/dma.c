// SPDX-License-Identifier: GPL-2.0
/*
 * Devices that reach for memory. What is not shared is kept from them, which hardware does
 * silently and an event says here. A function that masters the bus at EXECUTE is the dead
 * kernel's: until the next one has touched its registers, each of its accesses is an event,
 * and a write into memory that this kernel itself has shared is a violation. (Before that
 * such a page holds nothing of anybody's.)
 *
 * The first page of each memory BAR below 4 GiB stands for its registers. (A virtio device's
 * own may be above; Linux masks its MSI-X vectors first, in one below.) A function that has
 * ports is not watched: its driver might use them alone. Nor is what is behind a bridge to
 * conventional PCI, which speaks for it.
 */
#include "host/host.h"
#include "lib/layout.h"
#include "lib/lib.h"
#include "lib/x86.h"
#include "machine/iommu.h"
#include "machine/pci.h"
#include "machine/rmp.h"
#include "machine/run_end.h"
#include "machine/vcpu.h"

#define POLL_NS			1000000UL
#define MAX_STALE		32
#define MAX_EVENTS		32		/* a boot */
#define BARS			6
#define REG_BAR(n)		(0x10 + 4 * (n))
#define BAR_IO			BIT_ULL(0)
#define BAR_64			BIT_ULL(2)
#define BAR_ADDRESS		0xfffffff0U
#define CLASS_BRIDGE		0x06

static struct stale {
	u32 function;
	u32 bar[BARS];
	u32 registers[BARS];		/* page frames; 0: none, or not watched */
} stale[MAX_STALE];

static u32 n_stale, n_events;
static u64 last_poll, config_space;

/* By way of the extended configuration space, which has no index that the guest uses. */
static u32 peek(u32 function, u32 reg)
{
	return mmio_read32(config_space + ((u64)function << 12) + reg);
}

/* Where its registers are that can be watched. Will somebody who uses it be seen there? */
static bool find_registers(struct stale *s)
{
	bool any = false;
	u32 size;

	memset(s->registers, 0, sizeof(s->registers));
	for (u32 i = 0; i < BARS; i += size) {
		u32 bar = s->bar[i];
		enum page_state state = page_state(bar & BAR_ADDRESS);

		size = bar & BAR_64 ? 2 : 1;
		if ((bar & BAR_IO) || i + size > BARS)
			return false;
		/* None, or above 4 GiB */
		if (!(bar & BAR_ADDRESS) || (size == 2 && s->bar[i + 1]))
			continue;
		if (state != PAGE_NOT_RAM && state != PAGE_UNTOUCHED)
			continue;
		s->registers[i] = bar >> PAGE_SHIFT;
		any = true;
	}
	return any;
}

static void note_stale(const struct pci_function *f)
{
	struct stale *s = &stale[n_stale];

	if (!f->bus_master || f->class >> 16 == CLASS_BRIDGE || n_stale == MAX_STALE)
		return;
	s->function = f->number;
	for (u32 i = 0; i < BARS; i++)
		s->bar[i] = peek(f->number, REG_BAR(i));
	if (!find_registers(s))
		return;
	for (u32 i = 0; i < BARS; i++)
		if (s->registers[i])
			page_set(s->registers[i], PAGE_UNTOUCHED);
	n_stale++;
	iommu_let(f->number, false);
}

static void forget(struct stale *s)
{
	iommu_let(s->function, true);
	*s = stale[--n_stale];
}

static struct stale *find(u32 function)
{
	for (u32 i = 0; i < n_stale; i++)
		if (stale[i].function == function)
			return &stale[i];
	return NULL;
}

/* Its BARs are elsewhere: somebody has begun with it, and is not seen where they were. */
static bool was_moved(const struct stale *s)
{
	for (u32 i = 0; i < BARS; i++)
		if (peek(s->function, REG_BAR(i)) != s->bar[i])
			return true;
	return false;
}

static const char *kind_of_page(u64 gpa)
{
	switch (page_state(gpa)) {
	case PAGE_SHARED:
		return page_flags(gpa) & PAGE_GUEST ? "shared" : "unclaimed";
	case PAGE_PRIVATE:
		return "unvalidated";
	case PAGE_VALID:
		return "private";
	case PAGE_HV:
	case PAGE_SVSM:
		return "hypervisor";
	default:
		return "outside";
	}
}

static void judge(struct vcpu *v, const struct iommu_fault *f)
{
	struct violation what = { .kind = "stale-dma", .access = "write", .gpa = f->gpa, .ap = -1 };
	struct stale *s = f->kept_out ? find(f->function) : NULL;

	if (s && was_moved(s)) {
		forget(s);
		return;
	}
	if (n_events++ < MAX_EVENTS) {
		event_begin("dma");
		event_bdf("bdf", f->function);
		event_hex("gpa", f->gpa);
		event_str("access", f->write ? "write" : "read");
		event_str("page", kind_of_page(f->gpa));
		event_bool("stale", f->kept_out);
		event_end();
	}
	if (f->kept_out && f->write && page_state(f->gpa) == PAGE_SHARED &&
	    (page_flags(f->gpa) & PAGE_GUEST))
		report_violation(v, &what);
}

/* The IOMMU holds one fault at a time. Under sim_lock. */
static void look(struct vcpu *v)
{
	struct iommu_fault f;

	WRITE_ONCE(last_poll, now_ns());
	if (iommu_present() && iommu_take_fault(&f))
		judge(v, &f);
}

/* EXECUTE: whatever masters the bus is nobody's from now on. No other vCPU runs. */
void dma_begin_anew(void)
{
	look(this_vcpu());
	n_events = 0;
	while (n_stale)
		forget(&stale[n_stale - 1]);
	config_space = pci_config_space();
	if (iommu_present() && config_space)
		pci_for_each(note_stale);
}

static bool has_register_at(const struct stale *s, u64 gpa)
{
	for (u32 i = 0; i < BARS; i++)
		if (s->registers[i] == gpa >> PAGE_SHIFT)
			return true;
	return false;
}

/* The guest uses this address, outside its RAM. Under sim_lock. */
void dma_touched(u64 gpa)
{
	if (page_state(gpa) != PAGE_UNTOUCHED)
		return;
	look(this_vcpu());
	page_set(gpa >> PAGE_SHIFT, PAGE_NOT_RAM);
	for (u32 i = n_stale; i--;)
		if (has_register_at(&stale[i], gpa))
			forget(&stale[i]);
}

/* Now and then */
void dma_poll(struct vcpu *v)
{
	if (!iommu_present() || now_ns() - READ_ONCE(last_poll) < POLL_NS)
		return;
	lock(&sim_lock);
	look(v);
	unlock(&sim_lock);
}
