/*
 * ipcrypt-pfx with the AES instructions: four blocks under both keys at
 * once, which is as many as hide the latency of AESENC.
 */
#include "crypto/prefix_impl.h"

#ifdef CRYPTO_PREFIX_HAVE_AESNI

#include <immintrin.h>

#define AESNI __attribute__((target("aes,sse4.1")))
#define ROUNDS 10
#define LANES 4

/* FIPS 197, 5.2, of one round: what KEYGENASSIST gave of the key before. */
AESNI static inline __m128i
next_round(__m128i key, __m128i assist)
{
	key = _mm_xor_si128(key, _mm_slli_si128(key, 4));
	key = _mm_xor_si128(key, _mm_slli_si128(key, 8));
	return (_mm_xor_si128(key, _mm_shuffle_epi32(assist, 0xff)));
}

/* The round constant is an operand of the instruction: it cannot be a variable. */
#define ROUND(i, constant) \
	(k[i] = next_round(k[(i) - 1], _mm_aeskeygenassist_si128(k[(i) - 1], constant)))

AESNI static void
aesni_init(unsigned char rounds[static 256], const unsigned char key[static 16])
{
	__m128i *k = (__m128i *)(void *)rounds;

	k[0] = _mm_loadu_si128((const __m128i *)(const void *)key);
	ROUND(1, 0x01);
	ROUND(2, 0x02);
	ROUND(3, 0x04);
	ROUND(4, 0x08);
	ROUND(5, 0x10);
	ROUND(6, 0x20);
	ROUND(7, 0x40);
	ROUND(8, 0x80);
	ROUND(9, 0x1b);
	ROUND(10, 0x36);
}

/* Unrolled by hand: else the compiler keeps the blocks in memory.  a: first key, b: second. */
#define EACH(do) do(0) do(1) do(2) do(3)
#define LOAD(i) \
	a##i = _mm_loadu_si128((const __m128i *)(const void *)at[(i) < left ? (i) : 0]); \
	b##i = _mm_xor_si128(a##i, second[0]); \
	a##i = _mm_xor_si128(a##i, first[0]);
#define ENC(i) \
	a##i = _mm_aesenc_si128(a##i, a); \
	b##i = _mm_aesenc_si128(b##i, b);
#define LAST(i) \
	a##i = _mm_xor_si128(_mm_aesenclast_si128(a##i, first[ROUNDS]), \
	    _mm_aesenclast_si128(b##i, second[ROUNDS]));
#define STORE(i) \
	if ((i) < left) \
		bits[from + (i)] = _mm_extract_epi8(a##i, 15) & 1;

AESNI static void
aesni_last_bits(const unsigned char rounds[static 512], const unsigned char (*blocks)[16],
    size_t count, unsigned char *bits)
{
	const __m128i *first = (const __m128i *)(const void *)rounds;
	const __m128i *second = (const __m128i *)(const void *)(rounds + 256);

	for (size_t from = 0; from < count; from += LANES) {
		const unsigned char(*at)[16] = blocks + from;
		size_t left = count - from;
		__m128i a0, a1, a2, a3, b0, b1, b2, b3;

		EACH(LOAD)
		for (int round = 1; round < ROUNDS; round++) {
			__m128i a = first[round], b = second[round];

			EACH(ENC)
		}
		EACH(LAST)
		EACH(STORE)
	}
}

const struct crypto_prefix_impl crypto_prefix_aesni = {
	.name = "aes-ni",
	.init = aesni_init,
	.last_bits = aesni_last_bits,
};

#endif
