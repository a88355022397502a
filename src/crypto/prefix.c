/* ipcrypt-pfx: which bits are put through AES, and what becomes of the answers. */
#include "crypto/prefix.h"

/* OpenSSL's only AES without an allocation; where AES-NI is, it is not called. */
#define OPENSSL_SUPPRESS_DEPRECATED 1
#include <openssl/aes.h>

#include <assert.h>
#include <string.h>

#include "crypto/prefix_impl.h"
#include "crypto/random.h"
#include "crypto/sha256_impl.h"

/* ---- without AES instructions ---- */

_Static_assert(sizeof(AES_KEY) <= 256, "an OpenSSL key fits");

static void
portable_init(unsigned char rounds[static 256], const unsigned char key[static 16])
{
	AES_KEY made;

	(void)AES_set_encrypt_key(key, 128, &made);
	memcpy(rounds, &made, sizeof(made));
	crypto_wipe(&made, sizeof(made));
}

static void
portable_last_bits(const unsigned char rounds[static 512], const unsigned char (*blocks)[16],
    size_t count, unsigned char *bits)
{
	const AES_KEY *first = (const AES_KEY *)(const void *)rounds;
	const AES_KEY *second = (const AES_KEY *)(const void *)(rounds + 256);
	unsigned char a[16], b[16];

	for (size_t i = 0; i < count; i++) {
		AES_encrypt(blocks[i], a, first);
		AES_encrypt(blocks[i], b, second);
		bits[i] = (a[15] ^ b[15]) & 1;
	}
}

const struct crypto_prefix_impl crypto_prefix_portable = {
	.name = "portable",
	.init = portable_init,
	.last_bits = portable_last_bits,
};

static const struct crypto_prefix_impl *
choose(void)
{
#ifdef CRYPTO_PREFIX_HAVE_AESNI
	if (__builtin_cpu_supports("aes"))
		return (&crypto_prefix_aesni);
#endif
	return (&crypto_prefix_portable);
}

/* ---- the construction ---- */

static unsigned
bit_of(const unsigned char *bytes, unsigned i)
{
	return (bytes[i / 8] >> (7 - i % 8) & 1u);
}

/*
 * Block i is a one bit, and behind it all that stands before bit i of the 16
 * byte form of the address: the bits so far, for IPv4 behind ::ffff:0:0/96.
 */
static void
lay_blocks(const unsigned char *in, unsigned len, unsigned bits, unsigned char (*blocks)[16])
{
	uint64_t high = len == 4 ? UINT64_C(1) << 32 : 0, low = len == 4 ? 0xffff : 1;

	for (unsigned i = 0; i < bits; i++) {
		crypto_put_be64(blocks[i], high);
		crypto_put_be64(blocks[i] + 8, low);
		high = high << 1 | low >> 63;
		low = low << 1 | bit_of(in, i);
	}
}

void
crypto_prefix_key_init_with(const struct crypto_prefix_impl *impl, struct crypto_prefix_key *k,
    const unsigned char key[static 32])
{
	impl->init(k->rounds, key);
	impl->init(k->rounds + 256, key + 16);
}

void
crypto_prefix_with(const struct crypto_prefix_impl *impl, const struct crypto_prefix_key *k,
    const unsigned char *in, unsigned len, unsigned bits, unsigned char *out)
{
	unsigned char blocks[8 * 16][16], mask[8 * 16];
	unsigned char made[16] = { 0 };

	assert((len == 4 || len == 16) && bits <= 8 * len);
	lay_blocks(in, len, bits, blocks);
	impl->last_bits(k->rounds, (const unsigned char(*)[16])blocks, bits, mask);
	for (unsigned i = 0; i < bits; i++)
		made[i / 8] |= (unsigned char)((bit_of(in, i) ^ mask[i]) << (7 - i % 8));
	memcpy(out, made, len);
	crypto_wipe(blocks, 16 * (size_t)bits); /* they hold the address */
}

void
crypto_prefix_key_init(struct crypto_prefix_key *k, const unsigned char key[static 32])
{
	crypto_prefix_key_init_with(choose(), k, key);
}

void
crypto_prefix(const struct crypto_prefix_key *k, const unsigned char *in, unsigned len,
    unsigned bits, unsigned char *out)
{
	crypto_prefix_with(choose(), k, in, len, bits, out);
}
