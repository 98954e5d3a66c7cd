// SPDX-License-Identifier: GPL-2.0-only
/*
 * Record in an EFI variable. Firmware may keep it where the host can forge it; the driver
 * cannot tell.
 *
 * A runtime service is more than a write: the kernel tries two semaphores, takes the FPU
 * and switches page tables, and then firmware does what it likes, for as long as it likes;
 * a fault in firmware is an oops of the kernel. So the driver writes a variable only where
 * the administrator asks for it, after all other stores, and only where the kernel's part
 * of it cannot get stuck.
 */
#include <linux/cpumask.h>
#include <linux/efi.h>
#include <linux/errno.h>
#include <linux/irqflags.h>
#include <linux/percpu.h>
#include <linux/preempt.h>
#include <linux/smp.h>
#include <linux/string.h>
#include <asm/fpu/api.h>

#include "compat.h"
#include "record/record.h"
#include "reset/reset.h"
#include "svsm/svsm.h"

#define SVR_EFI_SERVICES						\
	(EFI_RT_SUPPORTED_GET_VARIABLE | EFI_RT_SUPPORTED_SET_VARIABLE)
#define SVR_EFI_ATTRIBUTES						\
	(EFI_VARIABLE_NON_VOLATILE | EFI_VARIABLE_BOOTSERVICE_ACCESS |	\
	 EFI_VARIABLE_RUNTIME_ACCESS)

static efi_char16_t svr_efi_name[] = L"SvsmReset";
/* 43efc36a-3c8e-4f4f-b089-f108373b0291 */
static efi_guid_t svr_efi_guid =
	EFI_GUID(0x43efc36a, 0x3c8e, 0x4f4f,
		 0xb0, 0x89, 0xf1, 0x08, 0x37, 0x3b, 0x02, 0x91);

/*
 * -EEXIST for a variable without the size and the attributes of a record: to
 * write it would be to replace what somebody else has put there.
 */
static int svr_efi_read(u8 *raw)
{
	unsigned long size = SVR_RECORD_FULL;
	efi_status_t status;
	u32 attributes;
	int err;

	err = efivar_lock();
	if (err)
		return err;
	status = efivar_get_variable(svr_efi_name, &svr_efi_guid, &attributes,
				     &size, raw);
	efivar_unlock();
	if (status == EFI_NOT_FOUND) {
		memset(raw, 0, SVR_RECORD_FULL);
		return 0;
	}
	if (status == EFI_BUFFER_TOO_SMALL)
		return -EEXIST;
	err = efi_status_to_err(status);
	if (err)
		return err;
	if (size != SVR_RECORD_FULL || attributes != SVR_EFI_ATTRIBUTES)
		return -EEXIST;
	return 0;
}

static int svr_efi_init(void)
{
	u8 raw[SVR_RECORD_FULL];

	if (!efivar_supports_writes() ||
	    !efi_rt_services_supported(SVR_EFI_SERVICES))
		return -EOPNOTSUPP;
	return svr_efi_read(raw);
}

/*
 * Even to try a semaphore takes its spinlock. A CPU that an interrupt stopped
 * does not hold that; a CPU that an NMI stopped, or that nothing stopped, may.
 */
static bool svr_efi_locks_are_free(void)
{
	int cpu, self = raw_smp_processor_id();

	for_each_cpu_or(cpu, svr_cpus_online(), svr_cpus_moving())
		if (cpu != self && !svr_cpu_holds_nothing(cpu))
			return false;
	return true;
}

/* At load: the owner of the lock is running, and gives it back */
static int svr_efi_write_at_load(const u8 *raw)
{
	efi_status_t status;
	int err = efivar_lock();

	if (err)
		return err;
	status = efivar_set_variable_locked(svr_efi_name, &svr_efi_guid,
					    SVR_EFI_ATTRIBUTES, SVR_RECORD_FULL,
					    (void *)raw, false);
	efivar_unlock();
	return efi_status_to_err(status);
}

static int svr_efi_write(const u8 *raw)
{
	efi_status_t status;
	int err;

	if (!irqs_disabled() && !in_nmi())
		return svr_efi_write_at_load(raw);
	/* In this order: in an NMI irq_fpu_usable() warns */
	if (in_nmi() || !irq_fpu_usable() || !svr_efi_locks_are_free())
		return -EBUSY;
	err = efivar_trylock();
	if (err)
		return err;
	status = efivar_set_variable_locked(svr_efi_name, &svr_efi_guid,
					    SVR_EFI_ATTRIBUTES, SVR_RECORD_FULL,
					    (void *)raw, true);
	efivar_unlock();
	return efi_status_to_err(status);
}

/* Record in an EFI variable */
const struct svr_store svr_store_efi = {
	.name = "efi",
	.size = SVR_RECORD_FULL,
	.trust = SVR_TRUST_HOST,
	.on_request = true,
	.init = svr_efi_init,
	.read = svr_efi_read,
	.write = svr_efi_write,
};

SVR_IMPORT_EFIVAR();
