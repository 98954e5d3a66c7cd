/* SPDX-License-Identifier: GPL-2.0-only */
/* What the host answers to requests about a GHCB: pure functions */
#ifndef _SVSM_RESET_GHCB_PARSE_H
#define _SVSM_RESET_GHCB_PARSE_H

#include <linux/types.h>

/* SNP AP Creation, SW_EXITINFO1 bits 15:0; the kernel has no name for it */
#define SVR_AP_DESTROY	2

u64 svr_ghcb_registered(u64 msr);
int svr_ghcb_parse_register(u64 msr, u64 pa);
int svr_ghcb_parse_features(u64 msr, u64 *features);
u64 svr_ghcb_pack_destroy(u32 apic_id, unsigned int vmpl);
int svr_ghcb_parse_destroy(bool valid, u64 info1);

#endif /* _SVSM_RESET_GHCB_PARSE_H */
