// SPDX-License-Identifier: GPL-2.0-only
/*
 * Have the SVSM delete a vCPU, by the address of its VMSA.
 *
 * AMD 58019, "SVSM_CORE_DELETE_VCPU". Stock kernels do not export where the
 * VMSA of a CPU is: the per-CPU pointer sev_vmsa is static in
 * arch/x86/coco/sev/core.c. The kernel's own BTF says where it keeps that.
 * Leaning on it for a deletion is a choice (delete_vcpu); a capture kernel is
 * told the addresses either way, for the sake of a core that can be read (kdump).
 * Nothing is used before all of
 * it has been checked against what is known from elsewhere:
 *
 * - this_cpu_off is exported: its address and its place in the BTF together
 *   give the start of the section, whatever that is in this kernel;
 * - svsm_caa is a neighbour of sev_vmsa: what is found there has to be the
 *   calling area that the SVSM's own MSR names, on each CPU;
 * - the pointers are NULL, or pages of the direct map that somebody has, each
 *   on its own.
 *
 * What is in a VMSA is not looked at: the SVSM takes the page away from the
 * guest (COCONUT-SVSM revokes every access), and to touch it is fatal.
 */
#define pr_fmt(fmt) "svsm-reset: " fmt

#include <linux/cpu.h>
#include <linux/cpumask.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/moduleparam.h>
#include <linux/percpu.h>
#include <linux/string.h>
#include <linux/svsm-reboot.h>
#include <linux/sysfs.h>
#include <linux/vmalloc.h>

#include "crash/crash.h"
#include "lib/btf.h"
#include "reset/wait.h"
#include "svsm-reset.h"
#include "svsm/svsm.h"

/* From the moment that a CPU says it has parked until it has executed HLT */
#define SVR_HALT_US	20000
#define SVR_BTF_PATH	"/sys/kernel/btf/vmlinux"
/* 6 MiB in 6.12 as Debian builds it */
#define SVR_BTF_MAX	(64 * 1024 * 1024)

static bool svr_delete_vcpu;
/* Like the address of a per-CPU variable, 0 while not known for certain */
static unsigned long svr_sev_vmsa;

static int svr_param_delete_set(const char *val, const struct kernel_param *kp)
{
	static const char * const values[] = { "0", "1" };
	/* A flag: without a value it means yes */
	int yes = val ? sysfs_match_string(values, val) : 1;

	if (yes < 0) {
		pr_err("delete_vcpu: allowed values are 0, 1\n");
		return -EINVAL;
	}
	svr_delete_vcpu = yes;
	return 0;
}

static int svr_param_delete_get(char *buf, const struct kernel_param *kp)
{
	return sysfs_emit(buf, "%d\n", svr_delete_vcpu);
}

static const struct kernel_param_ops svr_param_delete_ops = {
	.flags = KERNEL_PARAM_OPS_FL_NOARG,
	.set = svr_param_delete_set,
	.get = svr_param_delete_get,
};
module_param_cb(delete_vcpu, &svr_param_delete_ops, NULL, 0444);
MODULE_PARM_DESC(delete_vcpu, "have the SVSM delete the other vCPUs, by what the kernel's BTF says (default 0)");

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
	 * Offline CPUs may never have told which is theirs. That of CPU 0 may be in
	 * the kernel's image, which has another mapping (seen in 7.3).
	 */
	if (ca && (!virt_addr_valid((void *)area) || __pa(area) != __pa(ca)))
		return -ESTALE;
	/* CPU 0 is the one that nobody had to start */
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
 * svr_vmsa_init - find out where the kernel notes the VMSAs, if that is wanted
 *
 * Says so in one line if it fails; then svr_vmsa_pa() knows none. Context:
 * process, may sleep; after svr_cpus_init().
 */
void svr_vmsa_init(void)
{
	unsigned long where = 0;
	size_t len;
	void *btf;
	int err;

	if (!svr_delete_vcpu && !svr_kdump_on())
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
 * svr_vmsa_exit - forget it
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
 * Another one each time that the CPU comes online. Context: any, NMI included.
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

/**
 * svr_vmsa_pa - physical address of a CPU's VMSA, for the SVSM to delete it
 * @cpu: that CPU
 *
 * Context: any, NMI included.
 *
 * Return: as svr_vmsa_page(); 0 if the administrator does not want that.
 */
u64 svr_vmsa_pa(int cpu)
{
	return svr_delete_vcpu ? svr_vmsa_page(cpu) : 0;
}

/**
 * svr_svsm_delete_wanted - may the SVSM be asked to delete vCPUs?
 *
 * Context: any.
 *
 * Return: the administrator's choice.
 */
bool svr_svsm_delete_wanted(void)
{
	return svr_delete_vcpu;
}

/**
 * svr_svsm_delete - have the SVSM delete a vCPU
 * @vmsa_pa: physical address of its VMSA, see svr_vmsa_pa()
 *
 * Only for a vCPU that cannot be running: COCONUT-SVSM waits without a bound
 * until the VMSA is not in use. Repeats the call, within bounds, while it is
 * INCOMPLETE or BUSY, and for SVR_HALT_US while the VMSA is in use: a CPU parks
 * some instructions before it halts. AMD 58019, "SVSM_CORE_DELETE_VCPU".
 *
 * Context: any, NMI included, interrupts off, this CPU has a calling area.
 *
 * Return: 0 when it is gone for good; -EREMOTEIO when the SVSM refused, or as
 * svr_transport_call().
 */
int svr_svsm_delete(u64 vmsa_pa)
{
	struct svr_call call = svr_pack_delete(vmsa_pa), answer;
	struct svr_wait wait = svr_wait_begin(SVR_HALT_US);
	int err;

	do {
		err = svr_transport_repeat(this_cpu_read(svr_cpus.ca), &call,
					   &answer, SVR_BUSY_PAUSE_US);
		if (err)
			return err;
	} while (answer.rax == SVSM_RESULT_CORE_VCPU_IN_USE &&
		 svr_wait_on(&wait));
	return svr_parse_result(answer.rax) == SVR_VERDICT_SUCCESS ?
		0 : -EREMOTEIO;
}
