/*
 * crypto: boxes that only the holder of an offline secret key opens; by
 * libsodium (X25519, XSalsa20-Poly1305).  docs/format.md 22.
 *
 * A box is epk(32) | count(6, big-endian) | tag(16) | cipher text: a NaCl
 * crypto_box from a throw-away key epk to the public key, whose nonce is
 * "cretula sealed v1", a zero byte and count.  One throw-away key makes many
 * boxes, so that a box costs no scalar multiplication; equal texts give
 * different boxes all the same, and what was sealed cannot be opened here.
 */
#ifndef CRETULA_CRYPTO_SEALED_H
#define CRETULA_CRYPTO_SEALED_H

#include <stdint.h>

#include "base/span.h"

#define CRYPTO_SEALED_OVERHEAD 54

/* Holds what opens its own boxes: secret memory, and wiped soon. */
struct crypto_sealer {
	unsigned char epk[32];
	unsigned char shared[32];
	uint64_t count; /* boxes made */
};

/* A pair from 32 random bytes of secret. */
void crypto_sealed_public(const unsigned char secret[static 32],
    unsigned char public_key[static 32]);

/*
 * Begin with a new throw-away key.  0; or -1: public_key is none (a point of
 * small order), and s is wiped.
 */
int crypto_sealer_start(struct crypto_sealer *s, const unsigned char public_key[static 32]);
void crypto_sealer_end(struct crypto_sealer *s);

/* out gets plain.len + CRYPTO_SEALED_OVERHEAD bytes. */
void crypto_sealed_make(struct crypto_sealer *s, struct span plain, unsigned char *out);

/* 0 and out gets box.len - overhead bytes; or -1: not made for this key. */
int crypto_sealed_open(const unsigned char secret[static 32], struct span box,
    unsigned char *out);

#endif
