#include "crypto/wide/sixteen.h"

#include "crypto/wide/lanes.h"

#ifdef CRYPTO_SHA256_HAVE_SHANI

/* The layout that lanes_transpose() reads: the words of both states of a key are neighbours. */
_Static_assert(sizeof(struct crypto_hmac_key) == 64, "sixteen words a key");
_Static_assert(LANES == CRYPTO_HMAC_SIXTEEN, "a message a lane");

WIDE static __attribute__((noinline)) void
sixteen(const struct crypto_hmac_short in[static LANES], unsigned char (*out)[32])
{
	__m512i keys[16], words[16];

	for (int i = 0; i < LANES; i++) {
		keys[i] = _mm512_loadu_si512(&in[i].key);
		words[i] = lanes_swap(_mm512_loadu_si512(in[i].block));
	}
	lanes_transpose(keys);
	lanes_transpose(words);
	crypto_wide_block(keys, words, LANES_ALL);
	/* The digest, padded, is the message of the outer hash. */
	for (int i = 0; i < 8; i++)
		words[i] = keys[i];
	words[8] = _mm512_set1_epi32((int)0x80000000);
	for (int i = 9; i < 15; i++)
		words[i] = _mm512_setzero_si512();
	words[15] = _mm512_set1_epi32((CRYPTO_BLOCK_BYTES + 32) * 8);
	crypto_wide_block(keys + 8, words, LANES_ALL);
	lanes_digests(keys + 8, words);
	for (int i = 0; i < LANES; i++)
		lanes_store(out[i], words[i]);
}

void
crypto_hmac_sixteen(const struct crypto_hmac_short in[static LANES], unsigned char (*out)[32])
{
	sixteen(in, out);
	crypto_wide_wipe();
}

#else
typedef int crypto_hmac_sixteen_is_for_x86_64; /* a unit must not be empty */
#endif
