/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The SVSM at VMPL 0 (AMD 58019 and the draft reboot protocol). The host enters it through
 * svsm_run(), so another SVSM could replace this folder.
 */
#ifndef SNPSIM_SVSM_H
#define SNPSIM_SVSM_H

#include "machine/vcpu.h"

#define SVSM_SUCCESS			0UL
#define SVSM_ERR_INCOMPLETE		0x80000000UL
#define SVSM_ERR_UNSUPPORTED_PROTOCOL	0x80000001UL
#define SVSM_ERR_UNSUPPORTED_CALL	0x80000002UL
#define SVSM_ERR_INVALID_ADDRESS	0x80000003UL
#define SVSM_ERR_INVALID_PARAMETER	0x80000005UL
#define SVSM_ERR_INVALID_REQUEST	0x80000006UL
#define SVSM_ERR_BUSY			0x80000007UL
/* PVALIDATE's own codes follow 0x80001000; 0x10 is "nothing changed". */
#define SVSM_ERR_PVALIDATE_SIZE_MISMATCH	0x80001006UL
#define SVSM_ERR_PVALIDATE_NO_CHANGE	0x80001010UL
/* DELETE_VCPU of a VMSA that executes: AMD's linux-svsm returns this. */
#define SVSM_ERR_VCPU_IN_USE		0x80001003UL

#define SVSM_PROTO_CORE			0
#define SVSM_PROTO_ATTEST		1
#define SVSM_RAX_PVALIDATE		1UL	/* core protocol, call 1 */

/* Calling area: byte 0 call_pending, byte 1 mem_available. */
#define CA_CALL_PENDING			0
#define CA_MEM_AVAILABLE		1

struct svsm_call {
	struct vcpu *v;
	struct context *guest;
	u8 *ca;
	u32 protocol, call;
};

/* Callbacks at EXECUTE, registered by a folder above the SVSM. */
struct svsm_watcher {
	void (*frozen)(struct vcpu *caller);	/* the others are frozen, nothing is gone yet */
	void (*event_left)(void);		/* adds keys to the event, also of a refused call */
};

/* svsm.c */
bool svsm_run(struct vcpu *v);
bool svsm_call_is_pending(struct vcpu *v);
bool svsm_call_is_execute(struct vcpu *v);
void svsm_init_launch(struct vcpu *boot, u64 ca);
void *svsm_private_ptr(u64 gpa, u64 len);

/* core.c */
u64 core_call(struct svsm_call *c);
/* pvalidate.c */
u64 core_pvalidate(struct svsm_call *c);
/* vmsa.c: the register of VMSAs */
u64 core_create_vcpu(struct svsm_call *c);
u64 core_delete_vcpu(struct svsm_call *c);
bool vmsa_registered(u64 vmsa, u32 apic_id, u64 *ca);
bool vmsa_uses_page(u64 gpa);
void vmsa_remap_ca(u64 vmsa, u64 ca);
u64 vmsa_drop_all(void);
void vmsa_event_list(void);
/* mem.c: memory that the guest lends */
u64 core_deposit_mem(struct svsm_call *c);
u64 core_withdraw_mem(struct svsm_call *c);
void mem_return_all(void);
/* attest.c */
u64 attest_call(struct svsm_call *c);
/* reboot.c */
void svsm_watch(const struct svsm_watcher *w);
u64 reboot_call(struct svsm_call *c);
/* left.c */
void event_left(const struct vcpu *v, const struct svsm_watcher *watcher, bool alone);
/* ocp.c: what answers on protocol 5 of another SVSM */
u64 ocp_call(struct svsm_call *c);
/* fuzz.c: answers drawn from a seed */
u64 svsm_fuzz(struct svsm_call *c, u64 (*right)(struct svsm_call *c));
/* variant.c: which SVSM is this? */
bool svsm_has_protocol(u32 protocol);
bool svsm_has_reboot(void);
bool svsm_is_reboot_protocol(u32 protocol);
bool svsm_take_foreign(struct vcpu *v);
void svsm_begin_anew(void);
u64 svsm_execute_result(void);
bool svsm_finds_in_use(void);

#endif
