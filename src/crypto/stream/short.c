/* short: SipHash-2-4, by libsodium. */
#include <sodium.h>
#include <string.h>

#include "crypto/stream/short.h"

_Static_assert(
    CRYPTO_SHORT_KEY == crypto_shorthash_KEYBYTES && crypto_shorthash_BYTES == sizeof(uint64_t),
    "sizes of SipHash-2-4");

uint64_t
crypto_short(const unsigned char key[static CRYPTO_SHORT_KEY], struct span value)
{
	unsigned char bytes[crypto_shorthash_BYTES];
	uint64_t hash;

	(void)crypto_shorthash(bytes, (const unsigned char *)value.ptr, value.len, key);
	memcpy(&hash, bytes, sizeof(hash));
	return (hash);
}
