// SPDX-License-Identifier: GPL-2.0
/* Calls to the SVSM (AMD 58019), by either way of running VMPL 0. */
#include "report.h"
#include "snp.h"

#define SETUP_CC_BLOB		7
#define BP_SETUP_DATA		0x250
#define SECRETS_SVSM_BASE	0x140
#define SECRETS_SVSM_CAA	0x150
#define CC_BLOB_SECRETS		0x08
#define CC_BLOB_CPUID		0x18
#define CC_BLOB_MAGIC		0x45444d41

struct setup_data {
	u64 next;
	u32 type, len;
	u32 cc_blob;
} __packed;

static u64 secrets, cpuid_page;

static u64 secrets_field(unsigned int off)
{
	return *(u64 *)private(secrets + off);
}

/* Find the secrets page, and in it the calling area of the boot CPU. */
void svsm_init(void *boot_params)
{
	u64 next = *(u64 *)(boot_params + BP_SETUP_DATA);

	for (; next; next = ((struct setup_data *)next)->next) {
		struct setup_data *d = private(next);

		if (d->type != SETUP_CC_BLOB)
			continue;
		if (*(u32 *)private(d->cc_blob) != CC_BLOB_MAGIC)
			continue;
		secrets = *(u64 *)private(d->cc_blob + CC_BLOB_SECRETS);
		cpuid_page = *(u64 *)private(d->cc_blob + CC_BLOB_CPUID);
	}
	if (!secrets)
		ghcb_terminate(15, 3);
	this_cpu()->ca = svsm_boot_ca();
}

u64 svsm_base(void)
{
	return secrets_field(SECRETS_SVSM_BASE);
}

u64 svsm_boot_ca(void)
{
	return secrets_field(SECRETS_SVSM_CAA);
}

u64 svsm_secrets(void)
{
	return secrets;
}

u64 svsm_cpuid_page(void)
{
	return cpuid_page;
}

static void run_vmpl0(struct svsm_args *a)
{
	register u64 r8 asm("r8") = a->r8;
	register u64 r9 asm("r9") = a->r9;

	asm volatile("rep; vmmcall"
		     : "+a"(a->rax), "+c"(a->rcx), "+d"(a->rdx), "+r"(r8), "+r"(r9)
		     :
		     : "memory");
	a->r8 = r8;
	a->r9 = r9;
}

/* Make one call exactly as given, without a retry. */
void svsm_exchange(struct svsm_args *a, unsigned int flags)
{
	u8 *pending = private(this_cpu()->ca);
	u64 old = rdmsr(MSR_GHCB);
	struct ghcb_call c = { .code = GHCB_RUN_VMPL };

	store(pending, !(flags & SVSM_NOT_PENDING));
	if (flags & SVSM_BY_GHCB) {
		/* The call's arguments are in the CPU's registers, not in the page. */
		ghcb_prepare(&c);
		run_vmpl0(a);
		a->response = ghcb_answer();
	} else {
		wrmsr(MSR_GHCB, GHCB_MSR_RUN_VMPL);
		run_vmpl0(a);
		a->response = rdmsr(MSR_GHCB);
	}
	wrmsr(MSR_GHCB, old);
	a->pending = load(pending);
	store(pending, 0);
}

/* Make a call that the SVSM must answer. Returns the result code. */
u64 svsm_call(u32 proto, u32 call, u64 rcx, u64 rdx, u64 r8)
{
	struct svsm_args a = { .rax = SVSM_CALL(proto, call), .rcx = rcx, .rdx = rdx, .r8 = r8 };

	svsm_exchange(&a, 0);
	if (a.response != GHCB_MSR_RUN_VMPL_RESP || a.pending) {
		expect(false, "call %u.%u was not answered: response %lx, pending %u",
		       proto, call, a.response, a.pending);
		return ~0UL;
	}
	return a.rax;
}

/*
 * Returns the versions as max << 32 | min, 0 if there is no such protocol, all ones if the
 * call failed
 */
u64 svsm_query(u32 proto, u32 version)
{
	struct svsm_args a = {
		.rax = SVSM_CALL(PROTO_CORE, CORE_QUERY_PROTOCOL),
		.rcx = (u64)proto << 32 | version,
	};

	svsm_exchange(&a, 0);
	return a.rax ? ~0UL : a.rcx;
}

/* SVSM_REBOOT_EXECUTE. Returns only if the SVSM refused it. */
u64 svsm_reboot(void)
{
	return svsm_call(PROTO_REBOOT, 0, 0, 0, 0);
}

struct pvalidate_list *svsm_list(void)
{
	struct pvalidate_list *l = private(this_cpu()->ca + 8);

	memset(l, 0, PAGE_SIZE - 8);
	return l;
}

u64 svsm_list_call(void)
{
	return svsm_call(PROTO_CORE, CORE_PVALIDATE, this_cpu()->ca + 8, 0, 0);
}

u64 svsm_pvalidate(u64 pa, u64 flags)
{
	struct pvalidate_list *l = private(this_cpu()->ca + 8);

	l->num = 1;
	l->next = 0;
	l->reserved = 0;
	l->entry[0] = pa | flags;
	return svsm_list_call();
}
