/* SHA-256: the stream, and the choice of a variant. */
#include "crypto/sha256.h"

#include <stdatomic.h>

#include "crypto/sha256_impl.h"
#include "crypto/wide/sixteen.h"

#ifdef CRYPTO_SHA256_HAVE_SHANI
#include <cpuid.h>
#endif

static _Atomic(const struct crypto_sha256_impl *) chosen;

#ifdef CRYPTO_SHA256_HAVE_SHANI
/* The variant uses SHA, SSSE3 and SSE4.1. */
static bool
have_shani(void)
{
	const unsigned need = bit_SSSE3 | bit_SSE4_1;
	unsigned a, b, c, d;

	if (__get_cpuid(1, &a, &b, &c, &d) == 0 || (c & need) != need)
		return (false);
	if (__get_cpuid_count(7, 0, &a, &b, &c, &d) == 0)
		return (false);
	return ((b & (1u << 29)) != 0); /* CPUID.7.0:EBX.SHA */
}
#endif

static const struct crypto_sha256_impl *
choose(void)
{
#ifdef CRYPTO_SHA256_HAVE_SHANI
	if (have_shani())
		return (crypto_hmac_sixteen_usable() ? &crypto_sha256_shani_wide :
						       &crypto_sha256_shani);
#endif
	return (&crypto_sha256_portable);
}

/*
 * Threads that race here all choose the same, so no order is needed between
 * them.
 */
const struct crypto_sha256_impl *
crypto_sha256_impl(void)
{
	const struct crypto_sha256_impl *impl;

	impl = atomic_load_explicit(&chosen, memory_order_relaxed);
	if (impl == NULL) {
		impl = choose();
		atomic_store_explicit(&chosen, impl, memory_order_relaxed);
	}
	return (impl);
}

const char *
crypto_sha256_variant(void)
{
	return (crypto_sha256_impl()->name);
}

void
crypto_sha256_force_portable(bool on)
{
	atomic_store_explicit(&chosen, on ? &crypto_sha256_portable : choose(),
	    memory_order_relaxed);
}

void
crypto_sha256_blocks(uint32_t state[static 8], const void *bytes, size_t blocks)
{
	crypto_sha256_impl()->blocks(state, bytes, blocks);
}

void
crypto_sha256_many(const struct crypto_message *m, size_t count, unsigned char (*out)[32])
{
	crypto_sha256_impl()->many(m, count, out);
}

void
crypto_sha256_pairs(const unsigned char (*in)[32], size_t pairs, unsigned char (*out)[32])
{
	crypto_sha256_impl()->pairs(in, pairs, out);
}

void
crypto_sha256_seeds(const unsigned char prefix[static 16], const unsigned char (*in)[16],
    size_t count, unsigned char (*out)[32])
{
	crypto_sha256_impl()->seeds(prefix, in, count, out);
}

void
crypto_sha256_init(struct crypto_sha256 *h)
{
	memcpy(h->state, crypto_sha256_start, sizeof(h->state));
	h->total = 0;
}

void
crypto_sha256_add(struct crypto_sha256 *h, const void *bytes, size_t len)
{
	const unsigned char *p = bytes;
	size_t pending = h->total % CRYPTO_BLOCK_BYTES, room = CRYPTO_BLOCK_BYTES - pending;

	if (len == 0) /* then bytes may be NULL */
		return;
	h->total += len;
	if (pending > 0) {
		if (len < room) {
			memcpy(h->block + pending, p, len);
			return;
		}
		memcpy(h->block + pending, p, room);
		crypto_sha256_blocks(h->state, h->block, 1);
		p += room;
		len -= room;
	}
	if (len >= CRYPTO_BLOCK_BYTES) {
		crypto_sha256_blocks(h->state, p, len / CRYPTO_BLOCK_BYTES);
		p += len - len % CRYPTO_BLOCK_BYTES;
		len %= CRYPTO_BLOCK_BYTES;
	}
	memcpy(h->block, p, len);
}

void
crypto_sha256_end(struct crypto_sha256 *h, unsigned char out[static 32])
{
	size_t pending = h->total % CRYPTO_BLOCK_BYTES;

	h->block[pending++] = 0x80;
	if (pending > CRYPTO_BLOCK_BYTES - 8) {
		memset(h->block + pending, 0, CRYPTO_BLOCK_BYTES - pending);
		crypto_sha256_blocks(h->state, h->block, 1);
		pending = 0;
	}
	memset(h->block + pending, 0, CRYPTO_BLOCK_BYTES - 8 - pending);
	crypto_put_be64(h->block + CRYPTO_BLOCK_BYTES - 8, h->total * 8);
	crypto_sha256_blocks(h->state, h->block, 1);
	for (size_t i = 0; i < 8; i++)
		crypto_put_be32(out + 4 * i, h->state[i]);
}

void
crypto_sha256(const void *bytes, size_t len, unsigned char out[static 32])
{
	struct crypto_sha256 h;

	crypto_sha256_init(&h);
	crypto_sha256_add(&h, bytes, len);
	crypto_sha256_end(&h, out);
}
