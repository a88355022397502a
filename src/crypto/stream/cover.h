/*
 * crypto: bytes that end with their key.  XChaCha20 by libsodium, without a
 * tag: who changes them makes noise of them, no more.
 */
#ifndef CRETULA_CRYPTO_COVER_H
#define CRETULA_CRYPTO_COVER_H

#include <stddef.h>

#define CRYPTO_COVER_KEY 32
#define CRYPTO_COVER_NONCE 24

/* Cover bytes in place, or uncover them.  A nonce is used once with a key. */
void crypto_cover(const unsigned char key[static CRYPTO_COVER_KEY],
    const unsigned char nonce[static CRYPTO_COVER_NONCE], void *bytes, size_t len);

#endif
