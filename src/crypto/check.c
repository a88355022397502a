/*
 * Ed25519 checking.  libsodium refuses what a lenient checker would take: S
 * not below the group order, A or R of small order, A not canonical.  R is
 * compared as bytes, so another encoding of it does not pass either.
 */
#include "crypto/check.h"

#include <sodium.h>

bool
crypto_check(const unsigned char public_key[static 32], struct span message,
    const unsigned char signature[static 64])
{
	return (crypto_sign_ed25519_verify_detached(signature, (const unsigned char *)message.ptr,
	    message.len, public_key) == 0);
}
