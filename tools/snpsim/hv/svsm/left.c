// SPDX-License-Identifier: GPL-2.0
/* What EXECUTE leaves active, as the next firmware finds it: objects of its event. */
#include "lib/config.h"
#include "lib/lib.h"
#include "lib/x86.h"
#include "machine/apic.h"
#include "machine/pci.h"
#include "machine/timers.h"
#include "machine/vcpu.h"
#include "svsm/svsm.h"

static void event_device(const struct pci_function *f)
{
	if (!f->bus_master && !f->msi && !f->msix)
		return;
	event_object_begin(NULL);
	event_bdf("bdf", f->number);
	event_hex("vendor", f->vendor);
	event_hex("device", f->device);
	event_hex("class", f->class);
	event_bool("bus_master", f->bus_master);
	event_bool("msi", f->msi);
	event_bool("msix", f->msix);
	event_object_end();
}

static void event_devices(void)
{
	event_array_begin("devices");
	pci_for_each(event_device);
	event_array_end();
}

static void event_timers(void)
{
	u8 rtc = rtc_interrupts();

	event_object_begin("timers");
	event_u64("hpet", hpet_interrupts());
	event_array_begin("rtc");
	if (rtc & RTC_PERIODIC)
		event_str(NULL, "periodic");
	if (rtc & RTC_ALARM)
		event_str(NULL, "alarm");
	if (rtc & RTC_UPDATE)
		event_str(NULL, "update");
	event_array_end();
	event_object_end();
}

/* Which vectors are requested or in service in the calling vCPU's local APIC? */
static void event_vectors(void)
{
	event_array_begin("vectors");
	for (u32 i = 0; i < APIC_WORDS; i++) {
		u32 word = apic_vectors(APIC_IRR, i) | apic_vectors(APIC_ISR, i);

		for (; word; word &= word - 1)
			event_hex(NULL, i * 32 + __builtin_ctz(word));
	}
	event_array_end();
}

/* The calling vCPU's local APIC, and the I/O APIC. */
static void event_irq(const struct vcpu *v, bool alone)
{
	event_object_begin("irq");
	event_u64("lvt_unmasked", apic_lvt_unmasked());
	event_u64("irr", apic_count(APIC_IRR));
	event_u64("isr", apic_count(APIC_ISR));
	event_vectors();
	event_bool("apic_enabled", apic_enabled());
	event_bool("nmi_masked", vcpu_guest(v)->nmi_blocked);
	event_bool("nmi_pending", vcpu_guest(v)->nmi_pending);
	if (alone)
		event_u64("ioapic_unmasked", ioapic_unmasked());
	event_object_end();
}

/* The mode of every vCPU's local APIC. */
static void event_apics(void)
{
	event_array_begin("apics");
	for (u32 i = 0; i < config->cpus; i++)
		event_str(NULL, apic_mode_name(&vcpus[i]));
	event_array_end();
}

/*
 * While other vCPUs run, the guest may be using index registers. So what lies behind an
 * index is shown only if v is alone.
 */
void event_left(const struct vcpu *v, const struct svsm_watcher *watcher, bool alone)
{
	event_irq(v, alone);
	event_apics();
	watcher->event_left();
	if (!alone)
		return;
	event_devices();
	event_timers();
}
