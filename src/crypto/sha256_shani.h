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

/* Four rounds; if there are more, the message words of 16 rounds later. */
INLINE void
four_rounds(struct regs *r, const uint32_t *k, const int i, const bool more)
{
	__m128i *m = r->m, wk = _mm_add_epi32(m[i], load(k + 4 * i));

	r->cdgh = _mm_sha256rnds2_epu32(r->cdgh, r->abef, wk);
	r->abef = _mm_sha256rnds2_epu32(r->abef, r->cdgh, _mm_shuffle_epi32(wk, 0x0e));
	if (more)
		m[i] = _mm_sha256msg2_epu32(
		    _mm_add_epi32(_mm_sha256msg1_epu32(m[i], m[(i + 1) & 3]),
			_mm_alignr_epi8(m[(i + 3) & 3], m[(i + 2) & 3], 4)), m[(i + 3) & 3]);
}

/* Rolled: where 13 KiB of code happened to lie made four lanes twice as slow. */
#define ALL_ROUNDS(STEP) \
	const uint32_t *k = crypto_sha256_k; \
	for (; k < crypto_sha256_k + 48; k += 16) { \
		STEP(0, true) STEP(1, true) STEP(2, true) STEP(3, true) \
	} \
	STEP(0, false) STEP(1, false) STEP(2, false) STEP(3, false)
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

#define STEP1(i, more) four_rounds(a, k, i, more);
	ALL_ROUNDS(STEP1)
	regs_add(a, a0, a1);
}

INLINE void
compress2(struct regs *a, struct regs *b)
{
	const __m128i a0 = a->abef, a1 = a->cdgh, b0 = b->abef, b1 = b->cdgh;

#define STEP2(i, more) four_rounds(a, k, i, more); four_rounds(b, k, i, more);
	ALL_ROUNDS(STEP2)
	regs_add(a, a0, a1);
	regs_add(b, b0, b1);
}

INLINE void
compress4(struct regs *a, struct regs *b, struct regs *c, struct regs *d)
{
	const __m128i a0 = a->abef, a1 = a->cdgh, b0 = b->abef, b1 = b->cdgh;
	const __m128i c0 = c->abef, c1 = c->cdgh, d0 = d->abef, d1 = d->cdgh;

#define STEP4(i, more) \
	four_rounds(a, k, i, more); four_rounds(b, k, i, more); \
	four_rounds(c, k, i, more); four_rounds(d, k, i, more);
	ALL_ROUNDS(STEP4)
	regs_add(a, a0, a1);
	regs_add(b, b0, b1);
	regs_add(c, c0, c1);
	regs_add(d, d0, d1);
}

#endif
#endif
