/* crypto: random bytes, secret memory, wiping, constant-time comparison. */
#ifndef CRETULA_CRYPTO_RANDOM_H
#define CRETULA_CRYPTO_RANDOM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;

/* Must run once before anything else of crypto.  0, or -1 and ERR_CONFIG. */
int crypto_start(struct err *e);

/* From the kernel by libsodium; never fails after crypto_start. */
void crypto_random(void *bytes, size_t len);

/*
 * For tests: a reproducible stream from seed; NULL goes back to the kernel.
 * The environment CRETULA_RANDOM (any text) sets it in -Dtesting=true builds.
 */
void crypto_random_set(const unsigned char *seed32);

void crypto_wipe(void *bytes, size_t len);
bool crypto_equal(const void *a, const void *b, size_t len);

/*
 * Guarded, locked, non-dumpable memory (sodium_malloc), wiped on free.
 * NULL when it cannot be had.  *locked (may be NULL) says whether mlock
 * succeeded.
 */
void *crypto_secret_alloc(size_t size, bool *locked);
void crypto_secret_free(void *secret); /* NULL is legal */

#endif
