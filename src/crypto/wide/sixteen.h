/*
 * crypto, inside: hashes of many messages with AVX-512, a message in each of
 * sixteen lanes.  What is left over behind the last full lanes the SHA
 * extensions do.
 */
#ifndef CRETULA_CRYPTO_WIDE_SIXTEEN_H
#define CRETULA_CRYPTO_WIDE_SIXTEEN_H

#include "crypto/hmac.h"
#include "crypto/sha256.h"

#define CRYPTO_HMAC_SIXTEEN 16

/* out[i] = HMAC of in[i]. */
void crypto_hmac_sixteen(const struct crypto_hmac_short in[static CRYPTO_HMAC_SIXTEEN],
    unsigned char (*out)[32]);

/* As crypto_sha256_many, _pairs and _seeds. */
void crypto_wide_many(const struct crypto_message *m, size_t count, unsigned char (*out)[32]);
void crypto_wide_pairs(const unsigned char (*in)[32], size_t pairs, unsigned char (*out)[32]);
void crypto_wide_seeds(const unsigned char prefix[static 16], const unsigned char (*in)[16],
    size_t count, unsigned char (*out)[32]);

#endif
