// SPDX-License-Identifier: GPL-2.0
/* GCM: counter mode, and a hash over GF(2^128). */
#include "psp/gcm.h"

#define POLYNOMIAL	0xe100000000000000UL	/* bit 0 of a block is the leftmost */
#define TAG_COUNTER	1			/* of the block that hides the tag */
#define FIRST_COUNTER	2

struct ghash {
	u64 key[2], sum[2];
};

static u64 get_be64(const u8 *p)
{
	u64 v = 0;

	for (u32 i = 0; i < 8; i++)
		v = v << 8 | p[i];
	return v;
}

static void put_be64(u8 *p, u64 v)
{
	for (u32 i = 0; i < 8; i++)
		p[i] = v >> (56 - 8 * i);
}

/* sum = (sum + block) * key */
static void ghash_block(struct ghash *g, u64 hi, u64 lo)
{
	u64 x[2] = { g->sum[0] ^ hi, g->sum[1] ^ lo }, v[2] = { g->key[0], g->key[1] };
	u64 z[2] = { 0, 0 };

	for (u32 i = 0; i < 128; i++) {
		u64 take = -(x[i / 64] >> (63 - i % 64) & 1), odd = -(v[1] & 1);

		z[0] ^= v[0] & take;
		z[1] ^= v[1] & take;
		v[1] = v[1] >> 1 | v[0] << 63;
		v[0] = v[0] >> 1 ^ (odd & POLYNOMIAL);
	}
	g->sum[0] = z[0];
	g->sum[1] = z[1];
}

/* The last block is filled up with zeros. */
static void ghash_bytes(struct ghash *g, const u8 *p, u64 len)
{
	while (len) {
		u8 block[AES_BLOCK] = { 0 };
		u64 n = len < AES_BLOCK ? len : AES_BLOCK;

		for (u64 i = 0; i < n; i++)
			block[i] = p[i];
		ghash_block(g, get_be64(block), get_be64(block + 8));
		p += n;
		len -= n;
	}
}

/* One block of the key stream. */
static void stream_block(const struct aes_key *k, const u8 *iv, u32 counter, u8 *out)
{
	u8 block[AES_BLOCK];

	for (u32 i = 0; i < GCM_IV_SIZE; i++)
		block[i] = iv[i];
	for (u32 i = 0; i < 4; i++)
		block[GCM_IV_SIZE + i] = counter >> (24 - 8 * i);
	aes_encrypt(k, block, out);
}

static void crypt(const struct aes_key *k, const struct gcm_text *t)
{
	u8 stream[AES_BLOCK];

	for (u64 i = 0; i < t->len; i++) {
		if (i % AES_BLOCK == 0)
			stream_block(k, t->iv, FIRST_COUNTER + i / AES_BLOCK, stream);
		t->data[i] ^= stream[i % AES_BLOCK];
	}
}

/* Make the tag of a text that is already encrypted. */
static void make_tag(const struct aes_key *k, const struct gcm_text *t, u8 *tag)
{
	u8 block[AES_BLOCK] = { 0 };
	struct ghash g = { 0 };

	aes_encrypt(k, block, block);
	g.key[0] = get_be64(block);
	g.key[1] = get_be64(block + 8);
	ghash_bytes(&g, t->aad, t->aad_len);
	ghash_bytes(&g, t->data, t->len);
	ghash_block(&g, t->aad_len * 8, t->len * 8);
	put_be64(tag, g.sum[0]);
	put_be64(tag + 8, g.sum[1]);
	stream_block(k, t->iv, TAG_COUNTER, block);
	for (u32 i = 0; i < GCM_TAG_SIZE; i++)
		tag[i] ^= block[i];
}

void gcm_encrypt(const u8 *key, const struct gcm_text *t, u8 *tag)
{
	struct aes_key k;

	aes_expand(&k, key);
	crypt(&k, t);
	make_tag(&k, t, tag);
}

/* Returns false, and decrypts nothing, if the tag is wrong. */
bool gcm_decrypt(const u8 *key, const struct gcm_text *t, const u8 *tag)
{
	u8 right[GCM_TAG_SIZE], differ = 0;
	struct aes_key k;

	aes_expand(&k, key);
	make_tag(&k, t, right);
	for (u32 i = 0; i < GCM_TAG_SIZE; i++)
		differ |= right[i] ^ tag[i];
	if (differ)
		return false;
	crypt(&k, t);
	return true;
}
