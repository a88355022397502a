#include "crypto/wide/sixteen.h"

#include "crypto/sha256_impl.h"

#if defined(__x86_64__)

#include <immintrin.h>

#define SIXTEEN __attribute__((target("avx512f,avx512bw")))
#define INLINE SIXTEEN static inline __attribute__((always_inline))
#define LANES CRYPTO_HMAC_SIXTEEN
#define FRAMES_BYTES 8192 /* of sixteen() and compress(); a test sees that it is enough */

/* The layout that transpose() reads: the words of both states of a key are neighbours. */
_Static_assert(sizeof(struct crypto_hmac_key) == 64, "sixteen words a key");

bool
crypto_hmac_sixteen_usable(void)
{
	__builtin_cpu_init();
	return (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw"));
}

/* v[i] are sixteen words of lane i; then they are word i of the sixteen lanes. */
INLINE void
transpose(__m512i v[static LANES])
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

INLINE __m512i
swap(__m512i words)
{
	const __m512i order = _mm512_set4_epi32(0x0c0d0e0f, 0x08090a0b, 0x04050607, 0x00010203);

	return (_mm512_shuffle_epi8(words, order));
}

INLINE __m512i
xor3(__m512i a, __m512i b, __m512i c)
{
	return (_mm512_ternarylogic_epi32(a, b, c, 0x96));
}

/* The next message word in the place of the one sixteen rounds ago. */
INLINE void
schedule(__m512i w[static 16], int t)
{
	__m512i near = w[(t + 14) % 16], far = w[(t + 1) % 16];
	__m512i s1 = xor3(
	    _mm512_ror_epi32(near, 17), _mm512_ror_epi32(near, 19), _mm512_srli_epi32(near, 10));
	__m512i s0 =
	    xor3(_mm512_ror_epi32(far, 7), _mm512_ror_epi32(far, 18), _mm512_srli_epi32(far, 3));

	w[t] = _mm512_add_epi32(_mm512_add_epi32(w[t], s0), _mm512_add_epi32(w[(t + 9) % 16], s1));
}

/*
 * Round t of a turn of sixteen; a is at s[-t], so that no word moves.  What
 * waits for the word made last, sum0 and sum1, is added last: latency is all
 * that a round costs.
 */
INLINE void
round_of(__m512i s[static 8], __m512i w, uint32_t k, int t)
{
	__m512i a = s[(16 - t) % 8], b = s[(17 - t) % 8], c = s[(18 - t) % 8];
	__m512i e = s[(20 - t) % 8], f = s[(21 - t) % 8], g = s[(22 - t) % 8];
	__m512i sum1 =
	    xor3(_mm512_ror_epi32(e, 6), _mm512_ror_epi32(e, 11), _mm512_ror_epi32(e, 25));
	__m512i sum0 =
	    xor3(_mm512_ror_epi32(a, 2), _mm512_ror_epi32(a, 13), _mm512_ror_epi32(a, 22));
	__m512i choice = _mm512_ternarylogic_epi32(e, f, g, 0xca);
	__m512i most = _mm512_ternarylogic_epi32(a, b, c, 0xe8);
	__m512i early = _mm512_add_epi32(
	    _mm512_add_epi32(s[(23 - t) % 8], _mm512_add_epi32(w, _mm512_set1_epi32((int)k))),
	    choice);
	__m512i late = _mm512_add_epi32(_mm512_add_epi32(early, most), sum1);

	s[(19 - t) % 8] = _mm512_add_epi32(_mm512_add_epi32(s[(19 - t) % 8], early), sum1);
	s[(23 - t) % 8] = _mm512_add_epi32(late, sum0);
}

/* One block of each lane. */
SIXTEEN static __attribute__((noinline)) void
compress(__m512i state[static 8], const __m512i message[static 16])
{
	__m512i s[8], w[16];

	for (int i = 0; i < 8; i++)
		s[i] = state[i];
	for (int i = 0; i < 16; i++)
		w[i] = message[i];
	for (int turn = 0; turn < 48; turn += 16) {
#pragma GCC unroll 16
		for (int t = 0; t < 16; t++) {
			round_of(s, w[t], crypto_sha256_k[turn + t], t);
			schedule(w, t);
		}
	}
#pragma GCC unroll 16
	for (int t = 0; t < 16; t++)
		round_of(s, w[t], crypto_sha256_k[48 + t], t);
	for (int i = 0; i < 8; i++)
		state[i] = _mm512_add_epi32(state[i], s[i]);
}

SIXTEEN static __attribute__((noinline)) void
sixteen(const struct crypto_hmac_short in[static LANES], unsigned char (*out)[32])
{
	__m512i keys[16], words[16];

	for (int i = 0; i < LANES; i++) {
		keys[i] = _mm512_loadu_si512(&in[i].key);
		words[i] = swap(_mm512_loadu_si512(in[i].block));
	}
	transpose(keys);
	transpose(words);
	compress(keys, words);
	/* The digest, padded, is the message of the outer hash. */
	for (int i = 0; i < 8; i++)
		words[i] = keys[i];
	words[8] = _mm512_set1_epi32((int)0x80000000);
	for (int i = 9; i < 15; i++)
		words[i] = _mm512_setzero_si512();
	words[15] = _mm512_set1_epi32((CRYPTO_BLOCK_BYTES + 32) * 8);
	compress(keys + 8, words);
	for (int i = 0; i < 8; i++) {
		words[i] = swap(keys[i + 8]);
		words[i + 8] = _mm512_setzero_si512();
	}
	transpose(words);
	for (int i = 0; i < LANES; i++)
		_mm256_storeu_si256((__m256i *)out[i], _mm512_castsi512_si256(words[i]));
}

/*
 * States, message words and what the compiler parked of them: they lie in the
 * frames that the work had, which were where this one is.
 */
static __attribute__((noinline)) void
wipe_stack(void)
{
	unsigned char below[FRAMES_BYTES];

	explicit_bzero(below, sizeof(below));
}

void
crypto_hmac_sixteen(const struct crypto_hmac_short in[static LANES], unsigned char (*out)[32])
{
	sixteen(in, out);
	wipe_stack();
}

#else

bool
crypto_hmac_sixteen_usable(void)
{
	return (false);
}

/* Nobody calls it there. */
void
crypto_hmac_sixteen(
    const struct crypto_hmac_short in[static CRYPTO_HMAC_SIXTEEN], unsigned char (*out)[32])
{
	crypto_sha256_portable.hmac_blocks(in, CRYPTO_HMAC_SIXTEEN, out);
}

#endif
