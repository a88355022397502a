/* SHA-256 with AVX-512 of what has a fixed size: pairs of digests, seeds. */
#include "crypto/wide/lanes.h"
#include "crypto/wide/sixteen.h"

#ifdef CRYPTO_SHA256_HAVE_SHANI

/* ---- pairs ---- */

/* Words of 64 bytes, one byte later and 0x01 in front; the byte that is left begins the second. */
WIDE_INLINE __m512i
pair_shift(__m512i words[static 16])
{
	__m512i before = _mm512_set1_epi32(0x01);

	for (int i = 0; i < 16; i++) {
		__m512i word = words[i];

		words[i] =
		    _mm512_or_si512(_mm512_slli_epi32(before, 24), _mm512_srli_epi32(word, 8));
		before = word;
	}
	return (_mm512_slli_epi32(before, 24));
}

WIDE static void
pairs16(const unsigned char (*in)[32], unsigned char (*out)[32])
{
	__m512i state[8], words[16], last;

	for (int i = 0; i < LANES; i++)
		words[i] = lanes_swap(_mm512_loadu_si512(in[2 * i]));
	lanes_transpose(words);
	last = pair_shift(words);
	lanes_start(state);
	crypto_wide_block(state, words, LANES_ALL);
	words[0] = _mm512_or_si512(last, _mm512_set1_epi32(0x800000));
	for (int i = 1; i < 15; i++)
		words[i] = _mm512_setzero_si512();
	words[15] = _mm512_set1_epi32(65 * 8);
	crypto_wide_block(state, words, LANES_ALL);
	lanes_digests(state, words);
	for (int i = 0; i < LANES; i++)
		lanes_store(out[i], words[i]);
}

/* In place is fine: what is written was read in this turn or before. */
void
crypto_wide_pairs(const unsigned char (*in)[32], size_t pairs, unsigned char (*out)[32])
{
	size_t i = 0;

	for (; i + LANES <= pairs; i += LANES)
		pairs16(in + 2 * i, out + i);
	if (i < pairs)
		crypto_sha256_shani.pairs(in + 2 * i, pairs - i, out + i);
}

/* ---- seeds ---- */

WIDE static void
seeds16(const __m512i prefix[static 4], const unsigned char (*in)[16], unsigned char (*out)[32])
{
	__m512i state[8], words[16];

	for (int i = 0; i < LANES; i++)
		words[i] =
		    lanes_swap(_mm512_zextsi128_si512(_mm_loadu_si128((const __m128i *)in[i])));
	lanes_transpose(words);
	for (int i = 0; i < 4; i++) {
		words[i + 4] = words[i];
		words[i] = prefix[i];
	}
	words[8] = _mm512_set1_epi32((int)0x80000000);
	words[15] = _mm512_set1_epi32(32 * 8);
	lanes_start(state);
	crypto_wide_block(state, words, LANES_ALL);
	lanes_digests(state, words);
	for (int i = 0; i < LANES; i++)
		lanes_store(out[i], words[i]);
}

WIDE static __attribute__((noinline)) void
seeds(const unsigned char prefix[static 16], const unsigned char (*in)[16], size_t count,
    unsigned char (*out)[32])
{
	__m512i first[4];
	int words[4];

	memcpy(words, prefix, sizeof(words));
	for (int i = 0; i < 4; i++)
		first[i] = lanes_swap(_mm512_set1_epi32(words[i]));
	for (size_t i = 0; i < count; i += LANES)
		seeds16(first, in + i, out + i);
}

void
crypto_wide_seeds(const unsigned char prefix[static 16], const unsigned char (*in)[16],
    size_t count, unsigned char (*out)[32])
{
	size_t wide = count - count % LANES;

	if (wide > 0) {
		seeds(prefix, in, wide, out);
		crypto_wide_wipe();
	}
	if (wide < count)
		crypto_sha256_shani.seeds(prefix, in + wide, count - wide, out + wide);
}

#else
typedef int crypto_wide_fixed_is_for_x86_64; /* a unit must not be empty */
#endif
