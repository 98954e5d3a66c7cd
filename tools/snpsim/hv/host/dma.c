// SPDX-License-Identifier: GPL-2.0
/*
 * DMA. The IOMMU keeps devices out of what is not shared. Hardware does so silently; here
 * it is an event. A function that masters the bus at EXECUTE belongs to the dead kernel.
 * Until the next kernel has touched the function's registers, each of its accesses is an
 * event, and a write into memory that the next kernel itself has shared is a violation.
 * (Before that kernel shares a page, the page holds nobody's data.)
 *
 * The first page of each memory BAR below 4 GiB stands for the function's registers, and so
 * do its I/O ports. (A virtio device may have its own above, but Linux first masks its MSI-X
 * vectors, in a BAR below.) A function behind a bridge to conventional PCI is not watched,
 * because the bridge makes its accesses.
 */
#include "host/host.h"
#include "lib/layout.h"
#include "lib/lib.h"
#include "lib/x86.h"
#include "machine/iommu.h"
#include "machine/pci.h"
#include "machine/rmp.h"
#include "machine/run_end.h"
#include "machine/svm.h"
#include "machine/vcpu.h"

#define POLL_NS			1000000UL
#define MAX_STALE		32
#define MAX_EVENTS		32		/* in one boot */
#define BARS			6
#define REG_BAR(n)		(0x10 + 4 * (n))
#define BAR_IO			BIT_ULL(0)
#define BAR_PORT		0xfffcU
#define MAX_PORTS		256		/* of one BAR */
#define BAR_64			BIT_ULL(2)
#define BAR_ADDRESS		0xfffffff0U
#define CLASS_BRIDGE		0x06

static struct stale {
	u32 function;
	u32 bar[BARS];
	u32 registers[BARS];		/* page frames; 0: none, or not watched */
	u16 ports[BARS];		/* the first of each BAR's; 0: none */
} stale[MAX_STALE];

static u32 n_stale, n_events;
static u64 last_poll, config_space;

/* Read through memory-mapped configuration space, which has no index that the guest uses. */
static u32 peek(u32 function, u32 reg)
{
	return mmio_read32(config_space + ((u64)function << 12) + reg);
}

/* As many ports as a BAR at this one can have: it is aligned to its size. */
static u32 ports_from(u16 port)
{
	u32 alignment = port & -port;

	return alignment < MAX_PORTS ? alignment : MAX_PORTS;
}

/*
 * Find the registers of a function that can be watched. Returns true if a kernel that
 * begins with the function is seen there.
 */
static bool find_registers(struct stale *s)
{
	bool any = false;
	u32 size;

	memset(s->registers, 0, sizeof(s->registers));
	memset(s->ports, 0, sizeof(s->ports));
	for (u32 i = 0; i < BARS; i += size) {
		u32 bar = s->bar[i];
		enum page_state state = page_state(bar & BAR_ADDRESS);

		size = bar & BAR_64 ? 2 : 1;
		if (bar & BAR_IO) {
			size = 1;
			s->ports[i] = bar & BAR_PORT;
			any = any || s->ports[i];
			continue;
		}
		if (i + size > BARS)
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

static void keep_stale(const struct pci_function *f)
{
	struct stale *s = &stale[n_stale];

	if (!f->bus_master || f->class >> 16 == CLASS_BRIDGE || n_stale == MAX_STALE)
		return;
	s->function = f->number;
	for (u32 i = 0; i < BARS; i++)
		s->bar[i] = peek(f->number, REG_BAR(i));
	if (!find_registers(s))
		return;
	for (u32 i = 0; i < BARS; i++) {
		if (s->registers[i])
			page_set(s->registers[i], PAGE_UNTOUCHED);
		if (s->ports[i])
			svm_watch_range(s->ports[i], ports_from(s->ports[i]));
	}
	WRITE_ONCE(n_stale, n_stale + 1);
	iommu_let(f->number, false);
}

static void forget(struct stale *s)
{
	iommu_let(s->function, true);
	*s = stale[n_stale - 1];
	WRITE_ONCE(n_stale, n_stale - 1);
}

static struct stale *find(u32 function)
{
	for (u32 i = 0; i < n_stale; i++)
		if (stale[i].function == function)
			return &stale[i];
	return NULL;
}

/* Have its BARs moved? Then a kernel has begun with it, unseen at the old place. */
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

static void report_fault(struct vcpu *v, const struct iommu_fault *f)
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

/* The IOMMU holds one fault at a time. Called under sim_lock. */
static void poll_fault(struct vcpu *v)
{
	struct iommu_fault f;

	WRITE_ONCE(last_poll, now_ns());
	if (iommu_present() && iommu_take_fault(&f))
		report_fault(v, &f);
}

/*
 * Called at EXECUTE, when no other vCPU runs: functions that master the bus are nobody's
 * from now on.
 */
void dma_begin_anew(void)
{
	poll_fault(this_vcpu());
	n_events = 0;
	while (n_stale)
		forget(&stale[n_stale - 1]);
	config_space = pci_config_space();
	if (iommu_present() && config_space)
		pci_for_each(keep_stale);
}

static bool has_register_at(const struct stale *s, u64 gpa)
{
	for (u32 i = 0; i < BARS; i++)
		if (s->registers[i] == gpa >> PAGE_SHIFT)
			return true;
	return false;
}

/* The guest uses this address, outside its RAM. Called under sim_lock. */
void dma_touched(u64 gpa)
{
	if (page_state(gpa) != PAGE_UNTOUCHED)
		return;
	poll_fault(this_vcpu());
	page_set(gpa >> PAGE_SHIFT, PAGE_NOT_RAM);
	for (u32 i = n_stale; i--;)
		if (has_register_at(&stale[i], gpa))
			forget(&stale[i]);
}

static bool has_port_at(const struct stale *s, u16 port)
{
	for (u32 i = 0; i < BARS; i++)
		if (s->ports[i] && (u32)(port - s->ports[i]) < ports_from(s->ports[i]))
			return true;
	return false;
}

/* The guest uses this I/O port. Called under sim_lock. */
void dma_touched_port(u16 port)
{
	for (u32 i = n_stale; i--;)
		if (has_port_at(&stale[i], port)) {
			poll_fault(this_vcpu());
			forget(&stale[i]);
		}
}

/* Is there a function that the present kernel has not begun with? */
bool dma_watches(void)
{
	return READ_ONCE(n_stale);
}

/* Called after each exit; does something once every POLL_NS. */
void dma_poll(struct vcpu *v)
{
	if (!iommu_present() || now_ns() - READ_ONCE(last_poll) < POLL_NS)
		return;
	lock(&sim_lock);
	poll_fault(v);
	unlock(&sim_lock);
}
