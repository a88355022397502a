/* crypto: HMAC-SHA256 (RFC 2104) with kept midstates, HKDF (RFC 5869). */
#ifndef CRETULA_CRYPTO_HMAC_H
#define CRETULA_CRYPTO_HMAC_H

#include <stdint.h>

#include "base/span.h"

/* A key after its first block: 64 bytes, as secret as the key. */
struct crypto_hmac_key {
	uint32_t inner[8], outer[8];
};

void crypto_hmac_key_init(struct crypto_hmac_key *k, const void *key, size_t len);

/* Two compressions up to 55 bytes of message. */
void crypto_hmac(const struct crypto_hmac_key *k, const void *bytes, size_t len,
    unsigned char out[static 32]);

/* HMAC over the concatenation of count parts. */
void crypto_hmac_parts(const struct crypto_hmac_key *k, const struct span *parts,
    size_t count, unsigned char out[static 32]);

void crypto_hkdf_extract(const void *salt, size_t salt_len, const void *ikm,
    size_t ikm_len, unsigned char prk[static 32]);

/* len at most 255 * 32. */
void crypto_hkdf_expand(const unsigned char prk[static 32], struct span info,
    unsigned char *out, size_t len);

#endif
