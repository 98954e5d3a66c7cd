// SPDX-License-Identifier: GPL-2.0
/* Two pages of a launch that hardware fills in, and an SVSM changes: CPUID and secrets. */
#include "svsm.h"

#define LEAF_SEV		0x8000001f
#define EAX_SVSM_CAA		BIT(28)

#define SECRETS_VMPCK(n)	(0x20 + (n) * 32)
#define SECRETS_SVSM		0x140

/* What an SVSM adds to the secrets page (58019, table 2) */
struct svsm_secrets {
	u64 base, size, ca;
	u32 max_version;
	u8 guest_vmpl, reserved[3];
} __packed;

struct cpuid_entry {
	u32 leaf, subleaf;
	u64 xcr0, xss;
	u32 eax, ebx, ecx, edx;
	u64 reserved;
} __packed;

struct cpuid_table {
	u32 count, reserved0;
	u64 reserved1;
	struct cpuid_entry entry[64];
} __packed;

/* The keys of the VMPLs above the guest's stay here. What the page has otherwise is kept. */
void secrets_place(u64 pa, u64 ca)
{
	u8 *s = private(pa);
	struct svsm_secrets *f = (struct svsm_secrets *)(s + SECRETS_SVSM);

	if (!*(u32 *)s)
		memcpy(s, private(own.info.secrets), PAGE_SIZE);
	memset(s + SECRETS_VMPCK(0), 0, SECRETS_VMPCK(GUEST_VMPL) - SECRETS_VMPCK(0));
	*f = (struct svsm_secrets){
		.base = own.info.base, .size = own.info.size, .ca = ca,
		.max_version = VERSION_1, .guest_vmpl = GUEST_VMPL,
	};
}

void cpuid_place(u64 pa)
{
	struct cpuid_table *t = private(pa);

	memcpy(t, own.cpuid, PAGE_SIZE);
	for (u32 i = 0; i < t->count && i < ARRAY_SIZE(t->entry); i++)
		if (t->entry[i].leaf == LEAF_SEV)
			t->entry[i].eax |= EAX_SVSM_CAA;
}
