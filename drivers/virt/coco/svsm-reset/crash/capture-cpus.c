// SPDX-License-Identifier: GPL-2.0-only
/*
 * In a capture kernel: the CPUs of the kernel that crashed.
 *
 * This kernel does not know them: it runs on the one CPU that started it, and
 * its online mask proves nothing about the others. So it relies on what the
 * dead kernel wrote down for it (jump.c) and on the ACPI tables, and asks the
 * host and the SVSM about the rest.
 */
#define pr_fmt(fmt) "svsm-reset: " fmt

#include <linux/acpi.h>
#include <linux/crash_dump.h>
#include <linux/err.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/percpu.h>
#include <linux/printk.h>
#include <linux/smp.h>
#include <linux/sprintf.h>
#include <linux/string.h>
#include <linux/vmalloc.h>

#include "crash/crash.h"
#include "lib/crash-block.h"
#include "lib/crash-log.h"
#include "record/record.h"
#include "reset/reset.h"
#include "svsm-reset.h"
#include "svsm/svsm.h"

/* For a list of APIC ids in one line of the log */
#define SVR_IDS_TEXT		256

/* The block, copied and checked; NULL without one */
static struct svr_crash_block *svr_block;

/* CPUs that are in the ACPI tables and not in the block */
static u32 svr_unlisted[SVR_CRASH_MAX_CPUS];
static unsigned int svr_nr_unlisted;
/* There may be more CPUs than the block and the tables list */
static bool svr_incomplete;

static struct svr_request svr_capture = {
	.cause = SVR_CAUSE_KDUMP,
	.cpu = -1,
};

/* The same for a dump that cannot be relied upon */
static struct svr_request svr_interrupted = {
	.cause = SVR_CAUSE_KDUMP,
	.cpu = -1,
	.interrupted = true,
};

static unsigned int svr_block_cpus(void)
{
	return svr_block ? le16_to_cpu(svr_block->cpus) : 0;
}

static u32 svr_block_id(unsigned int i)
{
	return le32_to_cpu(svr_block->cpu[i].apic_id);
}

static u32 svr_own_id(void)
{
	return per_cpu(x86_cpu_to_apicid, raw_smp_processor_id());
}

/**
 * svr_capture_cause - why the previous kernel crashed
 * @emergency: this kernel restarts, but not in an orderly way
 *
 * kdump-tools and the like make an orderly restart after the dump, also when the dump
 * failed. After any other restart the dump cannot be relied upon, not even where an orderly
 * restart had begun: the last writes may not have reached the disk.
 *
 * Context: any, NMI included.
 *
 * Return: the cause of the reset after the dump, with the crash's CPU and message; NULL
 * when this is no capture kernel.
 */
const struct svr_request *svr_capture_cause(bool emergency)
{
	if (!is_kdump_kernel())
		return NULL;
	return emergency ? &svr_interrupted : &svr_capture;
}

static int svr_copy_block(u64 pa)
{
	struct svr_crash_block head, *block;
	size_t size;
	int err;

	if (!PAGE_ALIGNED(pa))
		return -EINVAL;
	err = svr_vmcore_read(pa, &head, sizeof(head));
	if (err)
		return err;
	err = svr_crash_block_head(&head, &size);
	if (err)
		return err;
	block = vmalloc(size);
	if (!block)
		return -ENOMEM;
	err = svr_vmcore_read(pa, block, size);
	if (!err)
		err = svr_crash_block_check(block, size);
	if (err) {
		vfree(block);
		return err;
	}
	svr_block = block;
	return 0;
}

static void svr_use_block(void)
{
	unsigned int i;
	u64 vmsa;

	svr_capture.cpu = (s32)le32_to_cpu(svr_block->on);
	svr_crash_text_copy(svr_capture.message, sizeof(svr_capture.message),
			    svr_block->message, sizeof(svr_block->message));
	svr_interrupted.cpu = svr_capture.cpu;
	strscpy(svr_interrupted.message, svr_capture.message);
	svr_incomplete = svr_block->flags & SVR_CRASH_TRUNCATED;

	for (i = 0; i < svr_block_cpus(); i++) {
		vmsa = le64_to_cpu(svr_block->cpu[i].vmsa);
		if (vmsa && !svr_vmcore_hide(vmsa)) {
			pr_warn("APIC id %u: no VMSA at 0x%llx\n",
				svr_block_id(i), vmsa);
			svr_block->cpu[i].vmsa = 0;
		}
	}
	pr_info("crashed on CPU %d: %s\n", svr_capture.cpu,
		svr_capture.message[0] ? svr_capture.message : "(unknown)");
}

static bool svr_block_has(u32 apic_id)
{
	unsigned int i;

	for (i = 0; i < svr_block_cpus(); i++)
		if (svr_block_id(i) == apic_id)
			return true;
	return false;
}

static void svr_madt_cpu(u32 apic_id, u32 flags)
{
	if (!(flags & ACPI_MADT_ENABLED) || svr_block_has(apic_id))
		return;
	if (svr_nr_unlisted == ARRAY_SIZE(svr_unlisted))
		svr_incomplete = true;
	else
		svr_unlisted[svr_nr_unlisted++] = apic_id;
}

static void svr_madt_entry(const struct acpi_subtable_header *sub)
{
	const struct acpi_madt_local_apic *lapic = (const void *)sub;
	const struct acpi_madt_local_x2apic *x2apic = (const void *)sub;

	if (sub->type == ACPI_MADT_TYPE_LOCAL_APIC &&
	    sub->length >= sizeof(*lapic))
		svr_madt_cpu(lapic->id, lapic->lapic_flags);
	else if (sub->type == ACPI_MADT_TYPE_LOCAL_X2APIC &&
		 sub->length >= sizeof(*x2apic))
		svr_madt_cpu(x2apic->local_apic_id, x2apic->lapic_flags);
}

/**
 * svr_capture_init - find out what is known of the crashed kernel's CPUs
 *
 * Only in a capture kernel; elsewhere it does nothing. After
 * svr_last_reset_load() and svr_vmcore_init(). A failure is logged.
 *
 * Context: process, may sleep.
 */
void svr_capture_init(void)
{
	u64 pa;
	int err;

	if (!is_kdump_kernel())
		return;
	pa = svr_last_reset_crash_block();
	err = pa ? svr_copy_block(pa) : -ENODATA;
	if (err)
		pr_warn("the CPUs of the crashed kernel are not known (%pe)\n",
			ERR_PTR(err));
	else
		svr_use_block();
	/* No MADT means a single CPU, by the host's word: without a block that is not enough */
	if (!svr_madt_walk(svr_madt_entry))
		svr_incomplete |= !svr_block;
}

/**
 * svr_capture_exit - undo svr_capture_init()
 *
 * Context: process, may sleep; no reset can begin.
 */
void svr_capture_exit(void)
{
	vfree(svr_block);
}

static enum svr_fate svr_account(u32 apic_id, enum svr_fate fate, u64 vmsa)
{
	if (!svr_delete_vcpu())
		vmsa = 0;
	if (fate == SVR_FATE_RUNNING &&
	    svr_policy_destroy(svr_ap_policy_get(), vmsa) &&
	    !svr_host_destroy(apic_id))
		fate = SVR_FATE_DESTROYED;
	/* The SVSM may wait for a vCPU that runs: see svr_delete_vmsas() */
	if (fate != SVR_FATE_RUNNING && vmsa && !svr_svsm_delete(vmsa))
		fate = SVR_FATE_DELETED;
	return fate;
}

/*
 * A complete block lists every CPU that the dead kernel had. It never started a CPU that
 * only the ACPI tables list (nr_cpus=, or a BSP that it left alone), and the kernel before
 * it has ended its own CPUs.
 */
static enum svr_fate svr_unlisted_fate(void)
{
	return svr_block && !svr_incomplete ? SVR_FATE_OFFLINE :
					      SVR_FATE_RUNNING;
}

/* False when there is no room for it: half an id would be another CPU's */
static bool svr_add_id(char *text, unsigned int *len, u32 id)
{
	unsigned int room = SVR_IDS_TEXT - *len;
	unsigned int more = snprintf(text + *len, room, " %u", id);

	if (more >= room) {
		text[*len] = 0;
		return false;
	}
	*len += more;
	return true;
}

/* One line per fate: the CPUs that have it */
static void svr_report_fates(const u8 *fates, unsigned int count)
{
	static char text[SVR_IDS_TEXT];
	unsigned int fate, i, len;
	bool cut;

	for (fate = 0; fate < SVR_NR_FATES; fate++) {
		cut = false;
		len = 0;
		text[0] = 0;
		for (i = 0; i < count; i++) {
			u32 id = i < svr_block_cpus() ? svr_block_id(i) :
				 svr_unlisted[i - svr_block_cpus()];

			if (fates[i] == fate && id != svr_own_id())
				cut = cut || !svr_add_id(text, &len, id);
		}
		if (!len)
			continue;
		svr_emit("%s" pr_fmt("CPUs of the crashed kernel, %s: APIC id%s%s\n"),
			 fate <= SVR_FATE_DESTROYED ? SVR_WARN : SVR_INFO,
			 svr_fate_name(fate), text,
			 cut ? " ..." : "");
	}
}

/**
 * svr_capture_account - the weakest fate of the crashed kernel's CPUs
 *
 * Has the host destroy those that left no evidence, where its word would help,
 * and, with delete_vcpu, the SVSM delete those whose VMSA is known. Logs each
 * CPU by APIC id.
 *
 * Context: any, NMI included, interrupts off; once. It waits only in the calls
 * themselves: for each CPU one to the host, and one to the SVSM with its repeats
 * (svr_svsm_delete()).
 *
 * Return: the weakest &enum svr_fate; SVR_FATE_DELETED when there are no such
 * CPUs, as in a kernel that is no capture kernel.
 */
enum svr_fate svr_capture_account(void)
{
	static u8 fates[2 * SVR_CRASH_MAX_CPUS];
	enum svr_fate weakest = SVR_FATE_DELETED;
	unsigned int i, count = svr_block_cpus() + svr_nr_unlisted;
	u32 id;

	if (!is_kdump_kernel())
		return weakest;
	for (i = 0; i < count; i++) {
		if (i < svr_block_cpus()) {
			id = svr_block_id(i);
			fates[i] = svr_block->cpu[i].fate;
		} else {
			id = svr_unlisted[i - svr_block_cpus()];
			fates[i] = svr_unlisted_fate();
		}
		if (id == svr_own_id())
			continue;
		fates[i] = svr_account(id, fates[i], i < svr_block_cpus() ?
				       le64_to_cpu(svr_block->cpu[i].vmsa) : 0);
		weakest = min_t(enum svr_fate, weakest, fates[i]);
	}
	svr_report_fates(fates, count);
	if (svr_incomplete) {
		svr_warn("the crashed kernel may have had more CPUs than are known\n");
		weakest = SVR_FATE_RUNNING;
	}
	return weakest;
}
