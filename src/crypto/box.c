/* A box: nonce | tag | cipher text, XChaCha20-Poly1305. */
#include "crypto/box.h"

#include <assert.h>

#include <sodium.h>

#include "crypto/random.h"

#define NONCE_BYTES crypto_secretbox_xchacha20poly1305_NONCEBYTES
#define TAG_BYTES crypto_secretbox_xchacha20poly1305_MACBYTES

_Static_assert(NONCE_BYTES + TAG_BYTES == CRYPTO_BOX_OVERHEAD, "overhead");

void
crypto_box_make(const unsigned char key[static 32], struct span plain, unsigned char *out)
{
	int rc;

	/* Random nonces of 24 bytes do not repeat in practice. */
	crypto_random(out, NONCE_BYTES);
	rc = crypto_secretbox_xchacha20poly1305_easy(out + NONCE_BYTES,
	    (const unsigned char *)plain.ptr, plain.len, out, key);
	assert(rc == 0);
	(void)rc;
}

int
crypto_unbox(const unsigned char key[static 32], struct span box, unsigned char *out)
{
	const unsigned char *p = (const unsigned char *)box.ptr;

	if (box.len < CRYPTO_BOX_OVERHEAD)
		return (-1);
	return (crypto_secretbox_xchacha20poly1305_open_easy(out, p + NONCE_BYTES,
	    box.len - NONCE_BYTES, p, key));
}
