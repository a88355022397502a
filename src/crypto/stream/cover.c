/* cover: XChaCha20, by libsodium. */
#include <sodium.h>

#include "crypto/stream/cover.h"

_Static_assert(CRYPTO_COVER_KEY == crypto_stream_xchacha20_KEYBYTES &&
	CRYPTO_COVER_NONCE == crypto_stream_xchacha20_NONCEBYTES,
    "sizes of XChaCha20");

void
crypto_cover(const unsigned char key[static CRYPTO_COVER_KEY],
    const unsigned char nonce[static CRYPTO_COVER_NONCE], void *bytes, size_t len)
{
	(void)crypto_stream_xchacha20_xor(bytes, bytes, len, nonce, key);
}
