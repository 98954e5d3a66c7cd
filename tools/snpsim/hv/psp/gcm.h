/* SPDX-License-Identifier: GPL-2.0 */
/*
 * AES-256-GCM (NIST SP 800-38D) with 96-bit IVs and 128-bit tags. Small and slow. Its only
 * secrets are those of a simulated guest, so it does nothing against side channels. The
 * self-test guest uses this code as well, and checks it.
 */
#ifndef SNPSIM_GCM_H
#define SNPSIM_GCM_H

#include "lib/types.h"

#define AES_BLOCK		16
#define AES_KEY_SIZE		32
#define AES_ROUNDS		14
#define GCM_IV_SIZE		12
#define GCM_TAG_SIZE		16

struct aes_key {
	u8 round[AES_ROUNDS + 1][AES_BLOCK];
};

/* What is encrypted, and what is only authenticated. */
struct gcm_text {
	u8 iv[GCM_IV_SIZE];
	const u8 *aad;
	u64 aad_len;
	u8 *data;			/* encrypted or decrypted in place */
	u64 len;
};

/* aes.c */
void aes_expand(struct aes_key *k, const u8 *key);
void aes_encrypt(const struct aes_key *k, const u8 *in, u8 *out);
/* gcm.c */
void gcm_encrypt(const u8 *key, const struct gcm_text *t, u8 *tag);
bool gcm_decrypt(const u8 *key, const struct gcm_text *t, const u8 *tag);

#endif
