/* HMAC (RFC 2104) and HKDF (RFC 5869) over SHA-256. */
#include "crypto/hmac.h"

#include <assert.h>

#include "crypto/random.h"
#include "crypto/sha256_impl.h"
#include "crypto/wide/sixteen.h"

_Static_assert(CRYPTO_HMAC_SHORT_BYTES == CRYPTO_BLOCK_BYTES - 9, "one block with its padding");

static void
pad_key(uint32_t state[static 8], const unsigned char key[static 64], unsigned char pad)
{
	unsigned char block[CRYPTO_BLOCK_BYTES];

	for (size_t i = 0; i < sizeof(block); i++)
		block[i] = key[i] ^ pad;
	memcpy(state, crypto_sha256_start, 8 * sizeof(state[0]));
	crypto_sha256_blocks(state, block, 1);
	crypto_wipe(block, sizeof(block));
}

void
crypto_hmac_key_init(struct crypto_hmac_key *k, const void *key, size_t len)
{
	unsigned char block[CRYPTO_BLOCK_BYTES] = { 0 };

	if (len > sizeof(block))
		crypto_sha256(key, len, block);
	else if (len > 0)
		memcpy(block, key, len);
	pad_key(k->inner, block, 0x36);
	pad_key(k->outer, block, 0x5c);
	crypto_wipe(block, sizeof(block));
}

void
crypto_hmac(const struct crypto_hmac_key *k, const void *bytes, size_t len,
    unsigned char out[static 32])
{
	unsigned char block[CRYPTO_BLOCK_BYTES];
	struct span message = { bytes, len };

	if (len > CRYPTO_HMAC_SHORT_BYTES) {
		crypto_hmac_parts(k, &message, 1, out);
		return;
	}
	if (len > 0)
		memcpy(block, bytes, len);
	crypto_hmac_pad(block, len);
	crypto_sha256_impl()->hmac_block(k->inner, k->outer, block, out);
}

void
crypto_hmac_many(const struct crypto_hmac_short *in, size_t count, unsigned char (*out)[32])
{
	const struct crypto_sha256_impl *impl = crypto_sha256_impl();

	if (impl->hmac_sixteen != NULL)
		for (; count >= CRYPTO_HMAC_SIXTEEN; count -= CRYPTO_HMAC_SIXTEEN) {
			impl->hmac_sixteen(in, out);
			in += CRYPTO_HMAC_SIXTEEN;
			out += CRYPTO_HMAC_SIXTEEN;
		}
	for (size_t n; count > 0; count -= n, in += n, out += n) {
		n = count < 4 ? count : 4;
		impl->hmac_blocks(in, n, out);
	}
}

void
crypto_hmac_parts(const struct crypto_hmac_key *k, const struct span *parts,
    size_t count, unsigned char out[static 32])
{
	struct crypto_sha256 h;

	memcpy(h.state, k->inner, sizeof(h.state));
	h.total = CRYPTO_BLOCK_BYTES;
	for (size_t i = 0; i < count; i++)
		crypto_sha256_add(&h, parts[i].ptr, parts[i].len);
	crypto_sha256_end(&h, out);
	memcpy(h.state, k->outer, sizeof(h.state));
	h.total = CRYPTO_BLOCK_BYTES;
	crypto_sha256_add(&h, out, CRYPTO_SHA256_BYTES);
	crypto_sha256_end(&h, out);
	crypto_wipe(&h, sizeof(h));
}

void
crypto_hkdf_extract(const void *salt, size_t salt_len, const void *ikm,
    size_t ikm_len, unsigned char prk[static 32])
{
	struct crypto_hmac_key k;

	crypto_hmac_key_init(&k, salt, salt_len);
	crypto_hmac(&k, ikm, ikm_len, prk);
	crypto_wipe(&k, sizeof(k));
}

void
crypto_hkdf_expand(const unsigned char prk[static 32], struct span info,
    unsigned char *out, size_t len)
{
	unsigned char t[CRYPTO_SHA256_BYTES], counter = 1;
	struct crypto_hmac_key k;
	struct span parts[3] = { { (const char *)t, 0 }, info, { (const char *)&counter, 1 } };

	assert(len <= 255 * CRYPTO_SHA256_BYTES);
	crypto_hmac_key_init(&k, prk, 32);
	for (size_t done = 0; done < len; counter++) {
		size_t n = len - done < sizeof(t) ? len - done : sizeof(t);

		crypto_hmac_parts(&k, parts, 3, t);
		memcpy(out + done, t, n);
		done += n;
		parts[0].len = sizeof(t);
	}
	crypto_wipe(&k, sizeof(k));
	crypto_wipe(t, sizeof(t));
}
