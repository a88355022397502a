/* Random bytes and secret memory, by libsodium. */
#include "crypto/random.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "base/err.h"
#include "crypto/sha256.h"

/* The reproducible stream of tests: the n-th call uses n as its nonce. */
static unsigned char stream_seed[crypto_stream_chacha20_KEYBYTES];
static atomic_bool stream_on;
static atomic_uint_fast64_t stream_calls;

int
crypto_start(struct err *e)
{
	if (sodium_init() < 0)
		return (err_set(e, ERR_CONFIG, "libsodium does not start"));
#ifdef CRETULA_TESTING
	const char *text = getenv("CRETULA_RANDOM");

	if (text != NULL) {
		unsigned char seed[CRYPTO_SHA256_BYTES];

		crypto_sha256(text, strlen(text), seed);
		crypto_random_set(seed);
	}
#endif
	return (0);
}

static void
stream_take(unsigned char *out, size_t len)
{
	unsigned char nonce[crypto_stream_chacha20_NONCEBYTES];
	uint64_t call = atomic_fetch_add(&stream_calls, 1);

	for (size_t i = 0; i < sizeof(nonce); i++)
		nonce[i] = (unsigned char)(call >> 8 * i);
	(void)crypto_stream_chacha20(out, len, nonce, stream_seed);
}

void
crypto_random(void *bytes, size_t len)
{
	if (atomic_load(&stream_on))
		stream_take(bytes, len);
	else
		randombytes_buf(bytes, len);
}

void
crypto_random_set(const unsigned char *seed32)
{
	atomic_store(&stream_on, false);
	if (seed32 == NULL)
		return;
	memcpy(stream_seed, seed32, sizeof(stream_seed));
	atomic_store(&stream_calls, 0);
	atomic_store(&stream_on, true);
}

/*
 * sodium_malloc puts the memory right before a guard page, so its size
 * decides the alignment: round it up.
 */
void *
crypto_secret_alloc(size_t size, bool *locked)
{
	const size_t align = _Alignof(max_align_t);
	void *secret;

	if (size == 0 || size > SIZE_MAX - align)
		return (NULL);
	size = (size + align - 1) / align * align;
	if ((secret = sodium_malloc(size)) == NULL)
		return (NULL);
	memset(secret, 0, size);
	/*
	 * sodium_malloc has tried to lock it and keeps the result to itself;
	 * locking again does not stack, and asks.
	 */
	if (locked != NULL)
		*locked = sodium_mlock(secret, size) == 0;
	return (secret);
}

void
crypto_secret_free(void *secret)
{
	sodium_free(secret); /* wipes, and checks the canary */
}
