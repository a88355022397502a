/*
 * crypto, inside: sixteen HMACs at once with AVX-512, a message a lane.
 *
 * A block takes half of what it takes with the SHA extensions, if all lanes
 * have work.
 */
#ifndef CRETULA_CRYPTO_WIDE_SIXTEEN_H
#define CRETULA_CRYPTO_WIDE_SIXTEEN_H

#include <stdbool.h>

#include "crypto/hmac.h"

#define CRYPTO_HMAC_SIXTEEN 16

/* Does this processor have what it takes? */
bool crypto_hmac_sixteen_usable(void);

/* out[i] = HMAC of in[i]; crypto_hmac_sixteen_usable() must have said yes. */
void crypto_hmac_sixteen(const struct crypto_hmac_short in[static CRYPTO_HMAC_SIXTEEN],
    unsigned char (*out)[32]);

#endif
