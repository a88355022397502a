/* SHA-256 in plain C (FIPS 180-4): for every processor, one lane. */
#include "crypto/sha256_impl.h"

const uint32_t crypto_sha256_start[8] = {
	0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
	0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
};

_Alignas(64) const uint32_t crypto_sha256_k[64] = {
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

static inline uint32_t
get_be32(const unsigned char *p)
{
	return ((uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3]);
}

static inline uint32_t
rotate(uint32_t x, unsigned n)
{
	return (x >> n | x << (32 - n));
}

/* Word i; in its place goes word i + 16. */
static inline uint32_t
word(uint32_t w[static 16], unsigned i)
{
	uint32_t now = w[i & 15], w1 = w[(i + 1) & 15], w14 = w[(i + 14) & 15];

	w[i & 15] += (rotate(w1, 7) ^ rotate(w1, 18) ^ w1 >> 3) + w[(i + 9) & 15] +
	    (rotate(w14, 17) ^ rotate(w14, 19) ^ w14 >> 10);
	return (now);
}

static inline uint32_t
big_sigma0(uint32_t a)
{
	return (rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22));
}

static inline uint32_t
big_sigma1(uint32_t e)
{
	return (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25));
}

/* One round.  The caller renames the variables instead of moving them. */
#define ROUND(a, b, c, d, e, f, g, h, i, w) do { \
	uint32_t t = (h) + big_sigma1(e) + ((g) ^ ((e) & ((f) ^ (g)))) + \
	    crypto_sha256_k[i] + (w); \
	(d) += t; \
	(h) = t + big_sigma0(a) + (((a) & (b)) | ((c) & ((a) | (b)))); \
} while (0)

static void
compress(uint32_t state[static 8], const unsigned char *p)
{
	uint32_t a = state[0], b = state[1], c = state[2], d = state[3];
	uint32_t e = state[4], f = state[5], g = state[6], h = state[7];
	uint32_t w[16];

	for (size_t i = 0; i < 16; i++)
		w[i] = get_be32(p + 4 * i);
	for (unsigned i = 0; i < 64; i += 8) {
		ROUND(a, b, c, d, e, f, g, h, i, word(w, i));
		ROUND(h, a, b, c, d, e, f, g, i + 1, word(w, i + 1));
		ROUND(g, h, a, b, c, d, e, f, i + 2, word(w, i + 2));
		ROUND(f, g, h, a, b, c, d, e, i + 3, word(w, i + 3));
		ROUND(e, f, g, h, a, b, c, d, i + 4, word(w, i + 4));
		ROUND(d, e, f, g, h, a, b, c, i + 5, word(w, i + 5));
		ROUND(c, d, e, f, g, h, a, b, i + 6, word(w, i + 6));
		ROUND(b, c, d, e, f, g, h, a, i + 7, word(w, i + 7));
	}
	state[0] += a;
	state[1] += b;
	state[2] += c;
	state[3] += d;
	state[4] += e;
	state[5] += f;
	state[6] += g;
	state[7] += h;
}

static void
portable_blocks(uint32_t state[static 8], const void *bytes, size_t blocks)
{
	const unsigned char *p = bytes;

	for (; blocks > 0; blocks--, p += CRYPTO_BLOCK_BYTES)
		compress(state, p);
}

static void
digest(const uint32_t state[static 8], unsigned char *out)
{
	for (size_t i = 0; i < 8; i++)
		crypto_put_be32(out + 4 * i, state[i]);
}

static void
portable_hmac_block(const uint32_t inner[static 8], const uint32_t outer[static 8],
    const unsigned char block[static 64], unsigned char out[static 32])
{
	unsigned char last[CRYPTO_BLOCK_BYTES] = { [32] = 0x80 };
	uint32_t state[8];

	memcpy(state, inner, sizeof(state));
	compress(state, block);
	digest(state, last);
	crypto_put_be64(last + 56, (CRYPTO_BLOCK_BYTES + 32) * 8);
	memcpy(state, outer, sizeof(state));
	compress(state, last);
	digest(state, out);
}

static void
portable_hmac_blocks(const struct crypto_hmac_short *in, size_t count, unsigned char (*out)[32])
{
	for (size_t i = 0; i < count; i++)
		portable_hmac_block(in[i].key.inner, in[i].key.outer, in[i].block, out[i]);
}

static void
portable_many(const struct crypto_message *m, size_t count, unsigned char (*out)[32])
{
	struct crypto_sha256 h;

	for (size_t i = 0; i < count; i++) {
		crypto_sha256_init(&h);
		crypto_sha256_add(&h, m[i].head, m[i].head_len);
		crypto_sha256_add(&h, m[i].body.ptr, m[i].body.len);
		crypto_sha256_end(&h, out[i]);
	}
}

static void
portable_pairs(const unsigned char (*in)[32], size_t pairs, unsigned char (*out)[32])
{
	unsigned char block[2 * CRYPTO_BLOCK_BYTES] = { [0] = 1, [65] = 0x80 };
	uint32_t state[8];

	crypto_put_be64(block + 120, 65 * 8);
	for (size_t i = 0; i < pairs; i++) {
		memcpy(block + 1, in[2 * i], 64);
		memcpy(state, crypto_sha256_start, sizeof(state));
		portable_blocks(state, block, 2);
		digest(state, out[i]);
	}
}

static void
portable_seeds(const unsigned char prefix[static 16], const unsigned char (*in)[16],
    size_t count, unsigned char (*out)[32])
{
	unsigned char block[CRYPTO_BLOCK_BYTES] = { [32] = 0x80 };
	uint32_t state[8];

	memcpy(block, prefix, 16);
	crypto_put_be64(block + 56, 32 * 8);
	for (size_t i = 0; i < count; i++) {
		memcpy(block + 16, in[i], 16);
		memcpy(state, crypto_sha256_start, sizeof(state));
		compress(state, block);
		digest(state, out[i]);
	}
	explicit_bzero(block, sizeof(block)); /* the last seed */
}

const struct crypto_sha256_impl crypto_sha256_portable = {
	.name = "portable",
	.blocks = portable_blocks,
	.hmac_block = portable_hmac_block,
	.hmac_blocks = portable_hmac_blocks,
	.many = portable_many,
	.pairs = portable_pairs,
	.seeds = portable_seeds,
};
