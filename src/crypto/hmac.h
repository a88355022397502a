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

/* A short message ready to be hashed: its key and its one padded block. */
#define CRYPTO_HMAC_SHORT_BYTES 55
struct crypto_hmac_short {
	struct crypto_hmac_key key;
	unsigned char block[64];
};

/* Pad a block of which len bytes, at most CRYPTO_HMAC_SHORT_BYTES, are the message. */
static inline void
crypto_hmac_pad(unsigned char block[static 64], size_t len)
{
	size_t bits = (64 + len) * 8; /* the key's block counts */

	memset(block + len, 0, 64 - len);
	block[len] = 0x80;
	block[62] = (unsigned char)(bits >> 8);
	block[63] = (unsigned char)bits;
}

/* out[i] = HMAC of in[i]; the lanes are different messages. */
void crypto_hmac_many(const struct crypto_hmac_short *in, size_t count,
    unsigned char (*out)[32]);

/* HMAC over the concatenation of count parts. */
void crypto_hmac_parts(const struct crypto_hmac_key *k, const struct span *parts,
    size_t count, unsigned char out[static 32]);

void crypto_hkdf_extract(const void *salt, size_t salt_len, const void *ikm,
    size_t ikm_len, unsigned char prk[static 32]);

/* len at most 255 * 32. */
void crypto_hkdf_expand(const unsigned char prk[static 32], struct span info,
    unsigned char *out, size_t len);

#endif
