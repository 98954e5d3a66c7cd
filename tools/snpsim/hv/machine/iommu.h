/* SPDX-License-Identifier: GPL-2.0 */
/* What devices may reach. */
#ifndef SNPSIM_IOMMU_H
#define SNPSIM_IOMMU_H

#include "lib/types.h"

struct iommu_fault {
	u64 gpa;			/* of the page */
	u32 function;			/* PCI_FUNCTION() */
	bool write;
	bool kept_out;			/* by iommu_let() */
};

void iommu_init(void);
bool iommu_present(void);
void iommu_update(u64 gfn);
void iommu_sync(void);
void iommu_let(u32 function, bool let);
bool iommu_take_fault(struct iommu_fault *f);
void iommu_hide(u8 *tables, u32 len);

#endif
