/* SPDX-License-Identifier: GPL-2.0-only */
/* Who is asked about the guest: the SVSM, the host, the kernel's own data */
#ifndef _SVSM_RESET_SVSM_H
#define _SVSM_RESET_SVSM_H

#include <linux/compiler.h>
#include <linux/cpumask.h>
#include <linux/types.h>
#include <linux/wordpart.h>
#include <asm/msr-index.h>

#include "lib/protocol.h"

struct snp_secrets_page;
struct svsm_ca;

/* probe.c: is there an SVSM, and does it have the service? */
int svr_probe_platform(void);
int svr_probe_service(void);
void svr_supported_versions(u32 *lowest, u32 *highest);
typedef int (*svr_asker_t)(const struct svr_call *call, struct svr_call *answer);
int svr_ask_here(const struct svr_call *call, struct svr_call *answer);
int svr_probe_versions_again(svr_asker_t ask);
int svr_probe_service_again(char *why, size_t size);

/* cpus.c: calling areas, and CPUs that come and go */
int svr_cpus_init(void);
void svr_cpus_seal(void);
void svr_cpus_exit(void);
int svr_bsp_cpu(void);
const struct cpumask *svr_cpus_online(void);
const struct cpumask *svr_cpus_moving(void);

/**
 * struct svr_result - the result of a call that came back
 * @err: negative errno when nobody answered, else 0
 * @rax: the SVSM's result code when @err is 0
 */
struct svr_result {
	int err;
	u64 rax;
};

/* The MSR by which both are asked; without tracepoints, which could be in the way */
static __always_inline u64 svr_ghcb_msr_read(void)
{
	u32 lo, hi;

	asm volatile("rdmsr" : "=a" (lo), "=d" (hi)
		     : "c" (MSR_AMD64_SEV_ES_GHCB) : "memory");
	return (u64)hi << 32 | lo;
}

static __always_inline void svr_ghcb_msr_write(u64 val)
{
	asm volatile("wrmsr" : : "c" (MSR_AMD64_SEV_ES_GHCB),
		     "a" (lower_32_bits(val)), "d" (upper_32_bits(val))
		     : "memory");
}

/* transport.c: calls */
int svr_transport_call(struct svsm_ca *ca, const struct svr_call *call,
		       struct svr_call *answer);
int svr_transport_repeat(struct svsm_ca *ca, const struct svr_call *call,
			 struct svr_call *answer, unsigned int pause);
void svr_transport_execute(struct svsm_ca *ca, struct svr_result *result);

/* secrets-page.c */
void svr_secrets_init(void);
void svr_secrets_exit(void);
struct snp_secrets_page *svr_secrets(void);
u64 svr_secrets_caa(void);

/* host-destroy.c: ask the host */
void svr_ghcb_init(void);
void svr_ghcb_exit(void);
int svr_host_destroy(u32 apic_id);

/* find-vmsa.c: where the kernel has the VMSAs, by its BTF */
void svr_vmsa_init(void);
void svr_vmsa_exit(void);
u64 svr_vmsa_page(int cpu);

/* delete-vcpu.c: ask the SVSM */
u64 svr_vmsa_to_delete(int cpu);
int svr_svsm_delete(u64 vmsa_pa);

#endif /* _SVSM_RESET_SVSM_H */
