/* Ed25519 signing; the checker is not in this unit on purpose. */
#include "crypto/sign.h"

#include <assert.h>

#include <sodium.h>

#include "crypto/random.h"

_Static_assert(CRYPTO_SEED_BYTES == crypto_sign_SEEDBYTES, "seed");
_Static_assert(CRYPTO_PUBLIC_BYTES == crypto_sign_PUBLICKEYBYTES, "public key");
_Static_assert(CRYPTO_SIGNATURE_BYTES == crypto_sign_BYTES, "signature");

void
crypto_sign_public(const unsigned char seed[static 32], unsigned char public_key[static 32])
{
	unsigned char secret[crypto_sign_SECRETKEYBYTES];
	int rc = crypto_sign_seed_keypair(public_key, secret, seed);

	assert(rc == 0);
	(void)rc;
	crypto_wipe(secret, sizeof(secret));
}

void
crypto_sign_message(const unsigned char seed[static 32], struct span message,
    unsigned char signature[static 64])
{
	unsigned char public_key[CRYPTO_PUBLIC_BYTES], secret[crypto_sign_SECRETKEYBYTES];
	int rc;

	rc = crypto_sign_seed_keypair(public_key, secret, seed);
	assert(rc == 0);
	rc = crypto_sign_detached(signature, NULL, (const unsigned char *)message.ptr,
	    message.len, secret);
	assert(rc == 0);
	crypto_wipe(secret, sizeof(secret));
}
