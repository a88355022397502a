/*
 * crypto, inside: what a variant of SHA-256 provides.  sha256.c chooses one;
 * everything else of the room reaches the block function through it.
 */
#ifndef CRETULA_CRYPTO_SHA256_IMPL_H
#define CRETULA_CRYPTO_SHA256_IMPL_H

#include "crypto/hmac.h"
#include "crypto/sha256.h"

#if defined(__x86_64__)
#define CRYPTO_SHA256_HAVE_SHANI 1
#endif

struct crypto_sha256_impl {
	const char *name;
	void (*blocks)(uint32_t state[static 8], const void *bytes, size_t blocks);
	/*
	 * One block under inner, its digest under outer: an HMAC whose message
	 * and padding fit the block.
	 */
	void (*hmac_block)(const uint32_t inner[static 8], const uint32_t outer[static 8],
	    const unsigned char block[static 64], unsigned char out[static 32]);
	/* The same of up to four at once. */
	void (*hmac_blocks)(const struct crypto_hmac_short *in, size_t count,
	    unsigned char (*out)[32]);
	/* The same of sixteen, CRYPTO_HMAC_SIXTEEN; NULL: four at a time are as good. */
	void (*hmac_sixteen)(const struct crypto_hmac_short *in, unsigned char (*out)[32]);
	void (*many)(const struct crypto_message *m, size_t count, unsigned char (*out)[32]);
	void (*pairs)(const unsigned char (*in)[32], size_t pairs, unsigned char (*out)[32]);
	void (*seeds)(const unsigned char prefix[static 16], const unsigned char (*in)[16],
	    size_t count, unsigned char (*out)[32]);
};

extern const struct crypto_sha256_impl crypto_sha256_portable;
#ifdef CRYPTO_SHA256_HAVE_SHANI
extern const struct crypto_sha256_impl crypto_sha256_shani;
extern const struct crypto_sha256_impl crypto_sha256_shani_wide; /* with AVX-512, too */
#endif

/* The variant in use; chosen at the first call, then one load. */
const struct crypto_sha256_impl *crypto_sha256_impl(void);

/* FIPS 180-4, 5.3.3 and 4.2.2. */
extern const uint32_t crypto_sha256_start[8];
extern const uint32_t crypto_sha256_k[64];

/* Big-endian words, whatever the processor. */
static inline void
crypto_put_be32(unsigned char *out, uint32_t n)
{
	out[0] = (unsigned char)(n >> 24);
	out[1] = (unsigned char)(n >> 16);
	out[2] = (unsigned char)(n >> 8);
	out[3] = (unsigned char)n;
}

static inline void
crypto_put_be64(unsigned char *out, uint64_t n)
{
	crypto_put_be32(out, (uint32_t)(n >> 32));
	crypto_put_be32(out + 4, (uint32_t)n);
}

#endif
