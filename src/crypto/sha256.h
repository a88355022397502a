/*
 * crypto: stateless primitives.  This unit: SHA-256 (FIPS 180-4).
 *
 * The block function is our own, because the hot paths hash millions of
 * short, independent messages: sixteen lanes of AVX-512, or two to four of
 * SHA-NI that interleave, where the processor has it (docs/performance.md), a
 * portable one elsewhere.
 * Tests compare every variant with OpenSSL byte for byte.
 */
#ifndef CRETULA_CRYPTO_SHA256_H
#define CRETULA_CRYPTO_SHA256_H

#include <stdint.h>

#include "base/span.h"

#define CRYPTO_SHA256_BYTES 32
#define CRYPTO_BLOCK_BYTES 64

struct crypto_sha256 {
	uint32_t state[8];
	uint64_t total;              /* bytes so far */
	unsigned char block[64];     /* total % 64 bytes are pending */
};

void crypto_sha256_init(struct crypto_sha256 *h);
void crypto_sha256_add(struct crypto_sha256 *h, const void *bytes, size_t len);
void crypto_sha256_end(struct crypto_sha256 *h, unsigned char out[static 32]);
void crypto_sha256(const void *bytes, size_t len, unsigned char out[static 32]);

/* One message of many: head then body. */
struct crypto_message {
	unsigned char head[48];
	size_t head_len; /* at most 48 */
	struct span body;
};

/* out[i] = SHA-256(m[i].head | m[i].body); the lanes are different messages. */
void crypto_sha256_many(const struct crypto_message *m, size_t count,
    unsigned char (*out)[32]);

/*
 * out[i] = SHA-256(0x01 | in[2i] | in[2i+1]): one level of an RFC 9162 tree.
 * out may be in (in-place halving).
 */
void crypto_sha256_pairs(const unsigned char (*in)[32], size_t pairs,
    unsigned char (*out)[32]);

/* out[i] = SHA-256(prefix[16] | in[i]): 16-byte GGM seeds to their children. */
void crypto_sha256_seeds(const unsigned char prefix[static 16],
    const unsigned char (*in)[16], size_t count, unsigned char (*out)[32]);

/* Absorb whole blocks into state: what hmac.c keeps midstates with. */
void crypto_sha256_blocks(uint32_t state[static 8], const void *bytes, size_t blocks);

/* Name of the variant in use: "sha-ni+avx512", "sha-ni" or "portable". */
const char *crypto_sha256_variant(void);
/* For tests: use the variant of that name; NULL: choose again.  false: this processor lacks it. */
bool crypto_sha256_force(const char *name);

#endif
