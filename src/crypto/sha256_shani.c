/*
 * SHA-256 with the SHA extensions: whatever has a fixed size.
 *
 * One message alone waits for the latency of SHA256RNDS2; independent
 * messages side by side ("lanes") fill those waits.  Four are faster than two
 * or three although they spill (measured, Zen 5: 16.6 ns a block against 20.7
 * and 17.9; one lane takes 31).
 */
#include "crypto/sha256_shani.h"
#include "crypto/wide/sixteen.h"

#ifdef CRYPTO_SHA256_HAVE_SHANI

/* ---- one lane ---- */

INLINE void
regs_load(struct regs *r, const uint32_t state[static 8])
{
	__m128i cdab = _mm_shuffle_epi32(load(state), 0xb1);
	__m128i efgh = _mm_shuffle_epi32(load(state + 4), 0x1b);

	r->abef = _mm_alignr_epi8(cdab, efgh, 8);
	r->cdgh = _mm_blend_epi16(efgh, cdab, 0xf0);
}

SHANI static void
shani_blocks(uint32_t state[static 8], const void *bytes, size_t blocks)
{
	const unsigned char *p = bytes;
	__m128i abcd, efgh;
	struct regs a;

	regs_load(&a, state);
	for (; blocks > 0; blocks--, p += CRYPTO_BLOCK_BYTES) {
		regs_block(&a, p);
		compress1(&a);
	}
	regs_words(&a, &abcd, &efgh);
	store(state, abcd);
	store(state + 4, efgh);
}

/* The message words of a padding that begins where a digest ended. */
INLINE void
regs_pad_half(struct regs *r, int bits)
{
	r->m[2] = _mm_set_epi32(0, 0, 0, (int)0x80000000);
	r->m[3] = _mm_set_epi32(bits, 0, 0, 0);
}

SHANI static void
shani_hmac_block(const uint32_t inner[static 8], const uint32_t outer[static 8],
    const unsigned char block[static 64], unsigned char out[static 32])
{
	struct regs a, b;

	regs_load(&a, inner);
	regs_block(&a, block);
	compress1(&a);
	regs_load(&b, outer);
	regs_words(&a, &b.m[0], &b.m[1]);
	regs_pad_half(&b, (CRYPTO_BLOCK_BYTES + 32) * 8);
	compress1(&b);
	regs_digest(&b, out);
}

INLINE void
hmac_inner(struct regs *r, const struct crypto_hmac_short *in)
{
	regs_load(r, in->key.inner);
	regs_block(r, in->block);
}

/* The digest of the inner hash, padded, under the outer key. */
INLINE void
hmac_outer(struct regs *r, const struct crypto_hmac_short *in)
{
	__m128i abcd, efgh;

	regs_words(r, &abcd, &efgh);
	regs_load(r, in->key.outer);
	r->m[0] = abcd;
	r->m[1] = efgh;
	regs_pad_half(r, (CRYPTO_BLOCK_BYTES + 32) * 8);
}

SHANI static void
hmac_blocks2(const struct crypto_hmac_short *in, unsigned char (*out)[32])
{
	struct regs a, b;

	hmac_inner(&a, &in[0]);
	hmac_inner(&b, &in[1]);
	compress2(&a, &b);
	hmac_outer(&a, &in[0]);
	hmac_outer(&b, &in[1]);
	compress2(&a, &b);
	regs_digest(&a, out[0]);
	regs_digest(&b, out[1]);
}

/* One code for both hashes of an HMAC, so that it stays near. */
SHANI static __attribute__((noinline)) void
hmac_compress4(struct regs r[static 4])
{
	struct regs a = r[0], b = r[1], c = r[2], d = r[3];

	compress4(&a, &b, &c, &d);
	r[0] = a;
	r[1] = b;
	r[2] = c;
	r[3] = d;
}

SHANI static void
hmac_blocks4(const struct crypto_hmac_short *in, unsigned char (*out)[32])
{
	struct regs r[4];

	for (int lane = 0; lane < 4; lane++)
		hmac_inner(&r[lane], &in[lane]);
	hmac_compress4(r);
	for (int lane = 0; lane < 4; lane++)
		hmac_outer(&r[lane], &in[lane]);
	hmac_compress4(r);
	for (int lane = 0; lane < 4; lane++)
		regs_digest(&r[lane], out[lane]);
}

SHANI static void
shani_hmac_blocks(const struct crypto_hmac_short *in, size_t count, unsigned char (*out)[32])
{
	size_t i = 0;

	if (count == 4) {
		hmac_blocks4(in, out);
		return;
	}
	for (; i + 2 <= count; i += 2)
		hmac_blocks2(in + i, out + i);
	for (; i < count; i++)
		shani_hmac_block(in[i].key.inner, in[i].key.outer, in[i].block, out[i]);
}

/* ---- fixed sizes: pairs of digests, seeds ---- */

INLINE void
pair_first(struct regs *r, const unsigned char *p)
{
	const __m128i one = _mm_set_epi64x(0x01ll << 56, 0); /* its last byte is 0x01 */
	__m128i v0 = load(p), v1 = load(p + 16), v2 = load(p + 32), v3 = load(p + 48);

	regs_start(r);
	r->m[0] = swap(_mm_alignr_epi8(v0, one, 15));
	r->m[1] = swap(_mm_alignr_epi8(v1, v0, 15));
	r->m[2] = swap(_mm_alignr_epi8(v2, v1, 15));
	r->m[3] = swap(_mm_alignr_epi8(v3, v2, 15));
}

/* The byte that is left, and the padding of a message of 65 bytes. */
INLINE void
pair_second(struct regs *r, unsigned char last)
{
	r->m[0] = _mm_set_epi32(0, 0, 0, (int)((uint32_t)last << 24 | 0x800000));
	r->m[1] = _mm_setzero_si128();
	r->m[2] = _mm_setzero_si128();
	r->m[3] = _mm_set_epi32(65 * 8, 0, 0, 0);
}

SHANI static void
pairs4(const unsigned char (*in)[32], unsigned char (*out)[32])
{
	unsigned char last[4] = { in[1][31], in[3][31], in[5][31], in[7][31] };
	struct regs a, b, c, d;

	pair_first(&a, in[0]);
	pair_first(&b, in[2]);
	pair_first(&c, in[4]);
	pair_first(&d, in[6]);
	compress4(&a, &b, &c, &d);
	pair_second(&a, last[0]);
	pair_second(&b, last[1]);
	pair_second(&c, last[2]);
	pair_second(&d, last[3]);
	compress4(&a, &b, &c, &d);
	regs_digest(&a, out[0]);
	regs_digest(&b, out[1]);
	regs_digest(&c, out[2]);
	regs_digest(&d, out[3]);
}

SHANI static void
pairs1(const unsigned char (*in)[32], unsigned char *out)
{
	unsigned char last = in[1][31];
	struct regs a;

	pair_first(&a, in[0]);
	compress1(&a);
	pair_second(&a, last);
	compress1(&a);
	regs_digest(&a, out);
}

/* In place is fine: what is written was read in this turn or before. */
SHANI static void
shani_pairs(const unsigned char (*in)[32], size_t pairs, unsigned char (*out)[32])
{
	size_t i = 0;

	for (; i + 4 <= pairs; i += 4)
		pairs4(in + 2 * i, out + i);
	for (; i < pairs; i++)
		pairs1(in + 2 * i, out[i]);
}

INLINE void
seed_block(struct regs *r, __m128i prefix, const unsigned char *seed)
{
	regs_start(r);
	r->m[0] = prefix;
	r->m[1] = swap(load(seed));
	regs_pad_half(r, 32 * 8);
}

SHANI static void
shani_seeds(const unsigned char prefix[static 16], const unsigned char (*in)[16],
    size_t count, unsigned char (*out)[32])
{
	const __m128i first = swap(load(prefix));
	struct regs a, b, c, d;
	size_t i = 0;

	for (; i + 4 <= count; i += 4) {
		seed_block(&a, first, in[i]);
		seed_block(&b, first, in[i + 1]);
		seed_block(&c, first, in[i + 2]);
		seed_block(&d, first, in[i + 3]);
		compress4(&a, &b, &c, &d);
		regs_digest(&a, out[i]);
		regs_digest(&b, out[i + 1]);
		regs_digest(&c, out[i + 2]);
		regs_digest(&d, out[i + 3]);
	}
	for (; i < count; i++) {
		seed_block(&a, first, in[i]);
		compress1(&a);
		regs_digest(&a, out[i]);
	}
}

#define VARIANT \
	.blocks = shani_blocks, .hmac_block = shani_hmac_block, .hmac_blocks = shani_hmac_blocks

const struct crypto_sha256_impl crypto_sha256_shani = {
	.name = "sha-ni",
	VARIANT,
	.many = crypto_sha256_lanes,
	.pairs = shani_pairs,
	.seeds = shani_seeds,
};
const struct crypto_sha256_impl crypto_sha256_shani_wide = {
	.name = "sha-ni+avx512",
	VARIANT,
	.hmac_sixteen = crypto_hmac_sixteen,
	.many = crypto_wide_many,
	.pairs = crypto_wide_pairs,
	.seeds = crypto_wide_seeds,
};

#else
typedef int crypto_sha256_shani_is_for_x86_64; /* a unit must not be empty */
#endif
