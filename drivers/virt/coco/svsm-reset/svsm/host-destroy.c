// SPDX-License-Identifier: GPL-2.0-only
/*
 * Have the host destroy a vCPU, through a GHCB page of our own.
 *
 * AMD 56421, "SNP AP Creation". It takes a GHCB page. A module cannot get at
 * the kernel's, which may also be in use when an NMI stops a CPU. An SNP
 * guest's CPU has one registered page, so ours is registered for the request
 * and the kernel's again after it.
 *
 * In between an NMI is fatal: exc_nmi() begins with a request through the
 * kernel's page (NMI_COMPLETE), which is not registered then, and a host may
 * end the guest for it. A guest cannot mask NMIs, so this time is kept short:
 * from the VMGEXIT that registers our page to the one that registers the
 * kernel's there are three, and between them only svr_ghcb_parse_register() and
 * the loops around it; the page is filled before and read after that. Outside
 * that time an NMI does no harm: it leaves another value in the MSR, and the
 * request is repeated. Nothing in here causes a #VC.
 */
#define pr_fmt(fmt) "svsm-reset: " fmt

#include <linux/atomic.h>
#include <linux/err.h>
#include <linux/gfp.h>
#include <linux/irqflags.h>
#include <linux/lockdep.h>
#include <linux/mm.h>
#include <linux/set_memory.h>
#include <linux/string.h>
#include <asm/msr.h>
#include <asm/sev.h>
#include <asm/svm.h>

#include "lib/ghcb-parse.h"
#include "svsm-reset.h"
#include "svsm/svsm.h"

/* An NMI may come between WRMSR and VMGEXIT: that often in a row */
#define SVR_GHCB_TRIES	64

static struct ghcb *svr_ghcb;
static u64 svr_ghcb_pa;
static u64 svr_sev_features;
static bool svr_cannot_destroy;
static atomic_t svr_ghcb_busy;

/* Write the MSR, exit to the host, read the MSR: in one piece of assembler */
static __always_inline u64 svr_ghcb_exchange(u64 val)
{
	u32 lo = lower_32_bits(val), hi = upper_32_bits(val);

	asm volatile("wrmsr\n\t"
		     "rep; vmmcall\n\t"
		     "rdmsr"
		     : "+a" (lo), "+d" (hi)
		     : "c" (MSR_AMD64_SEV_ES_GHCB) : "memory", "cc");
	return (u64)hi << 32 | lo;
}

/*
 * An NMI after the VMGEXIT hides an answer, too, and the request is made once more
 * than it need be. That changes nothing: the page is registered already.
 */
static __always_inline int svr_ghcb_register(u64 pa)
{
	u64 request = GHCB_MSR_REG_GPA_REQ_VAL(pa >> PAGE_SHIFT);
	int err = -EAGAIN;
	unsigned int i;

	for (i = 0; i < SVR_GHCB_TRIES && err == -EAGAIN; i++)
		err = svr_ghcb_parse_register(svr_ghcb_exchange(request), pa);
	return err;
}

static void svr_ghcb_fill_destroy(u32 apic_id)
{
	memset(svr_ghcb, 0, sizeof(*svr_ghcb));
	svr_ghcb->protocol_version = 2;
	svr_ghcb->ghcb_usage = 0;
	ghcb_set_rax(svr_ghcb, svr_sev_features);
	ghcb_set_sw_exit_code(svr_ghcb, SVM_VMGEXIT_AP_CREATION);
	ghcb_set_sw_exit_info_1(svr_ghcb,
				svr_ghcb_pack_destroy(apic_id, snp_vmpl));
	ghcb_set_sw_exit_info_2(svr_ghcb, 0);
	/* Marked valid above as part of the request; the host answers in it */
	barrier();
}

/* From the first exchange to the last the kernel's page is not registered */
static noinline int svr_ghcb_request(u64 kernel, int *back)
{
	int err = svr_ghcb_register(svr_ghcb_pa);

	if (!err)
		svr_ghcb_exchange(svr_ghcb_pa);
	*back = svr_ghcb_register(kernel);
	return err;
}

/**
 * svr_host_destroy - have the host destroy a vCPU
 * @apic_id: APIC id of the vCPU, not this one
 *
 * Three VMGEXITs, and up to SVR_GHCB_TRIES of the first and the last if NMIs
 * get in their way. The word of the host is all there is: it may still run the
 * vCPU, or run it again later. An answer is read once, after the kernel's GHCB
 * has been registered again.
 *
 * Context: any, NMI included, interrupts off; one CPU at a time.
 *
 * Return: 0 when the host says that it has done so; -ENODEV when it cannot be
 * asked, -EBUSY when it is being asked already, -EIO when it refused,
 * -EPROTO when its answer makes no sense, -EAGAIN when no request got through.
 */
int svr_host_destroy(u32 apic_id)
{
	u64 msr, kernel, info1;
	int err, back;
	bool valid;

	lockdep_assert_irqs_disabled();
	if (!svr_ghcb || svr_cannot_destroy)
		return -ENODEV;
	if (atomic_xchg(&svr_ghcb_busy, 1))
		return -EBUSY;

	msr = svr_ghcb_msr_read();
	kernel = svr_ghcb_registered(msr);
	if (!kernel || !pfn_valid(PHYS_PFN(kernel))) {
		err = -ENODEV;
		goto out;
	}

	svr_ghcb_fill_destroy(apic_id);
	err = svr_ghcb_request(kernel, &back);
	svr_ghcb_msr_write(msr);

	if (back) {
		svr_log_mute();
		svr_log_err("the host does not take the kernel's GHCB back (%pe)\n",
			    ERR_PTR(back));
	}
	if (!err) {
		valid = ghcb_sw_exit_info_1_is_valid(svr_ghcb);
		info1 = READ_ONCE(svr_ghcb->save.sw_exit_info_1);
		err = svr_ghcb_parse_destroy(valid, info1);
	}
out:
	atomic_set(&svr_ghcb_busy, 0);
	return err;
}

/* Asked at load. A host that does not answer is asked to destroy nonetheless */
static void svr_ghcb_ask_features(void)
{
	unsigned long flags;
	u64 features = 0;
	int err = -EAGAIN;
	unsigned int i;
	u64 msr;

	local_irq_save(flags);
	msr = svr_ghcb_msr_read();
	for (i = 0; i < SVR_GHCB_TRIES && err; i++)
		err = svr_ghcb_parse_features(svr_ghcb_exchange(GHCB_MSR_HV_FT_REQ),
					      &features);
	svr_ghcb_msr_write(msr);
	local_irq_restore(flags);

	svr_cannot_destroy = !err && !(features & GHCB_HV_FT_SNP_AP_CREATION);
	if (svr_cannot_destroy)
		pr_info("the host cannot destroy a vCPU (features 0x%llx)\n",
			features);
}

/**
 * svr_ghcb_init - get ready to ask the host to destroy a vCPU
 *
 * Failure is logged; then svr_host_destroy() returns -ENODEV. Context: process, may sleep.
 */
void svr_ghcb_init(void)
{
	unsigned long page = __get_free_page(GFP_KERNEL | __GFP_ZERO);
	int err;

	if (!page) {
		pr_warn("no memory for a GHCB, no vCPU can be destroyed\n");
		return;
	}
	err = set_memory_decrypted(page, 1);
	if (err) {
		/* Nobody knows in what state the page is now: it is never freed */
		pr_warn("a page for a GHCB could not be shared with the host (%pe) and is lost, no vCPU can be destroyed\n",
			ERR_PTR(err));
		return;
	}
	svr_sev_features = __rdmsr(MSR_AMD64_SEV) >> 2;
	svr_ghcb_ask_features();
	svr_ghcb_pa = __pa(page);
	svr_ghcb = (struct ghcb *)page;
}

/**
 * svr_ghcb_exit - give the page back
 *
 * Context: process, may sleep; nothing calls svr_host_destroy().
 */
void svr_ghcb_exit(void)
{
	unsigned long page = (unsigned long)svr_ghcb;
	int err;

	if (!page)
		return;
	svr_ghcb = NULL;
	err = set_memory_encrypted(page, 1);
	if (err) {
		pr_warn("the GHCB's page could not be made private again (%pe) and is lost\n",
			ERR_PTR(err));
		return;
	}
	free_page(page);
}
