/*
 * crypto: Ed25519 checking, strict: canonical S, no small-order or
 * non-canonical A or R (what libsodium's verify_detached does).
 */
#ifndef CRETULA_CRYPTO_CHECK_H
#define CRETULA_CRYPTO_CHECK_H

#include "base/span.h"

/* Is it a valid signature of message?  Foreign bytes are welcome. */
bool crypto_check(const unsigned char public_key[static 32], struct span message,
    const unsigned char signature[static 64]);

#endif
