#include "crypto/wide/lanes.h"

#ifdef CRYPTO_SHA256_HAVE_SHANI

#define FRAMES_BYTES 8192 /* of a caller and the block function; a test sees that it is enough */

WIDE_INLINE __m512i
xor3(__m512i a, __m512i b, __m512i c)
{
	return (_mm512_ternarylogic_epi32(a, b, c, 0x96));
}

/* The next message word in the place of the one sixteen rounds ago. */
WIDE_INLINE void
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
WIDE_INLINE void
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

/* Of the callers, too: one code for all of them stays near. */
void
crypto_wide_block(__m512i state[static 8], const __m512i message[static 16], __mmask16 work)
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
		state[i] = _mm512_mask_add_epi32(state[i], work, state[i], s[i]);
}

/*
 * States, message words and what the compiler parked of them: they lie in the
 * frames that the work had, which were where this one is.
 */
void
crypto_wide_wipe(void)
{
	unsigned char below[FRAMES_BYTES];

	explicit_bzero(below, sizeof(below));
}

#else
typedef int crypto_wide_is_for_x86_64; /* a unit must not be empty */
#endif
