/* crypto: short keyed hashes: SipHash-2-4, by libsodium. */
#ifndef CRETULA_CRYPTO_STREAM_SHORT_H
#define CRETULA_CRYPTO_STREAM_SHORT_H

#include <stdint.h>

#include "base/span.h"

#define CRYPTO_SHORT_KEY 16

uint64_t crypto_short(const unsigned char key[static CRYPTO_SHORT_KEY], struct span value);

#endif
