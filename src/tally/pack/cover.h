/* tally, inside: who was seen, as bytes that end with their key (crypto/stream/cover.h). */
#ifndef CRETULA_TALLY_COVER_H
#define CRETULA_TALLY_COVER_H

#include "base/buf.h"
#include "base/span.h"
#include "crypto/stream/cover.h"

/* Bytes of seven bits that len bytes of eight take. */
#define TALLY_SPREAD(len) (((len)*8 + 6) / 7)
#define TALLY_COVERED(len) TALLY_SPREAD(CRYPTO_COVER_NONCE + (len))

/*
 * Behind what is in out: a nonce (random, counted up in its last 8 bytes; the next one
 * is left in it) and the bytes covered, TALLY_COVERED of them.  out is broken without memory.
 */
void tally_cover(struct buf *out, unsigned char nonce[static CRYPTO_COVER_NONCE],
    const unsigned char key[static CRYPTO_COVER_KEY], struct span bytes);

/* Of that, into plain; nothing if it could not be uncovered.  plain is broken without memory. */
void tally_uncover(
    struct buf *plain, const unsigned char key[static CRYPTO_COVER_KEY], struct span covered);

#endif
