/* crypto, inside: what a variant of ipcrypt-pfx provides.  prefix.c chooses one. */
#ifndef CRETULA_CRYPTO_PREFIX_IMPL_H
#define CRETULA_CRYPTO_PREFIX_IMPL_H

#include <stddef.h>

#include "crypto/prefix.h"

#if defined(__x86_64__)
#define CRYPTO_PREFIX_HAVE_AESNI 1
#endif

struct crypto_prefix_impl {
	const char *name;
	void (*init)(unsigned char rounds[static 256], const unsigned char key[static 16]);
	/* bits[i]: the last bits of AES of blocks[i] under both keys, xored. */
	void (*last_bits)(const unsigned char rounds[static 512], const unsigned char (*blocks)[16],
	    size_t count, unsigned char *bits);
};

extern const struct crypto_prefix_impl crypto_prefix_portable;
#ifdef CRYPTO_PREFIX_HAVE_AESNI
extern const struct crypto_prefix_impl crypto_prefix_aesni;
#endif

/* crypto_prefix_key_init and crypto_prefix with a variant of one's choice. */
void crypto_prefix_key_init_with(const struct crypto_prefix_impl *impl,
    struct crypto_prefix_key *k, const unsigned char key[static 32]);
void crypto_prefix_with(const struct crypto_prefix_impl *impl, const struct crypto_prefix_key *k,
    const unsigned char *in, unsigned len, unsigned bits, unsigned char *out);

#endif
