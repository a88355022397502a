/*
 * crypto: ipcrypt-pfx (draft-denis-ipcrypt): an address becomes an address,
 * and two that begin alike still do, bit by bit.
 *
 * Each bit is masked by a bit that depends on all bits before it: the last
 * bit of AES-128 under one key, xor AES-128 under another, of those bits.
 * Reversible with the key.  Who can have addresses masked and see the result
 * learns about all that share a prefix with them (as with Crypto-PAn).
 */
#ifndef CRETULA_CRYPTO_PREFIX_H
#define CRETULA_CRYPTO_PREFIX_H

#include <stdint.h>

struct crypto_prefix_key {
	/* Round keys of both halves, as the variant in use wants them. */
	unsigned char rounds[512] __attribute__((aligned(16)));
};

/* The halves of a key must differ, which random ones do. */
void crypto_prefix_key_init(struct crypto_prefix_key *k, const unsigned char key[static 32]);

/*
 * The first bits (at most 8 * len) of the address in, len being 4 or 16, into
 * out; the bits behind them become zero.  out may be in.
 */
void crypto_prefix(const struct crypto_prefix_key *k, const unsigned char *in, unsigned len,
    unsigned bits, unsigned char *out);

#endif
