/*
 * What libsodium's check of a signature takes from objects that do more than
 * that: signing, random numbers, guarded memory.  Defined here, in the same
 * words as its headers, those objects are not linked into cretula-verify.
 */
#include <string.h>

#include <sodium.h>

void _crypto_sign_ed25519_ref10_hinit(crypto_hash_sha512_state *state, int prehashed);

/* Begin the hash.  prehashed is Ed25519ph, which no note uses. */
void
_crypto_sign_ed25519_ref10_hinit(crypto_hash_sha512_state *state, int prehashed)
{
	(void)prehashed;
	(void)crypto_hash_sha512_init(state);
}

int
sodium_memcmp(const void *const a, const void *const b, size_t len)
{
	return (memcmp(a, b, len) == 0 ? 0 : -1); /* nothing here is secret */
}

void
sodium_memzero(void *const bytes, const size_t len)
{
	explicit_bzero(bytes, len);
}

int
sodium_is_zero(const unsigned char *bytes, const size_t len)
{
	unsigned char any = 0;

	for (size_t i = 0; i < len; i++)
		any |= bytes[i];
	return (any == 0);
}
