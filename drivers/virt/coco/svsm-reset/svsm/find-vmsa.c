// SPDX-License-Identifier: GPL-2.0-only
/*
 * Where the VMSA of each CPU is.
 *
 * Stock kernels do not export that: the per-CPU pointer sev_vmsa is static in
 * arch/x86/coco/sev/core.c. The kernel's own BTF says where that pointer is. The SVSM
 * deletes a vCPU by this address, if the administrator wants that (delete-vcpu.c); a
 * capture kernel is told the addresses either way, so that it can read the core. The driver
 * uses nothing before it has checked all of it against what is known from elsewhere:
 *
 * - this_cpu_off is exported: its address and its place in the BTF together
 *   give the start of the section, whatever that is in this kernel;
 * - svsm_caa is a neighbour of sev_vmsa: what is found there has to be the
 *   calling area that the SVSM's own MSR names, on each CPU;
 * - the pointers are NULL, or pages of the direct map that somebody has, each
 *   on its own.
 *
 * The driver does not look into a VMSA: the SVSM takes the page away from the guest
 * (COCONUT-SVSM revokes every access), and to touch it is fatal.
 */
#define pr_fmt(fmt) "svsm-reset: " fmt

#include <linux/cpu.h>
#include <linux/cpumask.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/percpu.h>
#include <linux/string.h>
#include <linux/vmalloc.h>

#include "crash/crash.h"
#include "lib/btf.h"
#include "svsm-reset.h"
#include "svsm/svsm.h"

#define SVR_BTF_PATH	"/sys/kernel/btf/vmlinux"
/* 6 MiB in 6.12 as Debian builds it */
#define SVR_BTF_MAX	(64 * 1024 * 1024)

/* Like the address of a per-CPU variable, 0 while not known for certain */
static unsigned long svr_sev_vmsa;

static unsigned long svr_percpu_ulong(unsigned long base, int cpu)
{
	return READ_ONCE(*(unsigned long *)(base + per_cpu_offset(cpu)));
}

/* A VMSA is page aligned in the direct map, and not the first page of 8 KiB */
static bool svr_vmsa_plausible(unsigned long va)
{
	return va >= PAGE_OFFSET && PAGE_ALIGNED(va) && (va & PAGE_SIZE) &&
	       virt_addr_valid((void *)va);
}

static int svr_check_cpu(int cpu, unsigned long vmsa, unsigned long caa)
{
	unsigned long va = svr_percpu_ulong(vmsa, cpu);
	unsigned long area = svr_percpu_ulong(caa, cpu);
	void *ca = per_cpu(svr_cpus, cpu).ca;
	int other;

	/*
	 * An offline CPU may never have told where its calling area is. That of CPU 0 may
	 * be in the kernel's image, which has another mapping (seen in 7.3).
	 */
	if (ca && (!virt_addr_valid((void *)area) || __pa(area) != __pa(ca)))
		return -ESTALE;
	/* Nobody had to start CPU 0, so it has none */
	if (!va)
		return cpu && cpu_online(cpu) ? -ENODATA : 0;
	if (!svr_vmsa_plausible(va) || !page_count(virt_to_page((void *)va)))
		return -EFAULT;
	for_each_possible_cpu(other)
		if (other != cpu && svr_percpu_ulong(vmsa, other) == va)
			return -ENOTUNIQ;
	return 0;
}

static int svr_check_anchor(unsigned long base)
{
	int cpu;

	for_each_possible_cpu(cpu)
		if (svr_percpu_ulong(base, cpu) != per_cpu_offset(cpu))
			return -ESTALE;
	return 0;
}

/* Gives the address of sev_vmsa if everything is as expected */
static int svr_vmsa_find(const void *btf, size_t len, unsigned long *where)
{
	unsigned long anchor = (__force unsigned long)&this_cpu_off;
	unsigned long start, vmsa, caa;
	u32 at_anchor, at_vmsa, at_caa;
	int cpu, err;

	err = svr_btf_percpu(btf, len, "this_cpu_off", sizeof(long), &at_anchor);
	if (!err)
		err = svr_btf_percpu(btf, len, "sev_vmsa", sizeof(void *),
				     &at_vmsa);
	if (!err)
		err = svr_btf_percpu(btf, len, "svsm_caa", sizeof(void *),
				     &at_caa);
	if (!err)
		err = svr_check_anchor(anchor);
	if (err)
		return err;

	start = anchor - at_anchor;
	vmsa = start + at_vmsa;
	caa = start + at_caa;
	cpus_read_lock();
	for_each_present_cpu(cpu) {
		err = svr_check_cpu(cpu, vmsa, caa);
		if (err)
			break;
	}
	cpus_read_unlock();
	*where = vmsa;
	return err;
}

/* As sysfs gives it, a page at a time */
static ssize_t svr_btf_fill(struct file *file, void *btf, size_t len)
{
	loff_t pos = 0;
	ssize_t got;

	while (pos < len) {
		got = kernel_read(file, btf + pos, len - pos, &pos);
		if (got <= 0)
			return got ?: -EIO;
	}
	return 0;
}

/*
 * Not kernel_read_file(): it wants to know what the file is for, and a security
 * module (IPE) has a warning for everything that it does not know.
 */
static void *svr_btf_read(size_t *len)
{
	struct file *file = filp_open(SVR_BTF_PATH, O_RDONLY, 0);
	void *btf = ERR_PTR(-EFBIG);
	loff_t size;
	int err;

	if (IS_ERR(file))
		return file;
	size = i_size_read(file_inode(file));
	if (size <= 0 || size > SVR_BTF_MAX)
		goto out;
	btf = vmalloc(size);
	if (!btf) {
		btf = ERR_PTR(-ENOMEM);
		goto out;
	}
	err = svr_btf_fill(file, btf, size);
	if (err) {
		vfree(btf);
		btf = ERR_PTR(err);
	}
	*len = size;
out:
	filp_close(file, NULL);
	return btf;
}

/**
 * svr_vmsa_init - find out where the kernel keeps the VMSAs, if that is wanted
 *
 * A failure is logged; then svr_vmsa_page() knows none. Context: process, may
 * sleep; after svr_cpus_init().
 */
void svr_vmsa_init(void)
{
	unsigned long where = 0;
	size_t len;
	void *btf;
	int err;

	if (!svr_delete_vcpu() && !svr_kdump_on())
		return;

	btf = svr_btf_read(&len);
	if (IS_ERR(btf)) {
		pr_warn("%s cannot be read (%pe): no VMSA is known\n",
			SVR_BTF_PATH, btf);
		return;
	}
	err = svr_vmsa_find(btf, len, &where);
	vfree(btf);
	if (err) {
		pr_warn("the VMSAs are not where they should be (%pe): none is known\n",
			ERR_PTR(err));
		return;
	}
	WRITE_ONCE(svr_sev_vmsa, where);
}

/**
 * svr_vmsa_exit - undo svr_vmsa_init()
 *
 * Context: process.
 */
void svr_vmsa_exit(void)
{
	WRITE_ONCE(svr_sev_vmsa, 0);
}

/**
 * svr_vmsa_page - physical address of a CPU's VMSA, for the capture kernel
 * @cpu: that CPU
 *
 * It is another one each time that the CPU comes online. Context: any, NMI
 * included.
 *
 * Return: the address; 0 if it is not known, as that of the BSP.
 */
u64 svr_vmsa_page(int cpu)
{
	unsigned long base = READ_ONCE(svr_sev_vmsa), va;

	if (!base)
		return 0;
	va = svr_percpu_ulong(base, cpu);
	return svr_vmsa_plausible(va) ? __pa(va) : 0;
}
