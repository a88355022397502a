#include "crypto/sealed.h"

#include <assert.h>
#include <string.h>

#include <sodium.h>

#include "crypto/random.h"

#define EPK_BYTES 32
#define COUNT_BYTES 6
#define TAG_BYTES 16
#define NONCE_BYTES 24

_Static_assert(EPK_BYTES + COUNT_BYTES + TAG_BYTES == CRYPTO_SEALED_OVERHEAD, "overhead");
_Static_assert(crypto_box_PUBLICKEYBYTES == EPK_BYTES && crypto_box_MACBYTES == TAG_BYTES &&
	crypto_box_NONCEBYTES == NONCE_BYTES && crypto_box_BEFORENMBYTES == 32,
    "NaCl's crypto_box");

static const char label[NONCE_BYTES - COUNT_BYTES] = "cretula sealed v1";

static void
nonce_of(const unsigned char count[static COUNT_BYTES], unsigned char nonce[static NONCE_BYTES])
{
	memcpy(nonce, label, sizeof(label));
	memcpy(nonce + sizeof(label), count, COUNT_BYTES);
}

void
crypto_sealed_public(const unsigned char secret[static 32], unsigned char public_key[static 32])
{
	int rc = crypto_scalarmult_base(public_key, secret);

	assert(rc == 0);
	(void)rc;
}

int
crypto_sealer_start(struct crypto_sealer *s, const unsigned char public_key[static 32])
{
	unsigned char secret[32];
	int rc;

	crypto_random(secret, sizeof(secret));
	crypto_sealed_public(secret, s->epk);
	rc = crypto_box_beforenm(s->shared, public_key, secret);
	crypto_wipe(secret, sizeof(secret));
	s->count = 0;
	if (rc != 0)
		crypto_sealer_end(s);
	return (rc);
}

void
crypto_sealer_end(struct crypto_sealer *s)
{
	crypto_wipe(s, sizeof(*s));
}

void
crypto_sealed_make(struct crypto_sealer *s, struct span plain, unsigned char *out)
{
	unsigned char nonce[NONCE_BYTES], *count = out + EPK_BYTES;
	int rc;

	/* No batch has that many texts: a nonce is never used twice. */
	assert(s->count >> (8 * COUNT_BYTES) == 0);
	memcpy(out, s->epk, EPK_BYTES);
	for (int i = 0; i < COUNT_BYTES; i++)
		count[i] = (unsigned char)(s->count >> (8 * (COUNT_BYTES - 1 - i)));
	s->count++;
	nonce_of(count, nonce);
	rc = crypto_box_easy_afternm(
	    count + COUNT_BYTES, (const unsigned char *)plain.ptr, plain.len, nonce, s->shared);
	assert(rc == 0);
	(void)rc;
}

int
crypto_sealed_open(const unsigned char secret[static 32], struct span box, unsigned char *out)
{
	const unsigned char *p = (const unsigned char *)box.ptr;
	unsigned char nonce[NONCE_BYTES];

	if (box.len < CRYPTO_SEALED_OVERHEAD)
		return (-1);
	nonce_of(p + EPK_BYTES, nonce);
	return (crypto_box_open_easy(
	    out, p + EPK_BYTES + COUNT_BYTES, box.len - EPK_BYTES - COUNT_BYTES, nonce, p, secret));
}
