/* SHA-256: the stream, and the choice of a variant. */
#include "crypto/sha256.h"

#include <stdatomic.h>

#include "crypto/sha256_impl.h"

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

static bool
have_wide(void)
{
	__builtin_cpu_init();
	return (have_shani() && __builtin_cpu_supports("avx512f") &&
	    __builtin_cpu_supports("avx512bw"));
}
#endif

/* What this processor can do, the best first. */
static const struct crypto_sha256_impl *
choose(const char *name)
{
	static const struct {
		const struct crypto_sha256_impl *impl;
		bool (*have)(void);
	} variants[] = {
#ifdef CRYPTO_SHA256_HAVE_SHANI
		{ &crypto_sha256_shani_wide, have_wide },
		{ &crypto_sha256_shani, have_shani },
#endif
		{ &crypto_sha256_portable, NULL },
	};

	for (size_t i = 0; i < sizeof(variants) / sizeof(variants[0]); i++)
		if ((variants[i].have == NULL || variants[i].have()) &&
		    (name == NULL || strcmp(name, variants[i].impl->name) == 0))
			return (variants[i].impl);
	return (NULL);
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
		impl = choose(NULL);
		atomic_store_explicit(&chosen, impl, memory_order_relaxed);
	}
	return (impl);
}

const char *
crypto_sha256_variant(void)
{
	return (crypto_sha256_impl()->name);
}

bool
crypto_sha256_force(const char *name)
{
	const struct crypto_sha256_impl *impl = choose(name);

	if (impl != NULL)
		atomic_store_explicit(&chosen, impl, memory_order_relaxed);
	return (impl != NULL);
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
