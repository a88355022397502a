/*
 * crypto, inside: the SHA-256 block function with AVX-512, for sixteen
 * messages at once, a message a lane.
 *
 * A block takes half of what it takes with the SHA extensions, if all lanes
 * have work.
 */
#ifndef CRETULA_CRYPTO_WIDE_LANES_H
#define CRETULA_CRYPTO_WIDE_LANES_H

#include "crypto/sha256_impl.h"

#ifdef CRYPTO_SHA256_HAVE_SHANI

#include <immintrin.h>

#define WIDE __attribute__((target("avx512f,avx512bw")))
#define WIDE_INLINE WIDE static inline __attribute__((always_inline))
#define LANES 16
#define LANES_ALL ((__mmask16)0xffff)

/* Word i of all lanes is state[i] and message[i]; lanes that are not in work keep their state. */
WIDE void crypto_wide_block(
    __m512i state[static 8], const __m512i message[static 16], __mmask16 work);

/* Of secrets: what the work left on the stack, which was where the frame of this is. */
void crypto_wide_wipe(void);

/* v[i] are sixteen words of lane i; then they are word i of the sixteen lanes. */
WIDE_INLINE void
lanes_transpose(__m512i v[static LANES])
{
	__m512i t[LANES];

	for (int i = 0; i < LANES; i += 2) {
		t[i] = _mm512_unpacklo_epi32(v[i], v[i + 1]);
		t[i + 1] = _mm512_unpackhi_epi32(v[i], v[i + 1]);
	}
	for (int i = 0; i < LANES; i += 4) {
		v[i] = _mm512_unpacklo_epi64(t[i], t[i + 2]);
		v[i + 1] = _mm512_unpackhi_epi64(t[i], t[i + 2]);
		v[i + 2] = _mm512_unpacklo_epi64(t[i + 1], t[i + 3]);
		v[i + 3] = _mm512_unpackhi_epi64(t[i + 1], t[i + 3]);
	}
	for (int half = 0; half < LANES; half += 8)
		for (int i = 0; i < 4; i++) {
			t[half + i] = _mm512_shuffle_i32x4(v[half + i], v[half + i + 4], 0x88);
			t[half + i + 4] = _mm512_shuffle_i32x4(v[half + i], v[half + i + 4], 0xdd);
		}
	for (int i = 0; i < 8; i++) {
		v[i] = _mm512_shuffle_i32x4(t[i], t[i + 8], 0x88);
		v[i + 8] = _mm512_shuffle_i32x4(t[i], t[i + 8], 0xdd);
	}
}

WIDE_INLINE __m512i
lanes_swap(__m512i words)
{
	const __m512i order = _mm512_set4_epi32(0x0c0d0e0f, 0x08090a0b, 0x04050607, 0x00010203);

	return (_mm512_shuffle_epi8(words, order));
}

/* The start of a hash in each lane. */
WIDE_INLINE void
lanes_start(__m512i state[static 8])
{
	for (int i = 0; i < 8; i++)
		state[i] = _mm512_set1_epi32((int)crypto_sha256_start[i]);
}

/* Digests of the lanes, each 32 bytes at words[lane]. */
WIDE_INLINE void
lanes_digests(const __m512i state[static 8], __m512i words[static LANES])
{
	for (int i = 0; i < 8; i++) {
		words[i] = lanes_swap(state[i]);
		words[i + 8] = _mm512_setzero_si512();
	}
	lanes_transpose(words);
}

WIDE_INLINE void
lanes_store(unsigned char out[static 32], __m512i words)
{
	_mm256_storeu_si256((__m256i *)out, _mm512_castsi512_si256(words));
}

#endif
#endif
