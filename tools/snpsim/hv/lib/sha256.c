// SPDX-License-Identifier: GPL-2.0
/* SHA-256 (FIPS 180-4) of a text in memory. */
#include "lib/lib.h"

#define BLOCK			64
#define LENGTH_AT		(BLOCK - 8)
#define ROUNDS			64

static const u32 round_constants[ROUNDS] = {
	0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5,
	0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
	0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3,
	0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
	0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc,
	0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
	0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7,
	0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
	0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13,
	0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
	0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3,
	0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
	0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5,
	0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
	0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208,
	0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static u32 ror(u32 x, int n)
{
	return x >> n | x << (32 - n);
}

static void expand(u32 *w, const u8 *block)
{
	for (int i = 0; i < 16; i++)
		w[i] = __builtin_bswap32(((const u32 *)block)[i]);
	for (int i = 16; i < ROUNDS; i++) {
		u32 s0 = ror(w[i - 15], 7) ^ ror(w[i - 15], 18) ^ w[i - 15] >> 3;
		u32 s1 = ror(w[i - 2], 17) ^ ror(w[i - 2], 19) ^ w[i - 2] >> 10;

		w[i] = w[i - 16] + s0 + w[i - 7] + s1;
	}
}

static void add_block(u32 *h, const u8 *block)
{
	u32 w[ROUNDS], a[8];

	expand(w, block);
	memcpy(a, h, sizeof(a));
	for (int i = 0; i < ROUNDS; i++) {
		u32 s1 = ror(a[4], 6) ^ ror(a[4], 11) ^ ror(a[4], 25);
		u32 choice = (a[4] & a[5]) ^ (~a[4] & a[6]);
		u32 t1 = a[7] + s1 + choice + round_constants[i] + w[i];
		u32 s0 = ror(a[0], 2) ^ ror(a[0], 13) ^ ror(a[0], 22);
		u32 t2 = s0 + ((a[0] & a[1]) ^ (a[0] & a[2]) ^ (a[1] & a[2]));

		for (int k = 7; k > 0; k--)
			a[k] = a[k - 1];
		a[4] += t1;
		a[0] = t1 + t2;
	}
	for (int i = 0; i < 8; i++)
		h[i] += a[i];
}

void sha256(const void *data, size_t len, u8 *hash)
{
	u32 h[8] = {
		0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
		0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
	};
	const u8 *p = data;
	u8 last[2 * BLOCK] = { 0 };
	size_t rest = len % BLOCK, end = rest < LENGTH_AT ? BLOCK : 2 * BLOCK;

	for (size_t i = 0; i + BLOCK <= len; i += BLOCK)
		add_block(h, p + i);
	memcpy(last, p + len - rest, rest);
	last[rest] = 0x80;
	*(u64 *)(last + end - 8) = __builtin_bswap64(len * 8);
	for (size_t i = 0; i < end; i += BLOCK)
		add_block(h, last + i);
	for (int i = 0; i < 8; i++)
		((u32 *)hash)[i] = __builtin_bswap32(h[i]);
}
