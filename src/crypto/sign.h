/*
 * crypto: Ed25519 (RFC 8032) signing, by libsodium.
 *
 * Checking is check.h, in a file of its own: cretula-verify contains no
 * signing code.
 */
#ifndef CRETULA_CRYPTO_SIGN_H
#define CRETULA_CRYPTO_SIGN_H

#include "base/span.h"

#define CRYPTO_SEED_BYTES 32
#define CRYPTO_PUBLIC_BYTES 32
#define CRYPTO_SIGNATURE_BYTES 64

void crypto_sign_public(const unsigned char seed[static 32],
    unsigned char public_key[static 32]);

/*
 * Deterministic: same seed and message, same signature.  (Not crypto_sign:
 * libsodium exports that name, as it does crypto_box.)
 */
void crypto_sign_message(const unsigned char seed[static 32], struct span message,
    unsigned char signature[static 64]);

#endif
