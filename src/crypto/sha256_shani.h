/*
 * crypto, inside: the SHA-256 block function with the SHA extensions of
 * x86-64, for one, two or four messages at once.
 */
#ifndef CRETULA_CRYPTO_SHA256_SHANI_H
#define CRETULA_CRYPTO_SHA256_SHANI_H

#include "crypto/sha256_impl.h"

#ifdef CRYPTO_SHA256_HAVE_SHANI

#include <immintrin.h>

void crypto_sha256_lanes(const struct crypto_message *m, size_t count,
    unsigned char (*out)[32]);

#define SHANI __attribute__((target("sha,sse4.1,ssse3")))
#define INLINE static inline __attribute__((always_inline)) SHANI

/* The hash state in the order the instructions want, and the message. */
struct regs {
	__m128i abef, cdgh;
	__m128i m[4];
};

INLINE __m128i
load(const void *p)
{
	return (_mm_loadu_si128((const __m128i *)p));
}

INLINE void
store(void *p, __m128i v)
{
	_mm_storeu_si128((__m128i *)p, v);
}

/* Reverse the bytes of each word. */
INLINE __m128i
swap(__m128i v)
{
	return (_mm_shuffle_epi8(v,
	    _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203)));
}

/* As words a, b, c, d and e, f, g, h. */
INLINE void
regs_words(const struct regs *r, __m128i *abcd, __m128i *efgh)
{
	__m128i feba = _mm_shuffle_epi32(r->abef, 0x1b);
	__m128i dchg = _mm_shuffle_epi32(r->cdgh, 0xb1);

	*abcd = _mm_blend_epi16(feba, dchg, 0xf0);
	*efgh = _mm_alignr_epi8(dchg, feba, 8);
}

/* crypto_sha256_start. */
INLINE void
regs_start(struct regs *r)
{
	r->abef = _mm_set_epi32(0x6a09e667, (int)0xbb67ae85, 0x510e527f, (int)0x9b05688c);
	r->cdgh = _mm_set_epi32(0x3c6ef372, (int)0xa54ff53a, 0x1f83d9ab, 0x5be0cd19);
}

INLINE void
regs_digest(const struct regs *r, unsigned char *out)
{
	__m128i abcd, efgh;

	regs_words(r, &abcd, &efgh);
	store(out, swap(abcd));
	store(out + 16, swap(efgh));
}

INLINE void
regs_block(struct regs *r, const unsigned char *p)
{
	r->m[0] = swap(load(p));
	r->m[1] = swap(load(p + 16));
	r->m[2] = swap(load(p + 32));
	r->m[3] = swap(load(p + 48));
}

/*
 * Four rounds with the constants at k, then the four message words of 16
 * rounds later, if they are wanted.  i: which of the four words of m is next.
 */
INLINE void
four_rounds(struct regs *r, const uint32_t *k, const int i, const bool more)
{
	__m128i *w0 = &r->m[i & 3], *w1 = &r->m[(i + 1) & 3];
	__m128i *w2 = &r->m[(i + 2) & 3], *w3 = &r->m[(i + 3) & 3];
	__m128i wk;

	wk = _mm_add_epi32(*w0, load(k + 4 * i));
	r->cdgh = _mm_sha256rnds2_epu32(r->cdgh, r->abef, wk);
	r->abef = _mm_sha256rnds2_epu32(r->abef, r->cdgh, _mm_shuffle_epi32(wk, 0x0e));
	if (more)
		*w0 = _mm_sha256msg2_epu32(_mm_add_epi32(_mm_sha256msg1_epu32(*w0, *w1),
		    _mm_alignr_epi8(*w3, *w2, 4)), *w3);
}

/*
 * Sixteen rounds a turn, the last without words to come.  Rolled: four lanes
 * of all 64 rounds are 13 KiB of code, more than what decodes ahead of need
 * holds; where they happened to lie made them twice as slow.
 */
#define ALL_ROUNDS(STEP) \
	do { \
		const uint32_t *k = crypto_sha256_k; \
		for (; k < crypto_sha256_k + 48; k += 16) { \
			STEP(0, true) STEP(1, true) STEP(2, true) STEP(3, true) \
		} \
		STEP(0, false) STEP(1, false) STEP(2, false) STEP(3, false) \
	} while (0)

INLINE void
regs_add(struct regs *r, __m128i abef, __m128i cdgh)
{
	r->abef = _mm_add_epi32(r->abef, abef);
	r->cdgh = _mm_add_epi32(r->cdgh, cdgh);
}

INLINE void
compress1(struct regs *a)
{
	const __m128i a0 = a->abef, a1 = a->cdgh;

#define STEP(i, more) four_rounds(a, k, i, more);
	ALL_ROUNDS(STEP);
#undef STEP
	regs_add(a, a0, a1);
}

INLINE void
compress2(struct regs *a, struct regs *b)
{
	const __m128i a0 = a->abef, a1 = a->cdgh, b0 = b->abef, b1 = b->cdgh;

#define STEP(i, more) four_rounds(a, k, i, more); four_rounds(b, k, i, more);
	ALL_ROUNDS(STEP);
#undef STEP
	regs_add(a, a0, a1);
	regs_add(b, b0, b1);
}

/*
 * Once in a unit, so that all who call it find it near.  Copies, because
 * pointers might name the same lane; the message words are not given back.
 */
SHANI static __attribute__((noinline)) void
compress4(struct regs lanes[static 4])
{
	struct regs a = lanes[0], b = lanes[1], c = lanes[2], d = lanes[3];

#define STEP(i, more) \
	four_rounds(&a, k, i, more); four_rounds(&b, k, i, more); \
	four_rounds(&c, k, i, more); four_rounds(&d, k, i, more);
	ALL_ROUNDS(STEP);
#undef STEP
	regs_add(&lanes[0], a.abef, a.cdgh);
	regs_add(&lanes[1], b.abef, b.cdgh);
	regs_add(&lanes[2], c.abef, c.cdgh);
	regs_add(&lanes[3], d.abef, d.cdgh);
}

#endif
#endif
